"""What the statistics job has learned of the archive's files, so that later jobs need not open them to plan."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import date

from pyspark.sql import SparkSession

from spark_scripts.archive_files import ArchiveFile
from spark_scripts.java import hadoop_file_system, hadoop_path
from spark_scripts.session import read_text, write_text

CACHE_FILE = "_schemas.json"
"""Below the statistics; the underscore hides it from readers of tables."""


def load_schemas(spark: SparkSession, statistics_uri: str) -> dict[ArchiveFile, str]:
    """File -> its schema (Spark's JSON), as last saved; nothing when there is no cache, or one of another version."""
    if not statistics_uri:
        return {}
    file = hadoop_path(spark, _address(statistics_uri))
    if not hadoop_file_system(spark, file).exists(file):
        return {}
    try:
        cache = json.loads(read_text(spark, _address(statistics_uri)))
        schemas = cache["schemas"]
        return {ArchiveFile(path, size, time): schemas[number] for path, size, time, number in cache["files"]}
    except (ValueError, KeyError, TypeError, IndexError):  # it is only a cache: the footers say the same
        return {}


def of_nights(schemas: Mapping[ArchiveFile, str], nights: Collection[date]) -> dict[ArchiveFile, str]:
    """The schemas of the files of these nights."""
    return {file: schema for file, schema in schemas.items() if file.night in nights}


def save_schemas(spark: SparkSession, statistics_uri: str, schemas: Mapping[ArchiveFile, str]) -> None:
    """Put these schemas in the place of the saved ones; a reader sees either the old or the new."""
    numbers = {schema: number for number, schema in enumerate(dict.fromkeys(schemas.values()))}
    cache = {"schemas": list(numbers), "files": [[*file, numbers[schema]] for file, schema in sorted(schemas.items())]}
    write_text(spark, _address(statistics_uri), json.dumps(cache, separators=(",", ":")))


def _address(statistics_uri: str) -> str:
    return f"{statistics_uri.rstrip('/')}/{CACHE_FILE}"
