"""Which alerts are sent: classes, then conditions, on all fields of the archive's alert."""

from __future__ import annotations

import re

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
    return with_tnsclass(frame.withColumn("finkclass", finkclass(frame)), catalogue)


def select_alerts(frame: DataFrame, plan: TransferPlan) -> DataFrame:
    """The alerts of `frame` (with classes) that the plan asks for, all their columns unchanged.

    A limit is resolved to ids first, so that every later pass over the frame sees the same alerts.
    """
    selected = sub_sample(_matching(within_region(frame, plan.region), plan), plan.sample)
    if plan.limit is not None:
        candids = [row.candid for row in selected.select("candid").take(plan.limit)]
        selected = selected.filter(F.col("candid").isin(candids))
    return selected


def each_once(classified: DataFrame) -> DataFrame:
    """``candid`` and stratum of all alerts, each ``candid`` once: what receipts and statistics count."""
    first = F.min(F.struct(*STRATUM)).alias("first")
    return classified.groupBy("candid").agg(first).select("candid", "first.*")


def asked_columns(plan: TransferPlan) -> frozenset[str]:
    """The root columns that the plan names: in its conditions, or to be sent."""
    sent = {source.partition(".")[0] for _, source in plan.content.columns}
    return frozenset(sent.union(*(re.findall(r"`([^`]+)`", condition) for condition in plan.conditions)))


def _matching(frame: DataFrame, plan: TransferPlan) -> DataFrame:
    wanted = _class_filter(plan)
    for condition in plan.conditions:
        wanted = wanted & F.expr(condition)
    return frame.filter(wanted)


def _class_filter(plan: TransferPlan) -> Column:
    if not plan.finkclasses and not plan.tnsclasses:
        return F.lit(True)
    return F.col("finkclass").isin(list(plan.finkclasses)) | F.col("tnsclass").isin(list(plan.tnsclasses))
