"""A part of what matches: how many, and always the same ones."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from spark_scripts.sub_sample import sub_sample

CLASSES = {"Unknown": 700, "RRLyr": 290, "SN candidate": 10}


@pytest.fixture(scope="module")
def alerts(spark: SparkSession) -> DataFrame:
    """A thousand alerts of three classes; some are there twice."""
    return spark.sql("""
        SELECT id AS candid, CASE WHEN id < 700 THEN 'Unknown' WHEN id < 990 THEN 'RRLyr' ELSE 'SN candidate' END
            AS finkclass FROM (SELECT id FROM range(1000) UNION ALL SELECT id FROM range(0, 1000, 7))""")


def _taken(alerts: DataFrame, sample: dict[str, Any]) -> dict[int, str]:
    return {row.candid: row.finkclass for row in alerts.filter(sub_sample(alerts, sample)).collect()}


def _sample(**one: Any) -> dict[str, Any]:
    return {"fraction": None, "max_alerts": None, "per_class": None, **one}


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (_sample(fraction=0.1), 100),
        (_sample(fraction=0.0001), 0),
        (_sample(fraction=0.9999), 1000),
        (_sample(max_alerts=1), 1),
        (_sample(max_alerts=5000), 1000),
    ],
)
def test_a_sample_has_as_many_alerts_as_it_says(alerts: DataFrame, sample: dict[str, Any], expected: int) -> None:
    assert len(_taken(alerts, sample)) == expected


def test_each_class_has_its_share(alerts: DataFrame) -> None:
    taken = _taken(alerts, _sample(per_class=50))
    assert Counter(taken.values()) == {"Unknown": 50, "RRLyr": 50, "SN candidate": 10}


def test_a_smaller_sample_is_a_part_of_a_larger_one_whatever_the_order_of_the_rows(alerts: DataFrame) -> None:
    small = _taken(alerts.orderBy("candid"), _sample(max_alerts=50))
    large = _taken(alerts.repartition(5), _sample(fraction=0.2))
    assert small.keys() < large.keys()


def test_an_alert_that_is_there_twice_is_taken_twice_or_not_at_all(alerts: DataFrame) -> None:
    sampled = alerts.filter(sub_sample(alerts, _sample(max_alerts=500)))
    all_rows = Counter(row.candid for row in alerts.collect())
    assert all(all_rows[candid] == rows for candid, rows in Counter(r.candid for r in sampled.collect()).items())


def test_nothing_that_matches_gives_an_empty_sample(alerts: DataFrame) -> None:
    nothing = alerts.filter("candid < 0")
    for sample in (_sample(fraction=0.5), _sample(max_alerts=3), _sample(per_class=3)):
        assert _taken(nothing, sample) == {}
