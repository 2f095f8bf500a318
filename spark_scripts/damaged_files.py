"""Files whose footer is fine and whose pages are not: known only when a pass over the alerts fails.

Then the pass is made again, and of such a file the alerts before its damage are taken. Where that is depends on the
columns that are read, so that passes that belong together must read the same ones.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from py4j.protocol import Py4JJavaError
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_scripts.archive import FILE
from spark_scripts.java import reason

TOLERATED = "spark.sql.files.ignoreCorruptFiles"
"""Whether the rest of a part of a file that cannot be read is left out; else the pass fails."""
TOLERANT = {
    TOLERATED: "true",
    # Small parts, for the damage to cost little. They must not depend on how many cores there are or on what else is
    # read, or passes that belong together would leave out different alerts.
    "spark.sql.files.maxPartitionBytes": "64m",
    "spark.sql.files.minPartitionNum": "1",
}
_SERVICE_AWAY = re.compile(r"java\.net\.\w+Exception|RemoteException|Filesystem closed")
"""What is said when not the file is at fault, but the way to it."""

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
        said = str(error)
        # Java's stack is part of the text: it ended within Spark's reader.
        if "FileScanRDD" not in said or _SERVICE_AWAY.search(said):
            raise
        print(f"Once more, without what is damaged: {reason(error)}", file=sys.stderr)
        with _configured(spark, TOLERANT):
            return work(True)


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

    Raises
    ------
    Py4JJavaError
        One cannot even be opened: since its schema was read, it has become another, or its service is away.
    """
    with _configured(rows.sparkSession, {TOLERATED: "false"}):  # a file that cannot be opened would not be missed
        has = {row[FILE]: row["count"] for row in rows.groupBy(FILE).count().collect()}  # said by the footers
    gives = {row[FILE]: row["count"] for row in whole_alerts(alerts, value).groupBy(FILE).count().collect()}
    return tuple(
        (file, f"damaged: {gives.get(file, 0)} of its {alerts_there} alerts can be read")
        for file, alerts_there in sorted(has.items())
        if gives.get(file, 0) < alerts_there
    )


@contextmanager
def _configured(spark: SparkSession, settings: Mapping[str, str]) -> Iterator[None]:
    before = {name: spark.conf.get(name, None) for name in settings}
    try:
        for name, value in settings.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name, earlier in before.items():
            if earlier is None:
                spark.conf.unset(name)
            else:
                spark.conf.set(name, earlier)
