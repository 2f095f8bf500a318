"""The way to Spark's Java side, for the few things that its Python side does not offer."""

from __future__ import annotations

from typing import Any

from pyspark.sql import SparkSession


def java(spark: SparkSession) -> Any:
    """The packages and classes of the session's JVM."""
    return spark._jvm


def java_session(spark: SparkSession) -> Any:
    """The session itself, in Java."""
    return spark._jsparkSession


def scala_object(package: Any, name: str) -> Any:
    """The Scala object (a class's only instance) of that name."""
    return getattr(getattr(package, f"{name}$"), "MODULE$")


def hadoop_configuration(spark: SparkSession) -> Any:
    """The session's settings for file systems."""
    return java_session(spark).sessionState().newHadoopConf()


def hadoop_path(spark: SparkSession, uri: str) -> Any:
    """A path on any file system that Spark knows."""
    return java(spark).org.apache.hadoop.fs.Path(uri)


def hadoop_file_system(spark: SparkSession, path: Any) -> Any:
    """The file system of a path."""
    return path.getFileSystem(hadoop_configuration(spark))
