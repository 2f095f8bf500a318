"""The receipt of a transfer: what should be on the topic, counted apart from the publishing."""

from __future__ import annotations

import hashlib
from typing import Any

from spark_scripts.archive import NightFiles
from spark_scripts.java import Executors
from spark_scripts.plan import TransferPlan
from spark_scripts.publication import Published
from spark_scripts.short_counts import short_counts
from spark_scripts.topic_client import PartitionOffsets


def compose_receipt(
    plan: TransferPlan,
    found: NightFiles,
    *,
    schema_json: str,
    published: Published,
    offsets: list[PartitionOffsets],
    too_large: list[dict[str, int]],
    bytes_read: int,
    executors: Executors,
    drift: list[dict[str, Any]],
    tns_catalogue: str,
    versions: dict[str, str],
    timings_s: dict[str, float],
) -> dict[str, Any]:
    """The receipt as one JSON-ready record."""
    alerts = sum(published.counts.values())
    files_bytes = sum(file.size_bytes for those in found.files.values() for file in those)
    unreadable = (*found.unreadable, *published.damaged)
    return {
        "topic": plan.topic,
        "published": alerts,
        "messages": sum(each.end - each.begin for each in offsets),
        "note": "" if alerts else _why_nothing(plan, found, too_large),
        "counts": short_counts(published.counts),
        "repeated": published.repeated,
        "partitions": [vars(each) for each in offsets],
        "nights_used": sorted(found.files),
        "nights_missing": found.missing,
        "files_unreadable": [{"file": name, "reason": reason} for name, reason in unreadable],
        "share_read": round(bytes_read / files_bytes, 4) if files_bytes else 0.0,
        "too_large": too_large,
        "drift": drift,
        "tns_catalogue": tns_catalogue,
        "executors": executors.number,
        "cores": executors.cores,
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
