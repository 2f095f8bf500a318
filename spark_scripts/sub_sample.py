"""A part of the alerts that match: the first ones in the order of a hash of their ``candid``.

The order depends on the alerts alone, so that the same request gives the same alerts; and since whole numbers of them
are taken, an estimate of the matching alerts gives the number of the sampled ones too.
"""

from __future__ import annotations

from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

_ORDER = "_order"


def sub_sample(selected: DataFrame, sample: dict[str, Any]) -> Column:
    """Which of the selected alerts are sampled: a predicate that any frame with their columns can be filtered by.

    The place of each alert in the order is found now, by a narrow pass over ids and classes; only numbers are shuffled.

    Parameters
    ----------
    selected
        Alerts with classes.
    sample
        One of ``fraction``, ``max_alerts``, ``per_class`` is set, as in a request.
    """
    order = F.xxhash64("candid")
    each_once = selected.select("finkclass", order.alias(_ORDER)).distinct()
    if sample.get("per_class") is not None:
        return order <= _last_of_each_class(each_once, sample["per_class"])
    wanted = sample.get("max_alerts")
    if wanted is None:
        wanted = round(sample["fraction"] * each_once.select(_ORDER).distinct().count())
    return order <= _last(each_once, wanted) if wanted else F.lit(False)


def _last(each_once: DataFrame, wanted: int) -> Column:
    """The hash of the last alert that is taken; null, which nothing fulfils, when there is none."""
    first = each_once.select(_ORDER).distinct().orderBy(_ORDER).limit(wanted)
    return F.lit(first.agg(F.max(_ORDER)).collect()[0][0]).cast("bigint")


def _last_of_each_class(each_once: DataFrame, wanted: int) -> Column:
    in_class = Window.partitionBy("finkclass").orderBy(_ORDER)
    first = each_once.withColumn("place", F.row_number().over(in_class)).filter(F.col("place") <= wanted)
    last = first.groupBy("finkclass").agg(F.max(_ORDER).alias("last")).collect()
    if not last:
        return F.lit(None).cast("bigint")
    return F.create_map(*(F.lit(value) for row in last for value in (row.finkclass, row["last"])))[F.col("finkclass")]
