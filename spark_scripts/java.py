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
