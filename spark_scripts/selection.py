"""Which alerts are sent: classes, then conditions, on all fields of the archive's alert."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_scripts.archive import NIGHT
from spark_scripts.class_rule import finkclass
from spark_scripts.plan import TransferPlan
from spark_scripts.region import within_region
from spark_scripts.sub_sample import sub_sample
from spark_scripts.tns_catalogue import TnsCatalogue
from spark_scripts.tns_match import with_tnsclass

CLASSES = ("finkclass", "tnsclass")
STRATUM = (NIGHT, *CLASSES)
"""What alerts are counted by."""


def with_classes(frame: DataFrame, catalogue: TnsCatalogue | None = None) -> DataFrame:
    """Add ``finkclass`` and ``tnsclass``; without a TNS catalogue the second is Unknown for all."""
    return with_tnsclass(frame, catalogue, finkclass=finkclass(frame))


@dataclass(frozen=True)
class Part:
    """Which of the alerts that match are sent, where not all are.

    Attributes
    ----------
    predicate
        True of these alerts.
    nights
        The nights that they are of, where that is known; None: any.
    """

    predicate: Column = field(default_factory=lambda: F.lit(True))
    nights: frozenset[date] | None = None


def matching_alerts(frame: DataFrame, plan: TransferPlan) -> DataFrame:
    """The alerts of `frame` (with classes) that are in the region, of the classes, and meet the conditions."""
    wanted = _class_filter(plan)
    for condition in plan.conditions:
        wanted = wanted & F.expr(condition)
    return within_region(frame, plan.region).filter(wanted)


def choose_part(matching: DataFrame, plan: TransferPlan) -> Part:
    """The part of all matching alerts that a sample or a limit leaves.

    It is found now, by a pass over ids, so that every later pass sees the same alerts.
    """
    predicate = sub_sample(matching, plan.sample) if plan.sample else F.lit(True)
    if plan.limit is None:
        return Part(predicate)
    found = matching.filter(predicate).select("candid", NIGHT).take(2 * plan.limit)  # some may be there twice
    taken = dict(list({row.candid: row[NIGHT] for row in found}.items())[: plan.limit])
    return Part(F.col("candid").isin(list(taken)), frozenset(taken.values()))


def select_alerts(frame: DataFrame, plan: TransferPlan) -> DataFrame:
    """The alerts of `frame` (with classes) that the plan asks for, all their columns unchanged."""
    matching = matching_alerts(frame, plan)
    return matching.filter(choose_part(matching, plan).predicate)


def each_once(classified: DataFrame) -> DataFrame:
    """``candid`` and stratum of all alerts, each ``candid`` once: what receipts and statistics count."""
    first = F.min(F.struct(*STRATUM)).alias("first")
    return classified.groupBy("candid").agg(first).select("candid", "first.*")


def asked_columns(plan: TransferPlan) -> frozenset[str]:
    """The root columns that the plan names: in its conditions, or to be sent."""
    sent = {source.partition(".")[0] for _, source in plan.content.columns}
    return frozenset(sent.union(*(re.findall(r"`([^`]+)`", condition) for condition in plan.conditions)))


def _class_filter(plan: TransferPlan) -> Column:
    if not plan.finkclasses and not plan.tnsclasses:
        return F.lit(True)
    return F.col("finkclass").isin(list(plan.finkclasses)) | F.col("tnsclass").isin(list(plan.tnsclasses))
