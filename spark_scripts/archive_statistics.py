"""The statistics of an archive: alerts and their encoded sizes per night and class, and a sample of the alerts.

Usage: ``spark-submit --py-files spark_scripts.zip archive_statistics.py PLAN``, where PLAN is the path of a JSON
document with the fields of `StatisticsPlan`. Each run writes folders of its own below ``statistics_uri``, with the
tables ``sample`` and ``counts`` (the last to be written: with it, a folder is complete); a reader takes, for each
night, the youngest complete folder that has it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_scripts.alert_sample import CLASSES, STRATUM, drawn_alerts, sample_rows, with_sampled
from spark_scripts.archive import (
    NIGHT,
    ROW,
    NightFiles,
    find_night_files,
    read_nights,
    survey_schema,
    unsent_columns,
)
from spark_scripts.archive_files import list_nights
from spark_scripts.content import encoded, sent_content
from spark_scripts.field_years import save_field_years
from spark_scripts.plan import ContentPlan, read_content
from spark_scripts.schema_cache import load_schemas, save_schemas
from spark_scripts.selection import with_classes
from spark_scripts.session import open_session, read_text
from spark_scripts.statistics_folders import COUNTS, SAMPLE, StatisticsFolders
from spark_scripts.tns_catalogue import TnsCatalogue, read_catalogue

NIGHTS_AT_ONCE = 32
"""Nights whose statistics become visible together."""
MEASURED_ALERTS = 200
"""Alerts of a night's first file on which sizes are measured; images and history of all would have to be read else."""


@dataclass(frozen=True)
class StatisticsPlan:
    """What to count, and where to put it.

    Attributes
    ----------
    contents
        Name -> what is sent; sizes are measured in each.
    schema_ddl
        The survey's columns and types, to which files of all years are aligned.
    sample_columns
        Dotted paths of the fields that the sample has.
    sample_rows_per_night
        Alerts drawn in proportion to the classes; besides, a few of each rare class.
    tns_catalogue_uri
        CSV file that ``tnsclass`` comes from; None: it is Unknown for all.
    refresh
        Count all nights again, not only those that are new.
    """

    archive_uri: str
    statistics_uri: str
    contents: dict[str, ContentPlan]
    schema_ddl: str
    sample_columns: tuple[str, ...]
    sample_rows_per_night: int
    tns_catalogue_uri: str | None
    refresh: bool


def read_statistics_plan(text: str) -> StatisticsPlan:
    """Return the plan in a JSON document.

    Raises
    ------
    KeyError, TypeError, ValueError
        When the document is not a plan: backend and job are of different versions.
    """
    plan = json.loads(text)
    contents = {name: read_content(content) for name, content in plan["contents"].items()}
    return StatisticsPlan(**{**plan, "contents": contents, "sample_columns": tuple(plan["sample_columns"])})


def update_statistics(spark: SparkSession, plan: StatisticsPlan) -> int:
    """Count the nights that are not counted yet, or with another TNS catalogue; return how many that were."""
    folders = StatisticsFolders(spark, plan.statistics_uri)
    catalogue = read_catalogue(spark, plan.tns_catalogue_uri) if plan.tns_catalogue_uri else None
    done = set() if plan.refresh else folders.nights_done(_version(catalogue))
    nights = [night for night in list_nights(spark, plan.archive_uri) if night not in done]
    known = load_schemas(spark, plan.statistics_uri)
    counted = 0
    for start in range(0, len(nights), NIGHTS_AT_ONCE):
        group = tuple(nights[start : start + NIGHTS_AT_ONCE])
        found = find_night_files(spark, plan.archive_uri, group, known)
        known |= found.schemas
        save_schemas(spark, plan.statistics_uri, known)
        save_field_years(spark, plan.statistics_uri, known, survey_schema(spark, plan.schema_ddl))
        if found.files:
            _count(spark, plan, found, folders, catalogue)
        counted += len(found.files)
        print(f"Counted {counted} of {len(nights)} nights.", flush=True)
    folders.remove_replaced()
    return counted


def _count(
    spark: SparkSession,
    plan: StatisticsPlan,
    found: NightFiles,
    folders: StatisticsFolders,
    catalogue: TnsCatalogue | None,
) -> None:
    """Write the statistics of some nights."""
    schema = survey_schema(spark, plan.schema_ddl)
    alerts = read_nights(spark, plan.archive_uri, found, schema)
    first_files = read_nights(spark, plan.archive_uri, _first_files(found), schema)
    assert alerts is not None, "there is at least one file"
    assert first_files is not None, "each night has one"
    identified = identify(with_classes(alerts, catalogue)).persist()
    try:
        counts = with_sampled(
            identified.groupBy(*STRATUM).agg(F.count("*").alias("alerts")), plan.sample_rows_per_night
        )
        folder = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        drawn = drawn_alerts(identified, counts)
        folders.write(folder, SAMPLE, sample_rows(alerts, drawn, plan.sample_columns))
        measured = with_classes(first_files, catalogue).filter(F.col(ROW) < MEASURED_ALERTS)
        sizes = encoded_sizes(spark, measured, plan.contents, unsent_columns(found, schema))
        table = with_sizes(counts, sizes).withColumnRenamed(NIGHT, "night")
        folders.write(folder, COUNTS, table.withColumn("tns_catalogue", F.lit(_version(catalogue))).coalesce(1))
    finally:
        identified.unpersist()


def identify(classified: DataFrame) -> DataFrame:
    """``candid`` and stratum of all alerts, each ``candid`` once, as the receipt of a transfer counts them."""
    first = F.min(F.struct(*STRATUM)).alias("first")
    return classified.groupBy("candid").agg(first).select("candid", "first.*")


def encoded_sizes(
    spark: SparkSession, measured: DataFrame, contents: dict[str, ContentPlan], unsent: frozenset[str]
) -> DataFrame:
    """Bytes of each measured alert in each content, ``bytes_<name>``, with its stratum."""
    sizes = (
        F.length(encoded(sent_content(spark, measured, content, unsent))).alias(f"bytes_{name}")
        for name, content in contents.items()
    )
    return measured.select(*STRATUM, *sizes)


def with_sizes(counts: DataFrame, sizes: DataFrame) -> DataFrame:
    """Add the bytes of all ``alerts``: the mean of those measured in the same stratum, else of the same night."""
    names = [name for name in sizes.columns if name not in STRATUM]
    by_stratum = sizes.groupBy(*STRATUM).agg(*(F.avg(name).alias(name) for name in names))
    by_night = sizes.groupBy(NIGHT).agg(*(F.avg(name).alias(f"night_{name}") for name in names))
    joined = counts.join(by_stratum, list(STRATUM), "left").join(by_night, NIGHT, "left")
    mean = {name: F.coalesce(F.col(name), F.col(f"night_{name}")) for name in names}
    totals = [F.round(mean[name] * F.col("alerts")).cast("bigint").alias(name) for name in names]
    return joined.select(NIGHT, *CLASSES, "alerts", "sampled", *totals)


def _version(catalogue: TnsCatalogue | None) -> str:
    return catalogue.version if catalogue else ""


def _first_files(found: NightFiles) -> NightFiles:
    """The first file of each night only."""
    return replace(found, files={night: files[:1] for night, files in found.files.items()})


def main(arguments: list[str]) -> int:
    """Run the plan in the file that is the only argument."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    spark = open_session()
    try:
        update_statistics(spark, read_statistics_plan(read_text(spark, arguments[0])))
    finally:
        spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
