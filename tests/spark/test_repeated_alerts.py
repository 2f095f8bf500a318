"""Alerts that the archive has more than once: which rows stay."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from spark_scripts.archive import FILE, NIGHT, ROW
from spark_scripts.repeated_alerts import each_first, look_at_ids, repeated_places, without_places

NIGHTS = (date(2024, 9, 1), date(2024, 9, 2))
Row = tuple[int, int, str, int]


def rows_of(spark: SparkSession, rows: list[Row]) -> DataFrame:
    """Rows of ``candid``, night (its number), file and row."""
    placed = [(candid, NIGHTS[0] + timedelta(days=night), file, row) for candid, night, file, row in rows]
    return spark.createDataFrame(placed, f"candid bigint, {NIGHT} date, {FILE} string, {ROW} bigint").withColumn(
        "payload", F.concat(F.lit("of "), FILE)
    )


def kept(frame: DataFrame) -> list[Row]:
    """What is left, in order."""
    return sorted((row.candid, (row[NIGHT] - NIGHTS[0]).days, row[FILE], row[ROW]) for row in frame.collect())


@pytest.mark.parametrize(
    ("rows", "first"),
    [
        ([(1, 0, "a", 0), (2, 0, "a", 1)], [(1, 0, "a", 0), (2, 0, "a", 1)]),
        ([(1, 1, "a", 0), (1, 0, "z", 9)], [(1, 0, "z", 9)]),
        ([(1, 0, "b", 0), (1, 0, "a", 7)], [(1, 0, "a", 7)]),
        ([(1, 0, "a", 7), (1, 0, "a", 3), (1, 0, "a", 5)], [(1, 0, "a", 3)]),
        ([(1, 0, "a", 0), (2, 0, "a", 1), (1, 0, "b", 0)], [(1, 0, "a", 0), (2, 0, "a", 1)]),
        ([], []),
    ],
    ids=["none", "by night", "by file", "by row", "among others", "no rows"],
)  # fmt: skip
def test_the_first_by_night_file_and_row_stays(spark: SparkSession, rows: list[Row], first: list[Row]) -> None:
    assert kept(each_first(rows_of(spark, rows))) == first


def test_what_earlier_nights_have_is_left_out_and_only_that(spark: SparkSession) -> None:
    earlier = look_at_ids(rows_of(spark, [(10, 0, "a", 0), (20, 0, "a", 1), (40, 0, "a", 2)]))
    other = look_at_ids(rows_of(spark, [(1, 0, "x", 0), (2, 0, "x", 1)]))
    rows = rows_of(spark, [(20, 1, "b", 0), (30, 1, "b", 1), (30, 1, "b", 2), (40, 1, "b", 3), (50, 1, "b", 4)])
    ids = look_at_ids(rows)
    assert (ids.span, ids.repeats) == ((20, 50), 1)
    assert kept(without_places(rows, repeated_places(ids, [other, earlier]))) == [(30, 1, "b", 1), (50, 1, "b", 4)]


def test_nights_that_overlap_without_a_common_alert_lose_nothing(spark: SparkSession) -> None:
    earlier = look_at_ids(rows_of(spark, [(10, 0, "a", 0), (30, 0, "a", 1)]))
    assert repeated_places(look_at_ids(rows_of(spark, [(20, 1, "b", 0), (40, 1, "b", 1)])), [earlier]) is None


def test_the_rest_of_an_alert_is_not_shuffled(spark: SparkSession) -> None:
    # Which side of a join travels, the size of the places decides; they are few, so it is they.
    plan = each_first(rows_of(spark, [(1, 0, "a", 0), (1, 0, "b", 0)]))._jdf.queryExecution().executedPlan().toString()
    assert "BroadcastHashJoin" in plan
    assert "SortMergeJoin" not in plan
