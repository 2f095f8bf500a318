"""Alerts that the archive has more than once: the first by night, file and row counts.

They are looked for by a pass over ids alone, which the driver compares: eight bytes an alert of a portion, sooner than
Spark would shuffle them. Which rows are left out is found by a pass over ids and places, and only when there are any.
The rest of an alert is never shuffled for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from spark_scripts.archive import FILE, NIGHT, ROW

PLACE = (FILE, ROW)


@dataclass(frozen=True)
class Ids:
    """The ids of some rows, as far as they must be known: those of a survey follow its clock.

    Attributes
    ----------
    rows
        What they are the ids of.
    span
        The lowest and the highest; None where there is no row.
    repeats
        Rows whose ``candid`` other ones have too, less one of each.
    """

    rows: DataFrame
    span: tuple[int, int] | None
    repeats: int


def look_at_ids(rows: DataFrame) -> Ids:
    """Range and repetitions of the ids."""
    found = np.sort(rows.select("candid").dropna().toPandas()["candid"].to_numpy())
    if not found.size:
        return Ids(rows, None, 0)
    return Ids(rows, (int(found[0]), int(found[-1])), int((found[1:] == found[:-1]).sum()))


def repeated_places(ids: Ids, earlier: Sequence[Ids]) -> DataFrame | None:
    """File and row of each alert that was there before: further up in these rows, or in earlier nights.

    Parameters
    ----------
    earlier
        Of the nights before; looked at only where their range and this one overlap.

    Returns
    -------
    DataFrame or None
        `PLACE` of each, kept by the executors; None when there is none.
    """
    overlapping = [(each, common) for each in earlier if (common := _overlap(each, ids))]
    if not ids.repeats and not overlapping:
        return None
    placed = ids.rows.select("candid", NIGHT, *PLACE)
    order = Window.partitionBy("candid").orderBy(NIGHT, *PLACE)
    further = placed.withColumn("_copy", F.row_number().over(order)).filter("_copy > 1").select(*PLACE)
    for each, common in overlapping:
        in_both = F.col("candid").between(*common)
        there = each.rows.filter(in_both).select("candid")
        further = further.union(placed.filter(in_both).join(there, "candid", "left_semi").select(*PLACE))
    further = further.distinct().persist()
    if further.count():  # also makes its size known, so that Spark sends it to the rows, not the rows to it
        return further
    further.unpersist()
    return None


def without_places(rows: DataFrame, places: DataFrame | None) -> DataFrame:
    """The rows that are not at these places."""
    return rows if places is None else rows.join(places, list(PLACE), "left_anti")


def each_first(rows: DataFrame) -> DataFrame:
    """The rows, of repeated alerts only the first."""
    return without_places(rows, repeated_places(look_at_ids(rows), ()))


def _overlap(one: Ids, other: Ids) -> tuple[int, int] | None:
    if one.span is None or other.span is None:
        return None
    lowest, highest = max(one.span[0], other.span[0]), min(one.span[1], other.span[1])
    return (lowest, highest) if lowest <= highest else None
