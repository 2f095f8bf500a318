"""What an installation may tell Spark by itself, beside what has a setting of its own. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SECRET = re.compile(
    r"passw|passphrase|secret|token|credential|(access|account|encryption)\.?key|jaas|\bsas\b", re.IGNORECASE
)
"""Spark's settings are arguments of processes, and are shown by Livy and by Spark's pages."""
_CODE = re.compile(
    r"spark\.(jars|files|archives|plugins|extraListeners|repl|yarn\.(dist|jars?|archive))\b"
    r"|javaOptions|classPath|libraryPath|\.(pyFiles|py-files)$"
    r"|spark\.sql\.(extensions|queryExecutionListeners|catalog\b|streaming\..*Listeners)|registrator$",
    re.IGNORECASE,
)
_HARMLESS = re.compile(r"spark\.security\.credentials\.\w+\.enabled")
"""For which services Spark fetches tokens by itself."""
_ELSEWHERE = {
    "spark.jars": "SPARK_JARS",
    "spark.master": "the master in Livy's configuration",
    "spark.submit.deployMode": "DEPLOY_MODE",
    "spark.driver.memory": "DRIVER_MEMORY",
    "spark.executor.memory": "EXECUTOR_MEMORY",
    "spark.executor.cores": "EXECUTOR_CORES",
    "spark.executor.instances": "EXECUTORS_SMALL and EXECUTORS_LARGE",
    "spark.cores.max": "EXECUTORS_SMALL, EXECUTORS_LARGE and EXECUTOR_CORES",
    "spark.yarn.queue": "YARN_QUEUE",
    "spark.kerberos.principal": "KERBEROS_PRINCIPAL",
    "spark.kerberos.keytab": "KERBEROS_KEYTAB",
}
_MEMORY = re.compile(r"(\d{1,7})([mg])", re.IGNORECASE)
_LEAST_MB, _MOST_MB = 512, 1024 * 1024


def checked_conf(conf: Mapping[str, str]) -> dict[str, str]:
    """The settings as they are.

    Raises
    ------
    ValueError
        One of them is not Spark's, has a setting of ours, could hold a secret, or would run other code.
    """
    for name in conf:
        if why := _refusal(name):
            raise ValueError(why)
    return dict(conf)


def checked_memory(size: str) -> str:
    """An amount of memory as Spark writes it: ``512m``, ``4g``.

    Raises
    ------
    ValueError
        It is written otherwise, is less than Spark needs, or more than any machine has.
    """
    found = _MEMORY.fullmatch(size.strip())
    if found is None:
        raise ValueError(f"{size!r} is no amount of memory: write it like 512m or 4g")
    size_mb = int(found[1]) * (1024 if found[2].lower() == "g" else 1)
    if not _LEAST_MB <= size_mb <= _MOST_MB:
        raise ValueError(f"{size} is not between 512m, which Spark needs, and 1024g")
    return found[0].lower()


def _refusal(name: str) -> str:
    """Why this setting is not taken; empty when it is."""
    if not name.startswith("spark."):
        return f"{name} is not a setting of Spark: those begin with spark."
    if name in _ELSEWHERE:
        return f"{name} has a place of its own: {_ELSEWHERE[name]}"
    if _SECRET.search(name) and not _HARMLESS.fullmatch(name):
        return f"{name} could hold a secret, which process lists and logs would show: keep it in files of the cluster"
    if _CODE.search(name):
        return f"{name} would run other code in the jobs: set it in the cluster's own spark-defaults.conf"
    return ""
