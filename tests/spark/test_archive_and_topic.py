"""What the comparison of archive and topic finds, without servers."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from spark_scripts.archive import FILE, NIGHT, ROW
from spark_scripts.archive_and_topic import compare, expected_alerts

LARGEST_BYTES = 20
EXAMPLES = 2


@pytest.fixture(scope="module")
def selected(spark: SparkSession) -> DataFrame:
    """Alerts 0 to 9, of which 3 comes again in a later file, and 7 is too large for a message."""
    return spark.sql(f"""
        SELECT id AS candid, make_date(2024, 9, 1 + int(id % 2)) AS {NIGHT}, 'b' AS {FILE}, id AS {ROW},
            IF(id < 5, 'RRLyr', 'Unknown') AS finkclass, 'Unknown' AS tnsclass,
            IF(id = 7, repeat('x', 21), concat('alert ', id)) AS text FROM range(10)
        UNION ALL SELECT 3, make_date(2024, 9, 2), 'c', 0, 'Unknown', 'Unknown', 'the same id again'
    """)


def messages(spark: SparkSession, *rows: tuple[int | None, str]) -> DataFrame:
    """Messages in one partition."""
    numbered = [(candid, text, 4, offset) for offset, (candid, text) in enumerate(rows)]
    frame = spark.createDataFrame(numbered, "candid bigint, text string, partition int, offset bigint")
    return frame.select("candid", F.xxhash64(F.col("text").cast("binary")).alias("digest"), "partition", "offset")


def found(spark: SparkSession, selected: DataFrame, *rows: tuple[int | None, str]) -> dict[str, Any]:
    expected = expected_alerts(selected, F.col("text").cast("binary"), LARGEST_BYTES)
    return compare(expected, messages(spark, *rows), EXAMPLES)


SOUND = [(candid, f"alert {candid}") for candid in range(10) if candid != 7]


def test_a_sound_topic_is_the_same(spark: SparkSession, selected: DataFrame) -> None:
    answer = found(spark, selected, *SOUND, *SOUND[:2])
    nothing = {"count": 0, "examples": []}
    assert [answer[kind] for kind in ("missing", "extra", "altered", "undecoded")] == [nothing] * 4
    assert (answer["same"], answer["messages"], answer["too_large"]) == (9, 11, [7])
    assert answer["counts"] == {
        "classes": [("RRLyr", "Unknown"), ("Unknown", "Unknown")],
        "nights": {"2024-09-01": [(0, 3), (1, 2)], "2024-09-02": [(0, 2), (1, 2)]},
    }


def test_each_damage_is_counted_and_named(spark: SparkSession, selected: DataFrame) -> None:
    left = [each for each in SOUND if each[0] not in (0, 1, 2, 9)]
    answer = found(spark, selected, (9, "another"), *left, (77, "stranger"), (None, "noise"), (4, "other copy"))
    assert answer["missing"] == {
        "count": 3,
        "examples": [
            {"candid": candid, "night": f"2024-09-0{candid + 1}", "partition": None, "offset": None}
            for candid in (0, 1)
        ],
    }
    assert answer["extra"] == {
        "count": 1,
        "examples": [{"candid": 77, "night": None, "partition": 4, "offset": 6}],
    }
    assert [(place["candid"], place["offset"]) for place in answer["altered"]["examples"]] == [(4, 2), (9, 0)]
    assert answer["undecoded"] == {
        "count": 1,
        "examples": [{"candid": None, "night": None, "partition": 4, "offset": 7}],
    }
    assert (answer["same"], answer["messages"]) == (4, 8)


def test_of_repeated_alerts_the_first_is_expected(spark: SparkSession, selected: DataFrame) -> None:
    later = [each for each in SOUND if each[0] != 3]
    answer = found(spark, selected, *later, (3, "the same id again"))
    assert [place["candid"] for place in answer["altered"]["examples"]] == [3]
