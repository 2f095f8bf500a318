"""The statistics of an archive: alerts and their encoded sizes per night and class, and a sample of the alerts.

Usage: ``spark-submit --py-files spark_scripts.zip archive_statistics.py PLAN``, where PLAN is the path of a JSON
document with the fields of `StatisticsPlan`. Each run writes folders of its own below ``statistics_uri``, with the
tables ``sample`` and ``counts`` (the last to be written: with it, a folder is complete); a reader takes, for each
night, the youngest complete folder that has it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType
from pyspark.sql.window import Window

from spark_scripts.alert_sample import drawn_alerts, sample_rows, with_sampled
from spark_scripts.archive import (
    NIGHT,
    ROW,
    NightFiles,
    field_sql,
    find_night_files,
    read_nights,
    survey_schema,
    unsent_columns,
)
from spark_scripts.archive_files import ArchiveFile, list_nights
from spark_scripts.content import encoded, sent_content
from spark_scripts.damaged_files import despite_damage, whole_alerts
from spark_scripts.field_years import save_field_years
from spark_scripts.plan import ContentPlan, read_content
from spark_scripts.schema_cache import load_schemas, of_nights, save_schemas
from spark_scripts.selection import CLASSES, STRATUM, each_once, with_classes
from spark_scripts.session import run_document
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
    """Count the nights that are not counted yet, or with another TNS catalogue; return how many that were.

    Of a damaged file, what can be read is counted.
    """
    run = _Run(
        spark,
        plan,
        schema=survey_schema(spark, plan.schema_ddl),
        catalogue=read_catalogue(spark, plan.tns_catalogue_uri) if plan.tns_catalogue_uri else None,
        folders=StatisticsFolders(spark, plan.statistics_uri),
    )
    done = set() if plan.refresh else run.folders.nights_done(run.catalogue_version)
    there = set(list_nights(spark, plan.archive_uri))
    nights = sorted(there - done)
    remembered = load_schemas(spark, plan.statistics_uri)
    known = of_nights(remembered, there)
    if len(known) < len(remembered):
        _remember(run, known)
    counted = 0
    for start in range(0, len(nights), NIGHTS_AT_ONCE):
        group = tuple(nights[start : start + NIGHTS_AT_ONCE])
        found = find_night_files(spark, plan.archive_uri, group, known)
        known = {**of_nights(known, there.difference(group)), **found.schemas}  # without files that are gone
        _remember(run, known)
        if found.files:
            despite_damage(spark, partial(_count, run, found))
        counted += len(found.files)
        print(f"Counted {counted} of {len(nights)} nights.", flush=True)
    run.folders.remove_replaced()
    return counted


@dataclass(frozen=True)
class _Run:
    """What is the same for all nights."""

    spark: SparkSession
    plan: StatisticsPlan
    schema: StructType
    catalogue: TnsCatalogue | None
    folders: StatisticsFolders

    @property
    def catalogue_version(self) -> str:
        return self.catalogue.version if self.catalogue else ""


def _remember(run: _Run, schemas: Mapping[ArchiveFile, str]) -> None:
    """Keep what is known of the files, for later jobs and for the pages."""
    save_schemas(run.spark, run.plan.statistics_uri, schemas)
    save_field_years(run.spark, run.plan.statistics_uri, schemas, run.schema)


def _count(run: _Run, found: NightFiles, is_damaged: bool) -> None:
    """Write the statistics of some nights."""
    plan = run.plan
    alerts, first_files = (
        with_classes(read_nights(run.spark, plan.archive_uri, files, run.schema), run.catalogue)
        for files in (found, _first_files(found))
    )
    if is_damaged:  # the drawn alerts must be among those that the sample can have
        alerts = whole_alerts(alerts, *(F.col(field_sql(alerts, path)) for path in plan.sample_columns))
    identified = each_once(alerts).persist()
    try:
        counts = with_sampled(
            identified.groupBy(*STRATUM).agg(F.count("*").alias("alerts")), plan.sample_rows_per_night
        )
        folder = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        drawn = drawn_alerts(identified, counts)
        run.folders.write(folder, SAMPLE, sample_rows(alerts, drawn, plan.sample_columns))
        measured = first_files.filter(F.col(ROW) < MEASURED_ALERTS)
        sizes = encoded_sizes(run.spark, measured, plan.contents, unsent_columns(found, run.schema))
        table = with_sizes(counts, sizes).withColumnRenamed(NIGHT, "night")
        catalogue = F.lit(run.catalogue_version).alias("tns_catalogue")
        run.folders.write(folder, COUNTS, table.select("*", catalogue).coalesce(1))
    finally:
        identified.unpersist()


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
    """Add the bytes of all ``alerts``: the mean of those measured in the same stratum, else night, else in all."""
    names = [name for name in sizes.columns if name not in STRATUM]
    measured = sizes.groupBy(*STRATUM).agg(F.count("*").alias("measured"), *(F.sum(name).alias(name) for name in names))
    # Alerts are encoded once; the means of nights come from the sums of their strata.
    joined = counts.join(measured, list(STRATUM), "full")
    night, whole = Window.partitionBy(NIGHT), Window.partitionBy()

    def mean(name: str) -> Column:
        of_night, of_all = (F.sum(name).over(these) / F.sum("measured").over(these) for these in (night, whole))
        return F.coalesce(F.col(name) / F.col("measured"), of_night, of_all)

    totals = [F.round(mean(name) * F.col("alerts")).cast("bigint").alias(name) for name in names]
    return joined.select(NIGHT, *CLASSES, "alerts", "sampled", *totals).filter("alerts IS NOT NULL")


def _first_files(found: NightFiles) -> NightFiles:
    """The first file of each night only."""
    return replace(found, files={night: files[:1] for night, files in found.files.items()})


def main(arguments: list[str]) -> int:
    """Run the plan in the file that is the only argument."""

    def work(spark: SparkSession, text: str) -> int:
        update_statistics(spark, read_statistics_plan(text))
        return 0

    return run_document(arguments, __doc__, work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
