"""Where the alerts of a transfer come from: the nights' files, read as the survey has them today, and their classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from spark_scripts.alignment import wanted_schema
from spark_scripts.archive import NightFiles, find_night_files, read_nights, survey_schema, unsent_columns
from spark_scripts.content import Content, sent_content
from spark_scripts.drift import describe_drift
from spark_scripts.plan import TransferPlan
from spark_scripts.schema_cache import load_schemas
from spark_scripts.selection import asked_columns, matching_alerts, with_classes
from spark_scripts.tns_catalogue import TnsCatalogue, read_catalogue


@dataclass
class Source:
    """The alerts that a plan is about.

    Attributes
    ----------
    schema
        The survey's columns and types.
    found
        The files of the nights.
    catalogue
        Where ``tnsclass`` comes from; None: it is Unknown for all.
    """

    spark: SparkSession
    plan: TransferPlan
    schema: StructType
    found: NightFiles
    catalogue: TnsCatalogue | None

    def __post_init__(self) -> None:
        self._columns = wanted_schema(self.schema, self.found.distinct_schemas)  # also where only some files are read
        # To make a frame takes time, before the first alert too.
        self._last: tuple[NightFiles, DataFrame] | None = None
        self._last_classified: tuple[DataFrame, DataFrame] | None = None

    @property
    def tns_version(self) -> str:
        """The version of the catalogue; empty without one."""
        return self.catalogue.version if self.catalogue else ""

    def rows(self, found: NightFiles) -> DataFrame:
        """The alerts in these files, all columns."""
        if self._last is None or self._last[0] is not found:
            self._last = found, read_nights(self.spark, self.plan.archive_uri, found, self._columns)
        return self._last[1]

    def with_classes(self, rows: DataFrame) -> DataFrame:
        """These alerts with their classes."""
        if self._last_classified is None or self._last_classified[0] is not rows:
            self._last_classified = rows, with_classes(rows, self.catalogue)
        return self._last_classified[1]

    def matching(self, rows: DataFrame) -> DataFrame:
        """Those that the plan asks for, with classes; before a sample or a limit."""
        return matching_alerts(self.with_classes(rows), self.plan)

    def content(self, some: NightFiles) -> Content:
        """What is sent of an alert; the frames of all files have the same columns, so that any will do."""
        alerts = self.with_classes(self.rows(some))
        return sent_content(self.spark, alerts, self.plan.content, unsent_columns(self.found, self.schema))

    def drift(self) -> list[dict[str, Any]]:
        """Where the archive's columns are not as the survey has them today."""
        return describe_drift(self.found, self.schema, asked_columns(self.plan))


def open_source(spark: SparkSession, plan: TransferPlan) -> Source:
    """Find the nights' files and what is needed to read them.

    Raises
    ------
    UnusableArchive, UnusableCatalogue
        There is no archive, or no such catalogue, at the address in the plan.
    """
    known = load_schemas(spark, plan.statistics_uri)
    return Source(
        spark,
        plan,
        schema=survey_schema(spark, plan.schema_ddl),
        found=find_night_files(spark, plan.archive_uri, plan.nights, known),
        catalogue=read_catalogue(spark, plan.tns_catalogue_uri) if plan.tns_catalogue_uri else None,
    )
