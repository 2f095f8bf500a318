"""The way to Spark's Java side, for the few things that its Python side does not offer."""

from __future__ import annotations

from typing import Any, NamedTuple

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession


class Executors(NamedTuple):
    """Who does the work: executors (none where the driver does it itself), and the cores of all together."""

    number: int
    cores: int


def java(spark: SparkSession) -> Any:
    """The packages and classes of the session's JVM."""
    return spark._jvm


def java_session(spark: SparkSession) -> Any:
    """The session itself, in Java."""
    return spark._jsparkSession


def reason(error: Exception) -> str:
    """What an error says, in a line: of one in Java its message, not that there was one."""
    said = error.java_exception.getMessage() if isinstance(error, Py4JJavaError) else str(error)
    return ((said or "").strip() or type(error).__name__).splitlines()[0][:500]


def scala_object(package: Any, name: str) -> Any:
    """The Scala object (a class's only instance) of that name."""
    return getattr(getattr(package, f"{name}$"), "MODULE$")


def bytes_read(spark: SparkSession) -> int:
    """What the session's tasks have read of files, as Spark counts it."""
    executors = java_session(spark).sparkContext().statusStore().executorList(False)
    return sum(executors.apply(n).totalInputBytes() for n in range(executors.size()))


def executors_of(spark: SparkSession) -> Executors:
    """What the cluster has given the session, as it is now."""
    listed = java_session(spark).sparkContext().statusStore().executorList(True)
    each = [listed.apply(n) for n in range(listed.size())]
    return Executors(sum(one.id() != "driver" for one in each), sum(one.totalCores() for one in each))


def hadoop_configuration(spark: SparkSession) -> Any:
    """The session's settings for file systems."""
    return java_session(spark).sessionState().newHadoopConf()


def hadoop_path(spark: SparkSession, uri: str) -> Any:
    """A path on any file system that Spark knows."""
    return java(spark).org.apache.hadoop.fs.Path(uri)


def hadoop_file_system(spark: SparkSession, path: Any) -> Any:
    """The file system of a path."""
    return path.getFileSystem(hadoop_configuration(spark))
