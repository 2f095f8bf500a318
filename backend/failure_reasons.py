"""Why a job did not start or ended early, from what Livy, Spark and YARN say of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

_LONGEST = 300
_LAST_WORD = "Failure: "
"""What a job says before its own sentence, when its log is the only place left for it."""
_TELLING = re.compile(r"Exception|Error|error")
_KNOWN = (
    (
        r"Permission denied: user=(?P<user>[^,]+), access=(?P<right>\w+), inode=\"(?P<what>[^\"]+)",
        "HDFS does not let {user} {right} {what}: dashboard (WEBHDFS_USER) and jobs (PROXY_USER, else Livy's user)"
        " must be the same user, who may read the archive.",
    ),
    (r"to unknown queue: *(?P<queue>[\w.-]+)", "YARN has no queue {queue}: set YARN_QUEUE to one that it has."),
    (
        r"[Uu]ser (?P<user>\S+) (?:cannot|does not have permission to) submit \S+ to queue (?P<queue>[\w.-]+)",
        "YARN does not let {user} use the queue {queue}: set YARN_QUEUE to another one, or have the right given.",
    ),
    (
        r"Required executor memory \((?P<mb>\d+).*max threshold \((?P<most>\d+) MB\)",
        "An executor of {mb} MB, with what Spark adds, is more than the cluster allows ({most} MB): lower"
        " EXECUTOR_MEMORY.",
    ),
    (
        r"Required AM memory \((?P<mb>\d+).*max threshold \((?P<most>\d+) MB\)",
        "A driver of {mb} MB, with what Spark adds, is more than the cluster allows ({most} MB): lower DRIVER_MEMORY.",
    ),
    (
        r"requested virtual cores > max configured|Invalid resource request.*resource type=\[vcores\]",
        "An executor has more cores than the cluster allows: lower EXECUTOR_CORES.",
    ),
    (
        r"Blacklisted configuration values in session config: (?P<names>.+)",
        "Livy does not let others set {names}: take it out of SPARK_CONF (spark.submit.deployMode: unset DEPLOY_MODE),"
        " and set it in Livy's own configuration.",
    ),
    (
        r"[Uu]ser:? '?(?P<user>[^\s']+)'? (?:is )?not allowed to impersonate '?(?:Some\()?(?P<other>[^\s')]*[^\s').])",
        "{user} may not submit jobs as {other}: unset PROXY_USER, or have the right given (livy.superusers, and"
        " hadoop.proxyuser in core-site.xml).",
    ),
    (
        r"Only one of --proxy-user or --principal",
        "Livy submits the jobs as somebody (livy.impersonation.enabled), and Spark takes no principal then: unset"
        " KERBEROS_PRINCIPAL and KERBEROS_KEYTAB.",
    ),
    (
        r"Keytab file: (?P<file>\S+) does not exist",
        "There is no keytab {file} on Livy's machine: check KERBEROS_KEYTAB.",
    ),
    (
        r"Cluster deploy mode is (?:currently )?not \w+.*",
        "This cluster does not run a Python driver inside: set DEPLOY_MODE to client (Spark says: {said}).",
    ),
    (
        r"either HADOOP_CONF_DIR or YARN_CONF_DIR must be set",
        "Livy does not know where YARN is: set HADOOP_CONF_DIR in Livy's own environment.",
    ),
    (
        r"Local path (?P<path>\S+) cannot be added to user sessions",
        "Livy may not take {path} from its own disk: put it on the cluster's storage (SCRIPT_STORE_URI, SPARK_JARS), or"
        " its folder into livy.file.local-dir-whitelist.",
    ),
    (
        r"Failed to find data source: kafka|'JavaPackage' object is not callable"
        r"|ClassNotFoundException: org\.apache\.(?:spark\.sql\.(?:kafka|avro)|kafka)",
        "Spark does not have the Kafka and Avro connectors: check SPARK_JARS.",
    ),
    (
        r'Cannot run program "(?P<python>[^"]*python[^"]*)"',
        "There is no {python} on the cluster's machines: name their Python in SPARK_CONF (spark.pyspark.python).",
    ),
    (
        r"Could not reserve enough space|Invalid maximum heap size",
        "Livy's machine does not have the memory that a driver asks for: lower DRIVER_MEMORY.",
    ),
    (r"too many sessions are being created", "Livy is starting too many jobs at once: try again in a minute."),
)


def known_reason(lines: Sequence[str]) -> str:
    """What is wrong and which setting mends it, as a sentence; empty where the lines say nothing that we know."""
    for line in lines:
        if line.startswith(_LAST_WORD):
            return line.removeprefix(_LAST_WORD).strip()
    for line in lines:
        for pattern, sentence in _KNOWN:
            if found := re.search(pattern, line):
                return sentence.format(said=found[0][:_LONGEST], **found.groupdict())
    return ""


def last_words(lines: Sequence[str]) -> str:
    """The line of a log that is most likely to tell; of an empty one, that it is."""
    said = [line.strip() for line in lines if line.strip()]
    telling = [line for line in said if _TELLING.search(line)]
    return (telling or said or ["its log is empty"])[-1][:_LONGEST]
