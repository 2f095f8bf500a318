"""A small Arrow table of the driver as a Spark frame, without Python workers and without a Python object a value."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from spark_scripts.java import java, java_session

LARGEST_IN_PLAN = "spark.sql.execution.arrow.localRelationThreshold"


def frame_of(spark: SparkSession, table: pa.Table, schema: StructType) -> DataFrame:
    """The rows of `table` as a frame; the way that ``createDataFrame`` takes with Arrow, but for its pandas detour.

    Parameters
    ----------
    table
        Small: it is sent to whoever computes with it.
    schema
        The same columns in Spark's types.
    """
    python_side = java(spark).org.apache.spark.sql.api.python.PythonSQLUtils
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.arrows"
        with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        batches = python_side.readArrowStreamFromFile(str(file))
    # Rows in the plan itself would be compared with each other at each step of the planning.
    largest_in_plan = spark.conf.get(LARGEST_IN_PLAN)
    spark.conf.set(LARGEST_IN_PLAN, "0")
    try:
        return DataFrame(python_side.toDataFrame(batches, schema.json(), java_session(spark)), spark)
    finally:
        spark.conf.set(LARGEST_IN_PLAN, largest_in_plan or "48MB")
