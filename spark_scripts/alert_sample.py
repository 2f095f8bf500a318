"""A stratified sample of the archive's alerts, from which the backend estimates what a request would bring.

A stratum is one class (``finkclass`` and ``tnsclass``) in one night. Ten alerts of each are drawn, so that rare classes
are known too, and of frequent ones as many as their share of the night asks for. A narrow pass over ids and classes
draws; a second one reads the drawn alerts' values. Neither touches images or history.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import TimestampType
from pyspark.sql.window import Window

from spark_scripts.archive import NIGHT, field_sql, field_type
from spark_scripts.selection import CLASSES, STRATUM

LEAST_ROWS = 10
"""Of each class in each night at least so many alerts are drawn, or all."""


def with_sampled(counts: DataFrame, rows_per_night: int) -> DataFrame:
    """Add to the ``alerts`` of each stratum how many are ``sampled``."""
    of_night = F.sum("alerts").over(Window.partitionBy(NIGHT))
    in_proportion = F.ceil(F.lit(rows_per_night) * F.col("alerts") / of_night)
    sampled = F.least(F.col("alerts"), F.greatest(F.lit(LEAST_ROWS), in_proportion))
    return counts.withColumn("sampled", sampled.cast("bigint"))


def drawn_alerts(identified: DataFrame, counts: DataFrame) -> DataFrame:
    """Which alerts are in the sample: the first ones of each stratum in the order of a hash of ``candid``.

    Parameters
    ----------
    identified
        ``candid`` and stratum of all alerts, each once.
    counts
        ``sampled`` of each stratum.
    """
    order = Window.partitionBy(*STRATUM).orderBy(F.xxhash64("candid"), "candid")
    placed = identified.withColumn("place", F.row_number().over(order))
    wanted = placed.join(F.broadcast(counts.select(*STRATUM, "sampled")), list(STRATUM))
    return wanted.filter(F.col("place") <= F.col("sampled")).select("candid", *STRATUM)


def sample_rows(alerts: DataFrame, drawn: DataFrame, paths: Sequence[str]) -> DataFrame:
    """The drawn alerts' values, a flat column per field, with ``night``, ``finkclass`` and ``tnsclass``.

    Parameters
    ----------
    alerts
        All alerts, as the survey has them.
    paths
        Dotted paths of fields that hold one value each; they are the names of the columns.
    """
    # An alert that is in the archive twice has the night and class that it was counted in.
    values = alerts.select(F.col("candid").alias("_candid"), *(_value(alerts, path) for path in paths))
    drawn = drawn.select(F.col("candid").alias("_candid"), F.col(NIGHT).alias("night"), *CLASSES)
    found = values.join(F.broadcast(drawn), "_candid").repartition(1)  # brought together once, for all that follows
    return found.dropDuplicates(["_candid"]).drop("_candid").sortWithinPartitions("night")


def _value(alerts: DataFrame, path: str) -> Column:
    """The field without its structure; a time without zone, for it is UTC anyway."""
    column = F.col(field_sql(alerts, path))
    is_instant = isinstance(field_type(alerts, path), TimestampType)
    return (column.cast("timestamp_ntz") if is_instant else column).alias(path)
