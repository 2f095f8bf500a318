"""The files of an archive: which the nights have, and the schema in the footer of each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession

from spark_scripts.java import hadoop_configuration, hadoop_file_system, hadoop_path, java, java_session, scala_object

NANOSECONDS = "nanoseconds"
"""Marks, in a field's metadata, a whole number that is a time in this unit: Spark has no type for it."""
_STATUS = re.compile(
    r"path=(?P<path>[^\n]*?); isDirectory=false; length=(?P<length>\d+);.*?modification_time=(?P<time>\d+)"
)
_NIGHT = re.compile(r"/year=(\d+)/month=(\d+)/day=(\d+)/[^/]*$")
_NANOSECONDS = re.compile(r"^  (?:optional|required) int64 (\S+) \(TIMESTAMP\(NANOS", re.MULTILINE)


class UnusableArchive(Exception):
    """The archive cannot be read as asked; the message is for the user."""


class ArchiveFile(NamedTuple):
    """A file as it is now: another size or time means other contents.

    Attributes
    ----------
    modified_ms
        Milliseconds since 1970.
    """

    path: str
    size_bytes: int
    modified_ms: int

    @property
    def night(self) -> date:
        """The night in whose folder it lies."""
        found = _NIGHT.search(self.path)
        assert found, "a file of the archive lies in the folder of its night"
        return date(*map(int, found.groups()))


def list_nights(spark: SparkSession, archive_uri: str) -> list[date]:
    """All nights that have a folder, in order.

    Raises
    ------
    UnusableArchive
        When there is no archive at `archive_uri`, or a folder of it is of no day that there is.
    """
    _check_archive(spark, archive_uri)
    folders = _texts(spark, _matches(spark, archive_uri, "year=*/month=*/day=*"))
    found = re.findall(r"path=[^\n]*/year=(\d+)/month=(\d+)/day=(\d+); isDirectory=true", folders)
    return sorted(_night(*each) for each in found)


def _night(year: str, month: str, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        folder = f"year={year}/month={month}/day={day}"
        raise UnusableArchive(
            f"The archive has a folder {folder}, which is no day. Rename it or take it away."
        ) from error


def list_files(spark: SparkSession, archive_uri: str, nights: Iterable[date]) -> dict[date, list[ArchiveFile]]:
    """The Parquet files of each night, by name; as Spark does, hidden and temporary ones are ignored.

    Raises
    ------
    UnusableArchive
        When there is no archive at `archive_uri`: a wrong setting must not look like nights without data.
    """
    _check_archive(spark, archive_uri)
    listed: dict[date, list[ArchiveFile]] = {night: [] for night in nights}
    for (year, month), those in groupby(sorted(listed), key=lambda night: (night.year, night.month)):
        days = ",".join(f"{night:%d}" for night in those)
        pattern = f"year={year:04}/month={month:02}/day={{{days}}}/*"
        for file in _files(_texts(spark, _matches(spark, archive_uri, pattern))):
            folder, name = file.path.rsplit("/", 2)[1:]
            if not name.startswith(("_", ".")):
                listed[date(year, month, int(folder.removeprefix("day=")))].append(file)
    return {night: sorted(found) for night, found in listed.items()}


def read_schemas(
    spark: SparkSession, files: Iterable[ArchiveFile], known: Mapping[ArchiveFile, str]
) -> tuple[dict[ArchiveFile, str], dict[ArchiveFile, str]]:
    """Schema (Spark's JSON) of each file, and why of each file that is not readable.

    Parameters
    ----------
    known
        Schemas of files that need not be opened again.
    """
    wanted = list(files)
    schemas = {file: known[file] for file in wanted if file in known}
    unreadable: dict[ArchiveFile, str] = {}
    unknown = {file.path: file for file in wanted if file not in schemas}
    converted: dict[int, list[tuple[Any, str | None]]] = {}
    for path, message_type in _footers(spark, unknown):
        alike = converted.setdefault(message_type.hashCode(), [])
        if not any(message_type.equals(other) for other, _ in alike):
            alike.append((message_type, _spark_schema(spark, message_type)))
        schema = next(schema for other, schema in alike if message_type.equals(other))
        if schema is None:
            unreadable[unknown[path]] = "has a column of a type that Spark does not know"
        else:
            schemas[unknown[path]] = schema
    for file in wanted:
        if file not in schemas:
            unreadable.setdefault(file, "not a readable Parquet file")
    return schemas, unreadable


def _check_archive(spark: SparkSession, archive_uri: str) -> None:
    root = hadoop_path(spark, archive_uri)
    if not hadoop_file_system(spark, root).exists(root):
        raise UnusableArchive(f"There is no archive at {archive_uri}.")


def _matches(spark: SparkSession, archive_uri: str, pattern: str) -> Any:
    path = hadoop_path(spark, f"{archive_uri.rstrip('/')}/{pattern}")
    return hadoop_file_system(spark, path).globStatus(path)


def _texts(spark: SparkSession, statuses: Any) -> str:
    """Hadoop's file statuses as one text, a line each.

    To ask each of them would take a call to the JVM for each attribute: minutes for the files of seven years.
    """
    text: str = java(spark).scala.collection.mutable.WrappedArray.make(statuses).mkString("\n")
    return text


def _files(statuses: str) -> Iterator[ArchiveFile]:
    for each in _STATUS.finditer(statuses):
        yield ArchiveFile(each["path"], int(each["length"]), int(each["time"]))


def _footers(spark: SparkSession, paths: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Path and Parquet schema of each file that has a footer, read in the JVM's thread pool."""
    jvm = java(spark)
    statuses = [_status(spark, path) for path in paths]
    parquet = scala_object(jvm.org.apache.spark.sql.execution.datasources.parquet, "ParquetFileFormat")
    # With `ignoreCorruptFiles` the broken ones are left out instead of ending it all.
    footers = parquet.readParquetFootersInParallel(hadoop_configuration(spark), jvm.PythonUtils.toSeq(statuses), True)
    for footer in jvm.scala.collection.JavaConverters.seqAsJavaList(footers):
        yield footer.getFile().toString(), footer.getParquetMetadata().getFileMetaData().getSchema()


def _status(spark: SparkSession, path: str) -> Any:
    located = hadoop_path(spark, path)
    return hadoop_file_system(spark, located).getFileStatus(located)


def _spark_schema(spark: SparkSession, message_type: Any) -> str | None:
    """Spark's schema of a Parquet schema; None when it has a type that Spark does not know."""
    package = java(spark).org.apache.spark.sql.execution.datasources.parquet
    converter = package.ParquetToSparkSchemaConverter(java_session(spark).sessionState().conf())
    try:
        schema = _relaxed(json.loads(converter.convert(message_type).json()))
    except AnalysisException:
        return None
    for name in _NANOSECONDS.findall(message_type.toString()):
        next(field for field in schema["fields"] if field["name"] == name)["metadata"] = {"unit": NANOSECONDS}
    return json.dumps(schema, separators=(",", ":"))


def _relaxed(node: Any) -> Any:
    """The schema with every field nullable and without metadata: what files of one schema may differ in."""
    if isinstance(node, list):
        return [_relaxed(item) for item in node]
    if not isinstance(node, dict):
        return node
    relaxed = {key: _relaxed(value) for key, value in node.items()}
    for flag in ("nullable", "containsNull", "valueContainsNull"):
        if flag in relaxed:
            relaxed[flag] = True
    if "metadata" in relaxed:
        relaxed["metadata"] = {}
    return relaxed
