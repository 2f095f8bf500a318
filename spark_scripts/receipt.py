"""The receipt of a transfer: what should be on the topic, counted apart from the publishing."""

from __future__ import annotations

import hashlib
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_scripts.archive import NIGHT, NightFiles
from spark_scripts.plan import TransferPlan
from spark_scripts.selection import STRATUM, each_once
from spark_scripts.topic_writer import PartitionOffsets

RECEIPT = "receipt"
"""Key of the receipt on the receipt topic."""


def count_alerts(selected: DataFrame, too_large: list[dict[str, int]]) -> list[dict[str, Any]]:
    """Distinct alerts per night and class, by a narrow pass over ids, classes and the conditions' columns.

    Spark's own way to count while writing (``DataFrame.observe``) never completes on the batch Kafka sink.
    """
    if too_large:
        selected = selected.filter(~F.col("candid").isin([alert["candid"] for alert in too_large]))
    counts = each_once(selected).groupBy(*STRATUM).agg(F.count("*").alias("alerts"))
    return [
        {"night": str(row[NIGHT]), "finkclass": row.finkclass, "tnsclass": row.tnsclass, "alerts": row.alerts}
        for row in counts.orderBy(*STRATUM).collect()
    ]


def compose_receipt(
    plan: TransferPlan,
    found: NightFiles,
    *,
    schema_json: str,
    counts: list[dict[str, Any]],
    offsets: list[PartitionOffsets],
    too_large: list[dict[str, int]],
    drift: list[dict[str, Any]],
    tns_catalogue: str,
    versions: dict[str, str],
    timings_s: dict[str, float],
) -> dict[str, Any]:
    """The receipt as one JSON-ready record."""
    published = sum(count["alerts"] for count in counts)
    return {
        "topic": plan.topic,
        "published": published,
        "messages": sum(each.end - each.begin for each in offsets),
        "note": "" if published else _why_nothing(plan, found, too_large),
        "counts": counts,
        "partitions": [vars(each) for each in offsets],
        "nights_used": sorted(found.files),
        "nights_missing": found.missing,
        "files_unreadable": [{"file": name, "reason": reason} for name, reason in found.unreadable],
        "too_large": too_large,
        "drift": drift,
        "tns_catalogue": tns_catalogue,
        "schema_fingerprint": hashlib.sha256(schema_json.encode()).hexdigest(),
        "request": plan.request,
        "versions": versions,
        "timings_s": timings_s,
    }


def _why_nothing(plan: TransferPlan, found: NightFiles, too_large: list[dict[str, int]]) -> str:
    if not found.files:
        return f"The archive has no readable data in the {len(plan.nights)} nights asked for."
    if too_large:
        return f"All {len(too_large)} alerts that match are larger than a message may be."
    return "No alert of these nights is of the chosen classes and meets the conditions."
