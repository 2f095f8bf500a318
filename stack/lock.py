"""Make the lock of jars anew: ``python -m stack.lock``."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from backend.errors import ServiceUnavailable
from stack.ivy import spark_home, start_ivy
from stack.jar_lock import Coordinates, Lock, LockedJar, sha256_of
from stack.java import find_java
from stack.places import LOCK_FILE, RUNTIMES_DIR

RESOLVE_TIMEOUT_S = 1200
ROOTS: Mapping[str, tuple[str, ...]] = {
    "kafka": ("org.apache.kafka:kafka_2.13:4.1.1", "org.slf4j:slf4j-simple:1.7.36"),
    "livy": ("org.apache.livy:livy-server:0.7.1-incubating",),
    "hdfs": (
        "org.apache.hadoop:hadoop-hdfs:3.4.2",
        "org.apache.hadoop:hadoop-common:3.4.2",
        "org.apache.hadoop:hadoop-hdfs-client:3.4.2",
    ),
    "spark": ("org.apache.spark:spark-sql-kafka-0-10_2.12:3.5.7", "org.apache.spark:spark-avro_2.12:3.5.7"),
}
"""What is asked for; the lock holds all that it brings along."""
SHIPPED_WITH_PYSPARK = "spark"
"""Group whose jars are left out of the lock where pyspark has that module already."""


def resolve() -> Lock:
    """Ask the registry for ``ROOTS`` and all that they depend on, and hash what it gives.

    Raises
    ------
    ServiceUnavailable
        When Ivy fails; the message holds the end of its log.
    """
    java = find_java(RUNTIMES_DIR)
    with tempfile.TemporaryDirectory(prefix="stack-lock-") as folder:
        work_dirs = {group: Path(folder, group) for group in ROOTS}
        running = {
            group: start_ivy(java, work_dirs[group], map(Coordinates.parse, roots), transitive=True)
            for group, roots in ROOTS.items()
        }
        for group, process in running.items():
            if process.wait(RESOLVE_TIMEOUT_S) != 0:
                tail = (work_dirs[group] / "ivy.log").read_text(errors="replace")[-2000:]
                raise ServiceUnavailable("Ivy", f"The jars of {group} cannot be resolved: {tail}")
        return Lock({group: _jars_in(work_dir / "cache", group) for group, work_dir in work_dirs.items()})


def _jars_in(cache: Path, group: str) -> tuple[LockedJar, ...]:
    shipped = {_module_of(jar.stem) for jar in (spark_home() / "jars").glob("*.jar")}
    jars = []
    for path in cache.glob("*/*/*/*.jar"):
        organisation, module, revision = path.relative_to(cache).parts[:3]
        classifier = path.stem.removeprefix(f"{module}-{revision}").removeprefix("-")
        if group != SHIPPED_WITH_PYSPARK or module not in shipped:
            jars.append(LockedJar(Coordinates(organisation, module, revision, classifier), sha256_of(path)))
    return tuple(jars)


def _module_of(stem: str) -> str:
    return re.split(r"-\d", stem, maxsplit=1)[0]


if __name__ == "__main__":
    lock = resolve()
    LOCK_FILE.write_text(lock.render())
    sys.stdout.write(f"{LOCK_FILE}: " + ", ".join(f"{len(jars)} {group}" for group, jars in lock.groups.items()) + "\n")
