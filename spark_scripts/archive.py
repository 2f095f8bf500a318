"""Reading the archive: which files the nights asked for have, and one frame over them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, IntegerType, MapType, StructType

from spark_scripts.java import hadoop_configuration, hadoop_file_system, hadoop_path, java, java_session, scala_object

PARTITION_COLUMNS = ("year", "month", "day")
NIGHT = "_night"
"""The observing night of a row, from its folder; never sent."""


class UnusableArchive(Exception):
    """The archive cannot be read as asked; the message is for the user."""


@dataclass(frozen=True)
class NightFiles:
    """The files of the nights asked for.

    Attributes
    ----------
    files
        Night -> its readable files, in order; only nights that have some.
    missing
        Nights without a folder or without a file.
    unreadable
        (file, reason) of each file whose footer cannot be read.
    schemas
        Schema (Spark's JSON) -> the files that have it. Files that differ only in the order of their columns are one
        schema: Parquet is read by name.
    """

    files: dict[date, tuple[str, ...]]
    missing: tuple[date, ...]
    unreadable: tuple[tuple[str, str], ...]
    schemas: dict[str, tuple[str, ...]]


def night_folder(night: date) -> str:
    """The folder of a night below the archive's root."""
    return f"year={night:%Y}/month={night:%m}/day={night:%d}"


def list_nights(spark: SparkSession, archive_uri: str) -> list[date]:
    """All nights that have a folder, in order.

    Raises
    ------
    UnusableArchive
        When there is no archive at `archive_uri`.
    """
    root = hadoop_path(spark, archive_uri)
    file_system = hadoop_file_system(spark, root)
    if not file_system.exists(root):
        raise UnusableArchive(f"There is no archive at {archive_uri}.")
    pattern = hadoop_path(spark, f"{archive_uri.rstrip('/')}/year=*/month=*/day=*")
    numbers = (re.findall(r"=(\d+)", status.getPath().toString())[-3:] for status in file_system.globStatus(pattern))
    return sorted(date(*(int(number) for number in each)) for each in numbers)


def find_night_files(spark: SparkSession, archive_uri: str, nights: tuple[date, ...]) -> NightFiles:
    """List the nights' files and read their footers, in parallel in the JVM.

    Raises
    ------
    UnusableArchive
        When there is no archive at `archive_uri`: a wrong setting must not look like nights without data.
    """
    root = hadoop_path(spark, archive_uri)
    file_system = hadoop_file_system(spark, root)
    if not file_system.exists(root):
        raise UnusableArchive(f"There is no archive at {archive_uri}.")
    listed = {night: _parquet_files(spark, file_system, archive_uri, night) for night in nights}
    statuses = [status for found in listed.values() for status in found]
    schema_of, unreadable = _read_footers(spark, statuses)
    files = {
        night: tuple(name for status in found if (name := status.getPath().toString()) in schema_of)
        for night, found in listed.items()
    }
    return NightFiles(
        files={night: names for night, names in files.items() if names},
        missing=tuple(night for night, found in listed.items() if not found),
        unreadable=unreadable,
        schemas=_group_by_schema(schema_of),
    )


def read_nights(spark: SparkSession, archive_uri: str, found: NightFiles) -> DataFrame | None:
    """One frame over the files of one schema, with the column `NIGHT`; None when there is no file at all.

    Raises
    ------
    UnusableArchive
        When the files do not all have the same columns and types; names two of them and what differs.
    """
    if not found.schemas:
        return None
    if len(found.schemas) > 1:
        raise UnusableArchive(_describe_difference(found.schemas))
    schema = StructType.fromJson(json.loads(next(iter(found.schemas))))
    fields = [field for field in schema.fields if field.name not in PARTITION_COLUMNS]
    with_partitions = StructType(fields)
    for name in PARTITION_COLUMNS:
        with_partitions = with_partitions.add(name, IntegerType())
    names = [name for night in sorted(found.files) for name in found.files[night]]
    frame = spark.read.schema(with_partitions).option("basePath", archive_uri).parquet(*names)
    return frame.withColumn(NIGHT, F.expr("make_date(year, month, day)")).drop(*PARTITION_COLUMNS)


def field_type(frame: DataFrame, path: str) -> DataType | None:
    """The type of the field at a dotted path (through structs, or to a map's key); None when there is no such field."""
    node: DataType = frame.schema
    for part in path.split("."):
        if isinstance(node, MapType):
            node = node.valueType
        elif isinstance(node, StructType) and part in node.fieldNames():
            node = node[part].dataType
        else:
            return None
    return node


def _parquet_files(spark: SparkSession, file_system: Any, archive_uri: str, night: date) -> list[Any]:
    """Hadoop's file statuses of the night's Parquet files, by name; as Spark does, ignore hidden and temporary ones."""
    folder = hadoop_path(spark, f"{archive_uri.rstrip('/')}/{night_folder(night)}")
    if not file_system.exists(folder):
        return []
    found = [status for status in file_system.listStatus(folder) if status.isFile()]
    data = [status for status in found if not status.getPath().getName().startswith(("_", "."))]
    return sorted(data, key=lambda status: status.getPath().getName())


def _read_footers(spark: SparkSession, statuses: list[Any]) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """File -> schema, and the files whose footer cannot be read, with the reason."""
    jvm = java(spark)
    parquet = jvm.org.apache.spark.sql.execution.datasources.parquet
    to_spark = parquet.ParquetToSparkSchemaConverter(java_session(spark).sessionState().conf())
    # In the JVM's thread pool; with `ignoreCorruptFiles` the broken ones are left out instead of ending it all.
    footers = scala_object(parquet, "ParquetFileFormat").readParquetFootersInParallel(
        hadoop_configuration(spark), jvm.PythonUtils.toSeq(statuses), True
    )
    converted: dict[str, str] = {}
    schema_of: dict[str, str] = {}
    for footer in jvm.scala.collection.JavaConverters.seqAsJavaList(footers):
        message_type = footer.getParquetMetadata().getFileMetaData().getSchema()
        text = message_type.toString()
        if text not in converted:
            converted[text] = json.dumps(_relax(json.loads(to_spark.convert(message_type).json())))
        schema_of[footer.getFile().toString()] = converted[text]
    by_name = [status.getPath().toString() for status in statuses]
    unreadable = tuple((name, "not a readable Parquet file") for name in by_name if name not in schema_of)
    return {name: schema_of[name] for name in by_name if name in schema_of}, unreadable


def _relax(node: Any) -> Any:
    """The schema with every field nullable and without metadata: what files of one schema may differ in."""
    if isinstance(node, list):
        return [_relax(item) for item in node]
    if not isinstance(node, dict):
        return node
    relaxed = {key: _relax(value) for key, value in node.items()}
    for flag in ("nullable", "containsNull", "valueContainsNull"):
        if flag in relaxed:
            relaxed[flag] = True
    if "metadata" in relaxed:
        relaxed["metadata"] = {}
    return relaxed


def _group_by_schema(schema_of: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """Schema -> its files; the first file's order of columns stands for the group."""
    schema_of_key: dict[str, str] = {}
    groups: dict[str, tuple[str, ...]] = {}
    for name, schema in schema_of.items():
        representative = schema_of_key.setdefault(_order_free_key(schema), schema)
        groups[representative] = (*groups.get(representative, ()), name)
    return groups


def _order_free_key(schema_json: str) -> str:
    def sort(node: Any) -> Any:
        if isinstance(node, list):
            return sorted((sort(item) for item in node), key=lambda field: str(field["name"]))
        return {key: sort(value) for key, value in node.items()} if isinstance(node, dict) else node

    return json.dumps(sort(json.loads(schema_json)), sort_keys=True)


def _describe_difference(schemas: dict[str, tuple[str, ...]]) -> str:
    """One sentence that names two files and their first differences."""
    (first, first_files), (second, second_files) = list(schemas.items())[:2]
    here, there = _types(first), _types(second)
    differing = [
        f"{name} is {here.get(name, 'absent')} and {there.get(name, 'absent')}"
        for name in dict.fromkeys([*here, *there])
        if here.get(name) != there.get(name)
    ]
    named = "; ".join(differing[:5]) + (f" and {len(differing) - 5} more" if len(differing) > 5 else "")
    return (
        f"The chosen nights have files of {len(schemas)} different schemas. In {first_files[0]} and {second_files[0]}: "
        f"{named}. Ask for nights of one schema at a time."
    )


def _types(schema_json: str) -> dict[str, str]:
    def shown(data_type: DataType) -> str:
        text: str = data_type.simpleString()
        return text if len(text) <= 60 else f"a {data_type.typeName()} of another form"

    return {field.name: shown(field.dataType) for field in StructType.fromJson(json.loads(schema_json)).fields}
