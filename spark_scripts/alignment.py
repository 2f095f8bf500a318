"""How the files of each generation become alerts as the survey has them today.

What Spark's Parquet reader does by itself (other order, fields that are not there) is left to it, so that reading a
night of today's schema costs nothing more, and files of many generations are one scan. Only what it cannot do is an
expression.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyspark.sql.types import StructField, StructType, TimestampType

from spark_scripts.archive_files import NANOSECONDS
from spark_scripts.type_conversion import absent_fields, convert, extended, quoted, reads_as

RENAMED = {
    "rfscore": "rf_snia_vs_nonia",
    "knscore": "rf_kn_vs_nonkn",
    "snn": "snn_snia_vs_nonia",
    "snnscore": "snn_snia_vs_nonia",
    "TNS": "tns",
}
"""Older name of a root column -> its name today. What changed its meaning with its type, such as ``mulens``, which was
a structure until 2020, needs no entry: a structure cannot become a number, and is null."""
OLDER = "older"
"""Comment of a column, in the survey's schema, that only older years have."""
NOT_OF_THE_ARCHIVE = frozenset(("year", "month", "day", "finkclass", "tnsclass"))
"""Said by the folders, or computed anew by the job, whatever a file says."""


@dataclass(frozen=True)
class Alignment:
    """How to read the files of one schema.

    Attributes
    ----------
    read_schema
        What Spark's reader is asked for, without the folders' columns.
    columns
        Spark SQL of each column, over what was read.
    absent
        Columns, and dotted paths of nested fields, that are null because the files do not have them.
    converted
        (column, what is done): ``double -> float``, ``struct -> null``, ``rfscore -> rf_snia_vs_nonia``.
    """

    read_schema: StructType
    columns: tuple[str, ...]
    absent: tuple[str, ...]
    converted: tuple[tuple[str, str], ...]


def wanted_schema(survey_schema: StructType, file_schemas: Iterable[str]) -> StructType:
    """The survey's columns, and after them what only the files have.

    Parameters
    ----------
    file_schemas
        Schemas of files, as Spark's JSON.
    """
    names = {name.lower(): name for name in survey_schema.names}
    found = []
    for text in file_schemas:
        sources = _sources(text, names)
        found.append(StructType([StructField(name, source.dataType) for name, source in sources.items()]))
        names = {name.lower(): name for name in sources} | names
    wanted = extended(survey_schema, found)
    assert isinstance(wanted, StructType)
    return wanted


def align(file_schema: str, wanted: StructType) -> Alignment:
    """How files of this schema (Spark's JSON) become alerts with the `wanted` columns."""
    sources = _sources(file_schema, {name.lower(): name for name in wanted.names})
    drafts = [_draft(column, sources.get(column.name)) for column in wanted.fields]
    return Alignment(
        read_schema=StructType([draft.read for draft in drafts if draft.read]),
        columns=tuple(f"{draft.sql} AS {quoted(column.name)}" for draft, column in zip(drafts, wanted, strict=True)),
        absent=tuple(path for draft in drafts for path in draft.absent),
        converted=tuple(
            (column.name, what) for draft, column in zip(drafts, wanted, strict=True) for what in draft.converted
        ),
    )


@dataclass(frozen=True)
class _Draft:
    """One column of an alignment."""

    read: StructField | None
    sql: str
    absent: tuple[str, ...] = ()
    converted: tuple[str, ...] = ()


def _draft(column: StructField, source: StructField | None) -> _Draft:
    if source is None:
        return _Draft(StructField(column.name, column.dataType), quoted(column.name), absent=(column.name,))
    renamed = () if source.name == column.name else (f"{source.name} -> {column.name}",)
    if reads_as(source.dataType, column.dataType):
        absent = tuple(absent_fields(source.dataType, column.dataType, column.name))
        return _Draft(StructField(source.name, column.dataType), quoted(source.name), absent, renamed)
    if (source.metadata or {}).get("unit") == NANOSECONDS and isinstance(column.dataType, TimestampType):
        sql = f"timestamp_micros({quoted(source.name)} DIV 1000)"
        return _Draft(source, sql, converted=(*renamed, f"{NANOSECONDS} -> timestamp"))
    conversion = convert(quoted(source.name), source.dataType, column.dataType)
    absent = tuple(f"{column.name}{path}" for path in conversion.absent)
    is_read = quoted(source.name) in conversion.sql  # not when all of it is null
    return _Draft(source if is_read else None, conversion.sql, absent, (*renamed, *conversion.done))


def _sources(file_schema: str, names: Mapping[str, str]) -> dict[str, StructField]:
    """Name of a column today -> the file's column that it comes from.

    Parameters
    ----------
    names
        Lower case -> name, for Spark and many readers do not tell names apart by case.
    """
    columns = [
        column
        for column in StructType.fromJson(json.loads(file_schema)).fields
        if column.name not in NOT_OF_THE_ARCHIVE
    ]
    present = {column.name for column in columns}
    sources: dict[str, StructField] = {}
    for column in columns:
        today = RENAMED.get(column.name, column.name)
        if today.lower() not in names or today in present:
            today = column.name
        name = names.get(today.lower(), today)
        sources.setdefault(name, column)
    return sources
