"""Files whose footer is fine and whose pages are not: known only when a pass over the alerts fails.

Then the pass is made again, and of such a file the alerts before its damage are taken. Where that is depends on the
columns that are read, so that publishing and counting must read the same ones.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_scripts.archive import FILE


def is_damage(error: Exception) -> bool:
    """Whether a pass ended because a file could not be read: it ended within Spark's reader, whatever it says."""
    return "FileScanRDD" in str(error)  # Java's stack is part of the text


def tolerate_damage(spark: SparkSession) -> None:
    """From now on, leave out the rest of a part of a file that cannot be read."""
    spark.conf.set("spark.sql.files.ignoreCorruptFiles", "true")


def whole_alerts(alerts: DataFrame, value: Column) -> DataFrame:
    """The same alerts; whatever is done with them reads all that their classes and their encoded `value` need."""
    needed = F.length("finkclass") + F.length("tnsclass") + F.length(value)
    return alerts.filter(needed >= 0)  # of no alert it is less; Spark does not know


def find_damaged(alerts: DataFrame, value: Column) -> tuple[tuple[str, str], ...]:
    """(file, what of it could be read) of each file that has more alerts than can be read.

    Parameters
    ----------
    alerts
        All alerts of the nights, with classes.
    value
        The encoded alert.
    """
    has = {row[FILE]: row["count"] for row in alerts.groupBy(FILE).count().collect()}  # said by the footers
    gives = {row[FILE]: row["count"] for row in whole_alerts(alerts, value).groupBy(FILE).count().collect()}
    return tuple(
        (file, f"damaged: {gives.get(file, 0)} of its {alerts_there} alerts can be read")
        for file, alerts_there in sorted(has.items())
        if gives.get(file, 0) < alerts_there
    )
