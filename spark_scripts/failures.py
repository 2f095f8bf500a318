"""What has ended a job, in a sentence for who asked for it; of Kafka's words the setting to mend."""

from __future__ import annotations

import re

from spark_scripts.archive_files import UnusableArchive
from spark_scripts.java import reason
from spark_scripts.tns_catalogue import UnusableCatalogue

LAST_WORD = "Failure: "
"""What a job says before the sentence, at the end of its log: there it is looked for when it came nowhere else."""
_OF_KAFKA = (
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
)


def sentence_of(error: Exception) -> str:
    """The sentence about what ended a job."""
    if isinstance(error, (UnusableArchive, UnusableCatalogue)):
        return str(error)
    return _kafkas(str(error)) or f"The job failed: {reason(error)}"


def _kafkas(said: str) -> str:
    """What keeps the job out of Kafka, from an error with all its causes; empty where it is something else."""
    for pattern, sentence in _OF_KAFKA:
        if found := re.search(pattern, said):
            return sentence.format(**found.groupdict())
    return ""
