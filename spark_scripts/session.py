"""The Spark session of a job, and the document that tells it what to do."""

from __future__ import annotations

from pyspark.sql import SparkSession

from spark_scripts.java import hadoop_file_system, hadoop_path, java

SQL_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    # What conditions mean must not depend on the cluster's defaults.
    "spark.sql.ansi.enabled": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.variable.substitute": "false",  # or ${env:…} in a text would be replaced
    "spark.sql.shuffle.partitions": "16",  # only ids are shuffled, to be counted
    "spark.sql.files.ignoreCorruptFiles": "false",
}


def open_session() -> SparkSession:
    """The session of the job; master, memory and jars come from the cluster and from Livy."""
    builder = SparkSession.builder
    for name, value in SQL_SETTINGS.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def read_text(spark: SparkSession, path: str) -> str:
    """The text of a small file on any file system that Spark knows, read by the driver alone."""
    located = hadoop_path(spark, path)
    stream = hadoop_file_system(spark, located).open(located)
    try:
        text: str = java(spark).org.apache.commons.io.IOUtils.toString(stream, "UTF-8")
    finally:
        stream.close()
    return text
