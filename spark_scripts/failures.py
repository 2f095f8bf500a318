"""What has ended a job, in a sentence for who asked for it; of Kafka's and HDFS's words what is to mend."""

from __future__ import annotations

import re

from spark_scripts.archive_files import UnusableArchive
from spark_scripts.java import reason
from spark_scripts.tns_catalogue import UnusableCatalogue

LAST_WORD = "Failure: "
"""What a job says before the sentence, at the end of its log: there it is looked for when it came nowhere else."""
_KNOWN = (
    (
        r"Could not read properties from file (?P<what>[^\s]+)",
        "Driver or executors cannot read {what}: check KAFKA_JOB_SECRETS_FILE.",
    ),
    (
        r"Login module control flag|not specified in JAAS|sasl\.jaas\.config",
        "There is no sasl.jaas.config that Kafka's clients understand in the file of KAFKA_JOB_SECRETS_FILE.",
    ),
    (
        r"Failed to load (?:\w+ )?SSL keystore (?P<what>\S+)",
        "Driver or executors cannot read the certificates in {what}: check KAFKA_JOB_CA_FILE.",
    ),
    (
        r"SslAuthenticationException|SSLHandshakeException",
        "The certificate of Kafka is not one that the jobs trust: check KAFKA_JOB_CA_FILE, and that the certificate is"
        " for the address in KAFKA_BOOTSTRAP_SERVERS.",
    ),
    (
        r"SaslAuthenticationException|UnsupportedSaslMechanismException",
        "Kafka refuses the jobs' user: check the login in the file of KAFKA_JOB_SECRETS_FILE, and"
        " KAFKA_SASL_MECHANISM.",
    ),
    (
        r"Not authorized to access topics: \[(?P<what>[^\]]*)\]",
        "Kafka does not let the jobs' user use {what}: have its operator grant READ and WRITE on topics named"
        " ftransfer_….",
    ),
    (
        r"Timeout expired while fetching topic metadata|not present in metadata after",
        "The job does not reach Kafka, or not its topics: check that the cluster can reach KAFKA_BOOTSTRAP_SERVERS, and"
        " KAFKA_SECURITY_PROTOCOL.",
    ),
    (
        r"Permission denied: user=(?P<user>[^,]+), access=(?P<right>\w+), inode=\"(?P<what>[^\"]+)",
        "HDFS does not let {user}, as whom the job runs, {right} {what}: WEBHDFS_USER must be the same user, who may"
        " read the archive.",
    ),
    (
        r"BlockMissingException.*file=(?P<what>\S+)",
        "HDFS has no living copy of a part of {what}: are its DataNodes up?",
    ),
)


def sentence_of(error: Exception) -> str:
    """The sentence about what ended a job."""
    if isinstance(error, (UnusableArchive, UnusableCatalogue)):
        return str(error)
    return _known(str(error)) or f"The job failed: {reason(error)}"


def _known(said: str) -> str:
    """The sentence for an error with all its causes that is known; empty for any other."""
    for pattern, sentence in _KNOWN:
        if found := re.search(pattern, said):
            return sentence.format(**found.groupdict())
    return ""
