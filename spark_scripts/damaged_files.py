"""Files whose footer is fine and whose pages are not: known only when a pass over the alerts fails.

Then the pass is made again, and of such a file the alerts before its damage are taken. Where that is depends on the
columns that are read, so that passes that belong together must read the same ones.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TypeVar

from py4j.protocol import Py4JJavaError
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_scripts.archive import FILE
from spark_scripts.java import reason

TOLERANT = {
    # The rest of a part of a file that cannot be read is left out; else the pass fails.
    "spark.sql.files.ignoreCorruptFiles": "true",
    # The parts are small, for the damage to cost little.
    "spark.sql.files.maxPartitionBytes": "64m",
}

Result = TypeVar("Result")


def despite_damage(spark: SparkSession, work: Callable[[bool], Result]) -> Result:
    """Do some work; if it fails because a file cannot be read, once more with what can be read of it.

    Parameters
    ----------
    work
        Is told whether a file is known to be damaged.
    """
    try:
        return work(False)
    except Py4JJavaError as error:
        if "FileScanRDD" not in str(error):  # Java's stack is part of the text: it ended within Spark's reader
            raise
        print(f"Once more, without what is damaged: {reason(error)}", file=sys.stderr)
        strict = {name: spark.conf.get(name) for name in TOLERANT}
        try:
            _configure(spark, TOLERANT)
            return work(True)
        finally:
            _configure(spark, strict)


def whole_alerts(alerts: DataFrame, *values: Column) -> DataFrame:
    """The same alerts; whatever is done with them reads all that their classes and these values need."""
    needed = F.xxhash64("finkclass", "tnsclass", *values)
    # True of all, but Spark does not know. With the partition's number it is nothing to derive further filters from:
    # columns that get other names later would double them, each.
    return alerts.filter(F.pmod(needed, F.lit(2)) + F.spark_partition_id() >= 0)


def find_damaged(rows: DataFrame, alerts: DataFrame, value: Column) -> tuple[tuple[str, str], ...]:
    """(file, what of it could be read) of each file that has more alerts than can be read.

    Parameters
    ----------
    rows
        All alerts of the nights, of which no column need be read to count them.
    alerts
        The same with classes.
    value
        The encoded alert.
    """
    has = {row[FILE]: row["count"] for row in rows.groupBy(FILE).count().collect()}  # said by the footers
    gives = {row[FILE]: row["count"] for row in whole_alerts(alerts, value).groupBy(FILE).count().collect()}
    return tuple(
        (file, f"damaged: {gives.get(file, 0)} of its {alerts_there} alerts can be read")
        for file, alerts_there in sorted(has.items())
        if gives.get(file, 0) < alerts_there
    )


def _configure(spark: SparkSession, settings: Mapping[str, str | None]) -> None:
    for name, value in settings.items():
        spark.conf.set(name, str(value))
