"""The Spark session of a job, and the document that tells it what to do."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable
from typing import Any

from pyspark.sql import SparkSession

from spark_scripts.java import hadoop_configuration, hadoop_file_system, hadoop_path, java

SQL_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    # What conditions mean must not depend on the cluster's defaults.
    "spark.sql.ansi.enabled": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.variable.substitute": "false",  # or ${env:…} in a text would be replaced
    "spark.sql.shuffle.partitions": "16",  # only ids are shuffled, to be counted
    # Alerts have hundreds of nested fields: with more than this Spark would not compile the plan, at half the speed.
    "spark.sql.codegen.maxFields": "2000",
    # Alerts are large: so many are decoded at once, and held by a task.
    "spark.sql.parquet.columnarReaderBatchSize": "512",
    # A task of 128 MB of file would read a few MB of light columns, and need as long to begin. Where there are many
    # cores, `divide_among_cores` makes smaller ones.
    "spark.sql.files.maxPartitionBytes": "1g",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    # The files are known one by one; to look at each again is a matter of seconds, a job that does it takes longer.
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "1000000",
    "spark.sql.execution.arrow.pyspark.enabled": "true",  # ids come to the driver as numbers, not as objects
    "spark.sql.legacy.parquet.nanosAsLong": "true",  # files of other tools; refused otherwise
}
TASKS_PER_CORE = 3
"""So that the cores end about together, however different the tasks are."""


def open_session() -> SparkSession:
    """The session of the job; master, memory and jars come from the cluster and from Livy."""
    builder = SparkSession.builder
    for name, value in SQL_SETTINGS.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    divide_among_cores(spark)
    return spark


def divide_among_cores(spark: SparkSession) -> None:
    """Have what is read from now on divided into some tasks for each core that there is now.

    Executors may come late: until then, files would be divided among the few that were there at the start.
    """
    tasks = TASKS_PER_CORE * spark.sparkContext.defaultParallelism
    spark.conf.set("spark.sql.files.minPartitionNum", str(tasks))


def run_document(arguments: list[str], usage: str | None, work: Callable[[SparkSession, str], int]) -> int:
    """What the entry script of a job does: work as the document says whose path is the only argument.

    Returns
    -------
    int
        The exit code: that of `work`, or 2 for wrong arguments.
    """
    if len(arguments) != 1:
        print(usage, file=sys.stderr)
        return 2
    spark = open_session()
    try:
        return work(spark, read_text(spark, arguments[0]))
    finally:
        spark.stop()


def read_text(spark: SparkSession, path: str) -> str:
    """The text of a small file on any file system that Spark knows, read by the driver alone."""
    located = hadoop_path(spark, path)
    stream = hadoop_file_system(spark, located).open(located)
    try:
        text: str = java(spark).org.apache.commons.io.IOUtils.toString(stream, "UTF-8")
    finally:
        stream.close()
    return text


def write_text(spark: SparkSession, path: str, text: str) -> None:
    """Put a small file in the place of the one at `path`, if any; nobody ever sees half of it."""
    target = hadoop_path(spark, path)
    file_system = hadoop_file_system(spark, target)
    beside = hadoop_path(spark, f"{path}.{uuid.uuid4().hex}")
    stream = file_system.create(beside)
    try:
        stream.write(bytearray(text, "utf-8"))
    finally:
        stream.close()
    java(spark).org.apache.hadoop.fs.FileContext.getFileContext(target.toUri(), hadoop_configuration(spark)).rename(
        beside, target, _overwrite(spark)
    )


def _overwrite(spark: SparkSession) -> Any:
    rename = java(spark).org.apache.hadoop.fs.Options.Rename
    gateway: Any = spark.sparkContext._gateway
    options = gateway.new_array(rename, 1)
    options[0] = rename.OVERWRITE
    return options


def seconds_since_start(spark: SparkSession) -> float:
    """How long the driver's JVM has been there."""
    uptime_ms: int = java(spark).java.lang.management.ManagementFactory.getRuntimeMXBean().getUptime()
    return uptime_ms / 1000
