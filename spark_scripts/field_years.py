"""In which years the archive has a field: what the pages show beside its meaning."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from spark_scripts.alignment import Alignment, align, wanted_schema
from spark_scripts.archive_files import ArchiveFile
from spark_scripts.session import write_text

YEARS_FILE = "_field_years.json"
"""Below the statistics, as ``{"years": [...], "absent": {path: [...]}}``."""


def years_without(schemas: Mapping[ArchiveFile, str], survey_schema: StructType) -> dict[str, set[int]]:
    """Dotted path of a field -> the years of which no file has it; fields that every year has are left out.

    A column that is absent stands for all that it holds.
    """
    wanted = wanted_schema(survey_schema, dict.fromkeys(schemas.values()))
    absent_of = {text: _nulls(align(text, wanted)) for text in dict.fromkeys(schemas.values())}
    texts_of_year: dict[int, set[str]] = {}
    for file, text in schemas.items():
        texts_of_year.setdefault(file.night.year, set()).add(text)
    without: dict[str, set[int]] = {}
    for year, texts in texts_of_year.items():
        for path in set.intersection(*(absent_of[text] for text in texts)):
            without.setdefault(path, set()).add(year)
    return without


def save_field_years(
    spark: SparkSession, statistics_uri: str, schemas: Mapping[ArchiveFile, str], survey_schema: StructType
) -> None:
    """Write what all known files say of the fields."""
    without = years_without(schemas, survey_schema)
    document = {
        "years": sorted({file.night.year for file in schemas}),
        "absent": {path: sorted(years) for path, years in sorted(without.items())},
    }
    write_text(spark, f"{statistics_uri.rstrip('/')}/{YEARS_FILE}", json.dumps(document))


def _nulls(alignment: Alignment) -> set[str]:
    """What is null in these files: it is not there, or was something else then."""
    return {*alignment.absent, *(column for column, what in alignment.converted if what.endswith("-> null"))}
