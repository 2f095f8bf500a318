"""One small Spark for all tests of this folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_scripts.session import SQL_SETTINGS
from stack.jar_lock import Lock
from stack.jars import JarCache
from stack.java import Java, find_java
from stack.places import JARS_DIR, RUNTIMES_DIR


def connector_jars(java: Java) -> tuple[Path, ...]:
    """The Kafka and Avro connectors of Spark, as the embedded stack has them."""
    lock, cache = Lock.read().only(["spark"]), JarCache(JARS_DIR)
    cache.provide(lock, lambda: java)
    return tuple(cache.path_of(jar) for jar in lock.groups["spark"])


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A Spark on two threads, reachable from this machine only, that leaves nothing behind."""
    folder = tmp_path_factory.mktemp("spark")
    java = find_java(RUNTIMES_DIR)
    os.environ["JAVA_HOME"] = str(java.home)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    settings = {
        **SQL_SETTINGS,
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.jars": ",".join(str(jar) for jar in connector_jars(java)),
        "spark.local.dir": str(folder / "local"),
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
    }
    builder = SparkSession.builder.master("local[2]").appName("tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()
