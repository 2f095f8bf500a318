"""Reading the archive: one frame of alerts, as the survey has them today, over nights of all its years."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from types import MappingProxyType

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, IntegerType, LongType, MapType, StringType, StructType

from spark_scripts.alignment import OLDER, Alignment, align, wanted_schema
from spark_scripts.archive_files import ArchiveFile, list_files, read_schemas
from spark_scripts.java import java
from spark_scripts.type_conversion import quoted

PARTITION_COLUMNS = ("year", "month", "day")
NIGHT = "_night"
"""The observing night of a row, from its folder."""
FILE = "_file"
"""Address of the file that a row comes from."""
ROW = "_row"
"""Number of the row in its file, from 0."""
HIDDEN = (NIGHT, FILE, ROW)
"""Columns that are never sent."""


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
        File -> its schema (Spark's JSON).
    """

    files: dict[date, tuple[ArchiveFile, ...]]
    missing: tuple[date, ...]
    unreadable: tuple[tuple[str, str], ...]
    schemas: Mapping[ArchiveFile, str]

    @property
    def distinct_schemas(self) -> tuple[str, ...]:
        """The schemas of the nights' files, each once, the newest first."""
        newest_first = (file for night in sorted(self.files, reverse=True) for file in self.files[night])
        return tuple(dict.fromkeys(self.schemas[file] for file in newest_first))

    def of_schemas(self, schemas: Collection[str]) -> list[ArchiveFile]:
        """The nights' files that have one of these schemas, in the order of the nights."""
        return [file for night in sorted(self.files) for file in self.files[night] if self.schemas[file] in schemas]


def survey_schema(spark: SparkSession, ddl: str) -> StructType:
    """The columns and types of a survey, from the text that the plan has of them."""
    return StructType.fromJson(json.loads(java(spark).org.apache.spark.sql.types.StructType.fromDDL(ddl).json()))


def find_night_files(
    spark: SparkSession,
    archive_uri: str,
    nights: tuple[date, ...],
    known: Mapping[ArchiveFile, str] = MappingProxyType({}),
) -> NightFiles:
    """List the nights' files and learn their schemas.

    Parameters
    ----------
    known
        Schemas of files that need not be opened; see ``schema_cache``.

    Raises
    ------
    UnusableArchive
        When there is no archive at `archive_uri`: a wrong setting must not look like nights without data.
    """
    listed = list_files(spark, archive_uri, nights)
    schemas, unreadable = read_schemas(spark, (file for found in listed.values() for file in found), known)
    files = {night: tuple(file for file in found if file in schemas) for night, found in listed.items()}
    return NightFiles(
        files={night: found for night, found in files.items() if found},
        missing=tuple(night for night, found in listed.items() if not found),
        unreadable=tuple((file.path, reason) for file, reason in unreadable.items()),
        schemas=schemas,
    )


def read_nights(spark: SparkSession, archive_uri: str, found: NightFiles, schema: StructType) -> DataFrame:
    """One frame over all files, whatever their schemas; without rows when there is no file.

    Parameters
    ----------
    schema
        The survey's columns and types.

    Returns
    -------
    DataFrame
        Each column of `schema` with exactly its type (a nested field that only files have is appended), null where a
        file does not have it; then the columns that only files have; then those of `HIDDEN`.
    """
    wanted = wanted_schema(schema, found.distinct_schemas)
    alike: dict[tuple[str, tuple[str, ...]], tuple[Alignment, list[str]]] = {}
    for text in found.distinct_schemas:
        alignment = align(text, wanted)
        alike.setdefault((alignment.read_schema.json(), alignment.columns), (alignment, []))[1].append(text)
    frames = [_scan(spark, archive_uri, alignment, found.of_schemas(texts)) for alignment, texts in alike.values()]
    return reduce(DataFrame.union, frames) if frames else _no_alerts(spark, wanted)


def unsent_columns(found: NightFiles, schema: StructType) -> frozenset[str]:
    """The columns that only older years have, and none of these files: they need not be sent."""
    older = {column.name for column in schema.fields if (column.metadata or {}).get("comment") == OLDER}
    wanted = wanted_schema(schema, found.distinct_schemas)
    absent = [set(align(text, wanted).absent) for text in found.distinct_schemas]
    return frozenset(older.intersection(*absent))


def field_type(frame: DataFrame, path: str) -> DataType | None:
    """The type of the field at a dotted path (through structs, or to a map's key); None when there is no such field."""
    node: DataType = frame.schema
    for part in _parts(frame, path):
        if isinstance(node, MapType):
            node = node.valueType
        elif isinstance(node, StructType) and part in node.fieldNames():
            node = node[part].dataType
        else:
            return None
    return node


def field_sql(frame: DataFrame, path: str) -> str:
    """The field at a dotted path, as SQL has it."""
    return ".".join(quoted(part) for part in _parts(frame, path))


def _parts(frame: DataFrame, path: str) -> list[str]:
    return [path] if path in frame.columns else path.split(".")


def _no_alerts(spark: SparkSession, schema: StructType) -> DataFrame:
    hidden = {NIGHT: DateType(), FILE: StringType(), ROW: LongType()}
    columns = {**{column.name: column.dataType for column in schema.fields}, **hidden}
    return spark.range(0).select(*(F.lit(None).cast(kind).alias(name) for name, kind in columns.items()))


def _scan(spark: SparkSession, archive_uri: str, alignment: Alignment, files: list[ArchiveFile]) -> DataFrame:
    read_schema = StructType(list(alignment.read_schema.fields))
    for name in PARTITION_COLUMNS:
        read_schema = read_schema.add(name, IntegerType())
    reader = spark.read.schema(read_schema).option("basePath", archive_uri)
    rows = reader.parquet(*(file.path for file in files))
    return rows.selectExpr(
        *alignment.columns,
        f"make_date(year, month, day) AS {NIGHT}",
        f"_metadata.file_path AS {FILE}",
        f"_metadata.row_index AS {ROW}",
    )
