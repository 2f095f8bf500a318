"""What the figures were measured on; no names of hosts, no paths."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pyspark

from stack.jar_lock import Lock
from stack.java import find_java
from stack.places import RUNTIMES_DIR


def describe_machine() -> str:
    """Processors, memory and versions, in one line."""
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({_processor()}), {gib:.0f} GiB of memory; {platform.system()}, "
        f"Python {platform.python_version()}, Java {find_java(RUNTIMES_DIR).version}, Spark {pyspark.__version__}, "
        f"Kafka {_kafka_version()}; Kafka, Livy, the drivers and the readers all on it"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _kafka_version() -> str:
    servers = [jar.coordinates for jar in Lock.read().groups["kafka"] if jar.coordinates.module.startswith("kafka_")]
    return servers[0].revision
