"""What ends a job becomes a sentence: the words of Kafka and HDFS, as their clients have been seen to say them."""

from __future__ import annotations

import pytest

from spark_scripts.archive_files import UnusableArchive
from spark_scripts.failures import sentence_of


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            "org.apache.kafka.common.errors.SaslAuthenticationException: Authentication failed during authentication"
            " due to invalid credentials with SASL mechanism SCRAM-SHA-512",
            "refuses the jobs' user: check the login in the file of KAFKA_JOB_SECRETS_FILE",
        ),
        (
            "org.apache.kafka.common.errors.SslAuthenticationException: SSL handshake failed\nCaused by:"
            " javax.net.ssl.SSLHandshakeException: PKIX path building failed",
            "not one that the jobs trust: check KAFKA_JOB_CA_FILE",
        ),
        (
            "org.apache.kafka.common.KafkaException: Failed to construct kafka producer\nCaused by: org.apache.kafka."
            "common.errors.InvalidConfigurationException: Failed to load PEM SSL keystore /k/ca.pem\nCaused by: …",
            "cannot read the certificates in /k/ca.pem: check KAFKA_JOB_CA_FILE",
        ),
        (
            "Job aborted due to stage failure: Lost task 0.3 in stage 2.0 (executor 1):"
            " org.apache.kafka.common.config.ConfigException: Could not read properties from file /k/job.properties\n",
            "Driver or executors cannot read /k/job.properties: check KAFKA_JOB_SECRETS_FILE",
        ),
        (
            "org.apache.kafka.common.KafkaException: Failed to construct kafka producer\nCaused by:"
            " java.lang.IllegalArgumentException: Login module control flag is not available in the JAAS config",
            "no sasl.jaas.config that Kafka's clients understand",
        ),
        (
            "org.apache.kafka.common.errors.TopicAuthorizationException: Not authorized to access topics: [t_receipt]",
            "does not let the jobs' user use t_receipt: have its operator grant READ and WRITE",
        ),
        (
            "org.apache.kafka.common.errors.TimeoutException: Topic t_receipt not present in metadata after 120000 ms.",
            "does not reach Kafka, or not its topics: .*KAFKA_BOOTSTRAP_SERVERS",
        ),
        (
            "org.apache.hadoop.hdfs.BlockMissingException: Could not obtain block: BP-1:blk_1_1"
            " file=/a/b.parquet No live nodes contain current block",
            "HDFS has no living copy of a part of /a/b.parquet: are its DataNodes up",
        ),
    ],
)
def test_what_keeps_the_job_from_its_work_is_told_with_what_mends_it(said: str, sentence: str) -> None:
    with pytest.raises(RuntimeError, match=sentence):
        raise RuntimeError(sentence_of(RuntimeError(f"An error occurred while calling o63.partitionsFor.\n: {said}")))


def test_what_is_said_for_the_user_stays_as_it_is_and_the_rest_is_one_line() -> None:
    assert sentence_of(UnusableArchive("There is no archive.")) == "There is no archive."
    assert sentence_of(ValueError("It broke.\n  at line 1")) == "The job failed: It broke."
