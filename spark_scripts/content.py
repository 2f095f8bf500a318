"""What is sent of each alert, and its Avro encoding.

The schema is made once, from the frame's types, and handed to the encoder *and* published. Spark's encoder would
otherwise derive its own from the optimised plan, in which a filter can make a field non-nullable, and the bytes would
differ from the schema that readers have.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.avro.functions import to_avro
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    DataType,
    DoubleType,
    IntegerType,
    MapType,
    StringType,
    StructField,
    StructType,
)

from spark_scripts.archive import HIDDEN, field_sql, field_type
from spark_scripts.java import java, java_session
from spark_scripts.plan import ContentPlan
from spark_scripts.selection import CLASSES
from spark_scripts.type_conversion import quoted, sql_type

CLIENT_TYPE = {
    "timestamp": StringType(),
    "timestamp_ntz": StringType(),
    "date": StringType(),
    "tinyint": IntegerType(),
    "smallint": IntegerType(),
}
"""Spark types that clients of the topic cannot read, and what is sent instead (a decimal becomes a double)."""


@dataclass(frozen=True)
class Content:
    """The sent record.

    Attributes
    ----------
    record_sql
        The whole record, a struct, as SQL: to Spark one text is said faster than a hundred columns.
    schema_json
        Its Avro schema.
    is_heavy
        Whether history or images are sent: to read them takes far longer than to read what selects an alert.
    """

    record_sql: str
    schema_json: str
    is_heavy: bool


def sent_content(
    spark: SparkSession, frame: DataFrame, plan: ContentPlan, unsent: Collection[str] = frozenset()
) -> Content:
    """Resolve the plan's content against the columns of the frame.

    Parameters
    ----------
    unsent
        Columns that are sent only if the plan names them: none of these nights has them (``archive.unsent_columns``).
    """
    sources = _sent_sources(frame, plan, unsent)
    columns = [f"{_as_sent(frame, path)} AS {quoted(name)}" for name, path in sources.items()]
    record_type = frame.selectExpr(*columns).schema
    record_sql = f"struct({', '.join(columns)})"
    return Content(record_sql, avro_schema(spark, record_type), any(map(_is_heavy, record_type.fields)))


def avro_schema(spark: SparkSession, record_type: StructType) -> str:
    """The Avro schema of a record: every field nullable, every nested record named by its path."""
    java_type = java_session(spark).parseDataType(_client_type(record_type).json())
    converters = java(spark).org.apache.spark.sql.avro.SchemaConverters
    schema: str = converters.toAvroType(java_type, False, "alert", "ztf").toString()
    return schema


def encoded(content: Content) -> Column:
    """The record as Avro without header."""
    return to_avro(F.expr(content.record_sql), content.schema_json)


def _sent_sources(frame: DataFrame, plan: ContentPlan, unsent: Collection[str]) -> dict[str, str]:
    """Sent name -> source path, in the order of the record."""
    sources = dict(plan.columns)
    if plan.others:
        left_out = {*plan.without, *sources, *CLASSES, *HIDDEN, *unsent}
        sources |= {_avro_name(name): name for name in frame.columns if name not in left_out}
        sources |= {name: name for name in CLASSES}
    return sources


def _avro_name(name: str) -> str:
    """The name of a column that only some tool's files have, in the characters that Avro allows."""
    allowed = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"_{allowed}" if allowed[:1].isdigit() else allowed


def _as_sent(frame: DataFrame, path: str) -> str:
    """The column, cast only where clients could not read it: a cast that changes nothing would still cost a copy."""
    column, here = field_sql(frame, path), field_type(frame, path)
    assert here is not None, f"the plan names {path}, which is no field of the survey"
    sent = _client_type(here)
    return column if sent.simpleString() == here.simpleString() else f"CAST({column} AS {sql_type(sent)})"


def _is_heavy(column: StructField) -> bool:
    kind = column.dataType
    if isinstance(kind, StructType):
        return any(isinstance(field.dataType, BinaryType) for field in kind.fields)
    return isinstance(kind, ArrayType) and isinstance(kind.elementType, StructType)


def _client_type(data_type: DataType) -> DataType:
    """The type as sent: each part that clients cannot read replaced, everything nullable."""
    if isinstance(data_type, StructType):
        return StructType(
            [StructField(_avro_name(field.name), _client_type(field.dataType)) for field in data_type.fields]
        )
    if isinstance(data_type, ArrayType):
        return ArrayType(_client_type(data_type.elementType))
    if isinstance(data_type, MapType):
        return MapType(data_type.keyType, _client_type(data_type.valueType))
    if data_type.typeName() == "decimal":
        return DoubleType()
    return CLIENT_TYPE.get(data_type.simpleString(), data_type)
