"""What a topic should hold beside what it holds, alert by alert; only ids, hashes and classes are shuffled."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from spark_scripts.archive import FILE, NIGHT, ROW
from spark_scripts.selection import CLASSES, STRATUM
from spark_scripts.short_counts import short_counts
from spark_scripts.topic_messages import DIGEST

MISSING, EXTRA, ALTERED, TOO_LARGE, SAME = "missing", "extra", "altered", "too_large", "same"
NAMED_TOO_LARGE = 10_000
"""Alerts too large for a message that are named at most."""


def expected_alerts(selected: DataFrame, value: Column, largest_bytes: int) -> DataFrame:
    """Each ``candid`` once: its stratum, the hash of the encoded alert, and whether that ``fits`` into a message.

    Of repeated ones it is the first, in the order of night, file and row.
    """
    place = (NIGHT, FILE, ROW)
    valued = selected.select("candid", *place, *CLASSES, value.alias("value"))  # a step of its own: encoded once
    fits = (F.length("value") <= largest_bytes).alias("fits")
    alert = F.struct(*place, *CLASSES, F.xxhash64("value").alias(DIGEST), fits).alias("alert")
    first = valued.select("candid", alert).groupBy("candid").agg(F.min("alert").alias("first"))
    return first.select("candid", *(f"first.{name}" for name in (*STRATUM, DIGEST, "fits")))


def compare(expected: DataFrame, messages: DataFrame, examples: int) -> dict[str, Any]:
    """Count the alerts that are missing on the topic, extra or altered there, and name some of each.

    Parameters
    ----------
    expected
        As `expected_alerts` gives them.
    messages
        As ``topic_messages.read_messages`` gives them.
    examples
        How many of each kind are named at most.

    Returns
    -------
    dict
        JSON-ready; ``counts`` is what a receipt must say, ``undecoded`` the messages without a ``candid``.
    """
    sent = messages.groupBy("candid").agg(
        F.count("*").alias("messages"),
        F.min(DIGEST).alias("lowest"),
        F.max(DIGEST).alias("highest"),
        F.min(F.struct("partition", "offset")).alias("place"),
    )
    absent = F.when(F.col("fits"), MISSING).otherwise(TOO_LARGE)
    state = (
        F.when(F.col(DIGEST).isNull(), EXTRA)
        .when(F.col("messages").isNull(), absent)
        .when((F.col("lowest") == F.col(DIGEST)) & (F.col("highest") == F.col(DIGEST)), SAME)
        .otherwise(ALTERED)
    )
    columns = ("candid", *STRATUM, "messages", "place.*", state.alias("state"))
    compared = expected.join(sent, "candid", "full").select(*columns).persist(StorageLevel.DISK_ONLY)
    try:
        return _summary(compared, messages, examples)
    finally:
        compared.unpersist()


def _summary(compared: DataFrame, messages: DataFrame, examples: int) -> dict[str, Any]:
    known = compared.filter("candid IS NOT NULL")
    is_decoded = F.col("candid").isNotNull().alias("is_decoded")
    totals = compared.groupBy(is_decoded, "state", *STRATUM)
    alerts: Counter[str] = Counter()
    expected: Counter[tuple[Any, ...]] = Counter()
    sent: Counter[bool] = Counter()
    for row in totals.agg(F.count("*").alias("alerts"), F.sum("messages").alias("messages")).collect():
        sent[row.is_decoded] += row.messages or 0
        if row.is_decoded:
            alerts[row.state] += row.alerts
            if row.state in (SAME, ALTERED, MISSING):
                expected[row[NIGHT], row.finkclass, row.tnsclass] += row.alerts
    too_large = known.filter(F.col("state") == TOO_LARGE).select("candid").orderBy("candid").limit(NAMED_TOO_LARGE)
    return {
        **{kind: _named(known, kind, alerts[kind], examples) for kind in (MISSING, EXTRA, ALTERED)},
        "undecoded": _undecoded(messages, sent[False], examples),
        "too_large": [row.candid for row in too_large.collect()] if alerts[TOO_LARGE] else [],
        "same": alerts[SAME],
        "messages": sent[True],
        "counts": short_counts(expected),
    }


def _named(compared: DataFrame, kind: str, count: int, examples: int) -> dict[str, Any]:
    rows = compared.filter(F.col("state") == kind).orderBy("candid").limit(examples).collect() if count else []
    return {"count": count, "examples": [_place(row) for row in rows]}


def _undecoded(messages: DataFrame, count: int, examples: int) -> dict[str, Any]:
    damaged = messages.filter("candid IS NULL").orderBy("partition", "offset").limit(examples) if count else None
    return {"count": count, "examples": [_place(row) for row in damaged.collect()] if damaged else []}


def _place(row: Row) -> dict[str, Any]:
    known = row.asDict()
    night = known.get(NIGHT)
    return {
        "candid": known["candid"],
        "night": str(night) if night else None,
        "partition": known["partition"],
        "offset": known["offset"],
    }
