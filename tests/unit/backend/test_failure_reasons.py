"""What Livy, Spark and YARN say of a job that did not work, in their own words, becomes a sentence that helps."""

from __future__ import annotations

import pytest

from backend.failure_reasons import known_reason, last_words

NOISE = "26/11/28 01:02:03 INFO Client: Requesting a new application from cluster with 3 NodeManagers"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            "org.apache.hadoop.yarn.exceptions.YarnException: Failed to submit application_1700_0001 to YARN :"
            " Application application_1700_0001 submitted by user ada to unknown queue: alerts",
            "YARN has no queue alerts: set YARN_QUEUE",
        ),
        (
            "AccessControlException: User ada does not have permission to submit application_1700_0001 to queue prod",
            "YARN does not let ada use the queue prod: set YARN_QUEUE",
        ),
        (
            "java.lang.IllegalArgumentException: Required executor memory (65536 MB), offHeap memory (0) MB, overhead"
            " (6553 MB), and PySpark memory (0 MB) is above the max threshold (8192 MB) of this cluster! Please check"
            " the values of 'yarn.scheduler.maximum-allocation-mb' and/or 'yarn.nodemanager.resource.memory-mb'.",
            "An executor of 65536 MB, with what Spark adds, is more than the cluster allows (8192 MB): lower EXEC",
        ),
        (
            "IllegalArgumentException: Required AM memory (16384+1638 MB) is above the max threshold (8192 MB) of this"
            " cluster!",
            "lower DRIVER_MEMORY",
        ),
        (
            "InvalidResourceRequestException: Invalid resource request, requested virtual cores < 0, or requested"
            " virtual cores > max configured, requestedVirtualCores=16, maxVirtualCores=4",
            "lower EXECUTOR_CORES",
        ),
        (
            "requirement failed: Blacklisted configuration values in session config: spark.submit.deployMode",
            "set spark.submit.deployMode: take it out of SPARK_CONF (spark.submit.deployMode: unset DEPLOY_MODE)",
        ),
        ("User 'ada' not allowed to impersonate 'Some(bob)'.", "ada may not submit jobs as bob: unset PROXY_USER"),
        ("AuthorizationException: User: livy is not allowed to impersonate bob", "livy may not submit jobs as bob"),
        ("Error: Only one of --proxy-user or --principal can be provided.", "unset KERBEROS_PRINCIPAL"),
        ("SparkException: Keytab file: /k/ada.keytab does not exist", "no keytab /k/ada.keytab"),
        (
            "Exception: Cluster deploy mode is currently not supported for python applications on standalone clusters.",
            "set DEPLOY_MODE to client",
        ),
        ("When running with master 'yarn' either HADOOP_CONF_DIR or YARN_CONF_DIR must be set", "set HADOOP_CONF_DIR"),
        ("requirement failed: Local path /opt/kafka.jar cannot be added to user sessions.", "take /opt/kafka.jar from"),
        ("AnalysisException: Failed to find data source: kafka. Please deploy the application", "check SPARK_JARS"),
        ('java.io.IOException: Cannot run program "/opt/bin/python3": error=2, No such file', "no /opt/bin/python3 on"),
        ("Could not reserve enough space for 1048576000KB object heap", "lower DRIVER_MEMORY"),
        ("Rejected, too many sessions are being created!", "try again in a minute"),
    ],
)
def test_what_is_said_becomes_a_sentence(said: str, sentence: str) -> None:
    assert sentence in known_reason([NOISE, said, NOISE])


def test_what_the_job_says_itself_counts_more_than_what_its_log_says() -> None:
    log = ["TypeError: 'JavaPackage' object is not callable", "Failure: Kafka refuses the jobs' user.", NOISE]
    assert known_reason(log) == "Kafka refuses the jobs' user."


def test_what_is_not_known_is_not_explained() -> None:
    assert known_reason([NOISE, "java.lang.OutOfMemoryError: Java heap space"]) == ""
    assert last_words([NOISE, "java.lang.OutOfMemoryError: Java heap space", NOISE, ""]) == (
        "java.lang.OutOfMemoryError: Java heap space"
    )
    assert last_words([NOISE]) == NOISE
    assert last_words(["", " "]) == "its log is empty"
