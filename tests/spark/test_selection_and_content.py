"""Which alerts are sent, and what of each."""

from __future__ import annotations

import io
import json
from pathlib import Path

import fastavro
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from spark_scripts.archive import NIGHT
from spark_scripts.content import encoded, sent_content
from spark_scripts.plan import ContentPlan
from spark_scripts.selection import asked_columns, select_alerts, with_classes
from tests.support.plans import a_plan


@pytest.fixture(scope="module")
def alerts(spark: SparkSession) -> DataFrame:
    """Four alerts with the shapes that the real ones have."""
    return spark.sql(f"""
        SELECT id AS candid, concat('ZTF24aaaaaa', id) AS objectId, make_date(2024, 9, 1) AS {NIGHT},
            named_struct('magpsf', CAST(17 + id AS float), 'fid', CAST(1 AS int), 'jd', 2460000.5D + id) AS candidate,
            IF(id = 2, NULL, array(named_struct('magpsf', CAST(NULL AS float), 'jd', 2460000.5D))) AS prv_candidates,
            IF(id = 1, 3, 0) AS roid, IF(id = 3, 'RRLyr', 'Unknown') AS cdsxmatch,
            IF(id = 0, 'NaN', id) * 1D AS score, map('ab', CAST(id AS float)) AS mangrove,
            timestamp'2024-09-01 03:04:05.25' AS timestamp, CAST(id AS binary) AS cutoutScience
        FROM range(4)""")


def _candids(frame: DataFrame) -> list[int]:
    return sorted(row.candid for row in frame.select("candid").collect())


def _decoded(spark: SparkSession, frame: DataFrame, content) -> list[dict]:
    schema = fastavro.parse_schema(json.loads(content.schema_json))
    rows = frame.select(encoded(content).alias("value")).collect()
    return [fastavro.schemaless_reader(io.BytesIO(bytes(row.value)), schema, None) for row in rows]


def test_no_class_means_all(alerts: DataFrame) -> None:
    assert _candids(select_alerts(with_classes(alerts), a_plan())) == [0, 1, 2, 3]


def test_an_alert_is_selected_by_either_of_its_classes(alerts: DataFrame) -> None:
    plan = a_plan(finkclasses=("RRLyr",), tnsclasses=("(TNS) SN Ia",))
    classified = with_classes(alerts).withColumn("tnsclass", F.expr("IF(candid = 1, '(TNS) SN Ia', 'Unknown')"))
    assert _candids(select_alerts(classified, plan)) == [1, 3]


def test_conditions_apply_to_fields_that_are_not_sent(alerts: DataFrame) -> None:
    plan = a_plan(conditions=("`candidate`.`magpsf` > 18", "`candidate`.`fid` = 1"))
    assert _candids(select_alerts(with_classes(alerts), plan)) == [2, 3]


def test_keys_of_a_map_can_be_asked_for(alerts: DataFrame) -> None:
    assert _candids(select_alerts(with_classes(alerts), a_plan(conditions=("`mangrove`.`ab` > 2",)))) == [3]


def test_the_columns_that_a_plan_names_are_those_of_its_conditions_and_its_content() -> None:
    content = ContentPlan(columns=(("jd", "candidate.jd"), ("t2_KN", "t2.KN")))
    assert asked_columns(a_plan(conditions=("`mangrove`.`ab` > 2",), content=content)) >= {
        "candidate",
        "t2",
        "mangrove",
    }


def test_a_limit_gives_the_same_alerts_at_each_look(alerts: DataFrame) -> None:
    selected = select_alerts(with_classes(alerts.repartition(4)), a_plan(limit=2))
    first = _candids(selected)
    assert len(first) == 2
    assert all(_candids(selected) == first for _ in range(3))


def test_the_bytes_are_read_with_the_published_schema_also_after_a_filter(
    spark: SparkSession, alerts: DataFrame
) -> None:
    # The filter makes `candidate` non-nullable in the optimised plan, from which Spark would derive its own schema.
    plan = a_plan(conditions=("`candidate`.`magpsf` > 18",))
    selected = select_alerts(with_classes(alerts), plan)
    rows = _decoded(spark, selected, sent_content(spark, selected, ContentPlan()))
    assert [row["candidate"]["magpsf"] for row in rows] == [19.0, 20.0]
    assert [row["finkclass"] for row in rows] == ["Unknown", "RRLyr"]


def test_full_content_keeps_every_value(spark: SparkSession, alerts: DataFrame) -> None:
    selected = select_alerts(with_classes(alerts), a_plan(conditions=("candid = 2",)))
    (row,) = _decoded(spark, selected, sent_content(spark, selected, ContentPlan()))
    assert row == {
        "candid": 2,
        "objectId": "ZTF24aaaaaa2",
        "candidate": {"magpsf": 19.0, "fid": 1, "jd": 2460002.5},
        "prv_candidates": None,
        "roid": 0,
        "cdsxmatch": "Unknown",
        "score": 2.0,
        "mangrove": {"ab": 2.0},
        "timestamp": "2024-09-01 03:04:05.25",
        "cutoutScience": (2).to_bytes(8, "big"),
        "finkclass": "Unknown",
        "tnsclass": "Unknown",
    }


def test_a_cut_content_flattens_leaves_out_and_puts_the_classes_last(spark: SparkSession, alerts: DataFrame) -> None:
    plan = ContentPlan(
        columns=(("objectId", "objectId"), ("magpsf", "candidate.magpsf")),
        without=("candidate", "prv_candidates", "cutoutScience"),
    )
    selected = select_alerts(with_classes(alerts), a_plan())
    rows = _decoded(spark, selected, sent_content(spark, selected, plan))
    assert list(rows[0]) == [
        "objectId", "magpsf", "candid", "roid", "cdsxmatch", "score", "mangrove", "timestamp", "finkclass", "tnsclass",
    ]  # fmt: skip


def test_fields_picked_by_hand_are_sent_alone(spark: SparkSession, alerts: DataFrame) -> None:
    plan = ContentPlan(columns=(("candid", "candid"), ("jd", "candidate.jd"), ("ab", "mangrove.ab")), others=False)
    content = sent_content(spark, with_classes(alerts), plan)
    assert list(_decoded(spark, alerts, content)[0]) == ["candid", "jd", "ab"]


def test_a_column_that_none_of_the_nights_has_is_sent_only_by_name(spark: SparkSession, alerts: DataFrame) -> None:
    named = ContentPlan(columns=(("score", "score"),))
    for plan, is_sent in ((named, True), (ContentPlan(), False)):
        content = sent_content(spark, with_classes(alerts), plan, {"score"})
        assert ("score" in _decoded(spark, with_classes(alerts), content)[0]) is is_sent


def test_the_schema_is_one_that_the_community_client_reads(spark: SparkSession, real_alerts: Path) -> None:
    night = real_alerts / "archive" / "science" / "year=2026" / "month=03" / "day=22"
    frame = with_classes(spark.read.parquet(str(night)).withColumn(NIGHT, F.lit(None).cast("date")))
    schema = json.loads(sent_content(spark, frame, ContentPlan()).schema_json)
    names: list[str] = []

    def check(node) -> None:
        if isinstance(node, list):
            assert len(node) == 2
            assert "null" in node
            check(next(kind for kind in node if kind != "null"))
        elif isinstance(node, dict):
            assert "logicalType" not in node
            assert node["type"] in ("record", "array", "map")
            for field in node.get("fields", ()):
                check(field["type"])
            check(node.get("items", "null"))
            check(node.get("values", "null"))
            if "name" in node:
                names.append(f"{node.get('namespace', '')}.{node['name']}")
        else:
            assert node in ("null", "boolean", "int", "long", "float", "double", "bytes", "string")

    check(schema)
    assert len(names) == len(set(names))
    assert len(schema["fields"]) == 58 + 2
