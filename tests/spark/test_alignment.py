"""Nights of all years in one frame: every value as the source has it, up to the conversions that are said."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from backend.alert_schema import content_plan
from backend.models import Content
from backend.receipt import ColumnDrift
from simulator.archive import night_folder
from spark_scripts.alignment import RENAMED
from spark_scripts.archive import HIDDEN, NightFiles, find_night_files, read_nights, survey_schema, unsent_columns
from spark_scripts.archive_files import list_nights
from spark_scripts.content import encoded, sent_content
from spark_scripts.drift import describe_drift
from spark_scripts.field_years import years_without
from spark_scripts.plan import ContentPlan, read_content
from spark_scripts.selection import with_classes
from tests.support.todays_alerts import ZTF, alerts_of_today, columns_of, sent_of, without_classes
from tests.support.transfers import comparable
from tests.support.written_nights import write_night

FIRST, SECOND = date(2024, 9, 1), date(2024, 9, 2)
SCHEMA = (
    "candid bigint, fid int, mag float, score double, at timestamp, tns string,"
    " detection struct<jd: double, magpsf: float>, history array<struct<jd: double, fid: int>>,"
    " host map<string, float>, features struct<mean: double>, gone int COMMENT 'older'"
)


def _found(spark: SparkSession, archive: Path) -> NightFiles:
    return find_night_files(spark, str(archive), tuple(list_nights(spark, str(archive))))


def _read(spark: SparkSession, archive: Path) -> tuple[NightFiles, StructType, DataFrame]:
    found, schema = _found(spark, archive), survey_schema(spark, SCHEMA)
    return found, schema, read_nights(spark, str(archive), found, schema)


def _rows(frame: DataFrame) -> list[dict[str, Any]]:
    return [row.asDict(recursive=True) for row in frame.drop(*HIDDEN).orderBy("candid").collect()]


def _described(found: NightFiles, schema: StructType) -> dict[str, tuple[list[Any], dict[str, Any]]]:
    return {each["column"]: (each["absent"], each["converted"]) for each in describe_drift(found, schema)}


def test_the_older_names_are_those_that_the_backend_tells_users_of() -> None:
    assert dict(ZTF.older_names) == RENAMED
    assert not set(RENAMED) & set(ZTF.fields)


@pytest.mark.parametrize(("archive", "alerts"), [("science", 842), ("science_drift", 151)])
def test_each_content_of_all_years_is_what_the_archive_holds(
    spark: SparkSession, real_alerts: Path, archive: str, alerts: int
) -> None:
    folder = real_alerts / "archive" / archive
    found, schema = _found(spark, folder), survey_schema(spark, ZTF.ddl)
    frame = with_classes(read_nights(spark, str(folder), found, schema))
    contents = {
        each.value: sent_content(
            spark, frame, read_content(content_plan(ZTF, each).model_dump()), unsent_columns(found, schema)
        )
        for each in Content
    }
    messages = frame.select(*(encoded(content).alias(name) for name, content in contents.items())).collect()
    with (real_alerts / "expected_finkclass.csv").open() as file:
        community = {int(row["candid"]): row["finkclass"] for row in csv.DictReader(file)}
    source, columns = list(alerts_of_today(folder)), columns_of(folder)
    assert len(messages) == len(source) == len({alert["candid"] for alert in source}) == alerts

    for name, content in contents.items():
        parsed = fastavro.parse_schema(json.loads(content.schema_json))
        sent = [fastavro.schemaless_reader(io.BytesIO(bytes(row[name])), parsed, None) for row in messages]
        arrived = {alert["candid"]: alert for alert in sent}
        assert {candid: arrived[candid]["finkclass"] for candid in community if candid in arrived} == {
            candid: finkclass for candid, finkclass in community.items() if candid in arrived
        }
        for alert in source:
            expected = sent_of(alert, Content(name), columns)
            assert [*arrived[alert["candid"]]] == [*expected, "finkclass", "tnsclass"]
            assert comparable(without_classes(arrived[alert["candid"]])) == expected


def test_the_receipt_of_all_years_names_the_drift_in_ranges(spark: SparkSession, real_alerts: Path) -> None:
    folder = real_alerts / "archive" / "science"
    found, schema = _found(spark, folder), survey_schema(spark, ZTF.ddl)
    listed = json.loads(json.dumps(describe_drift(found, schema), default=str))
    drift = {each["column"]: ColumnDrift.model_validate(each) for each in listed}

    structures = [file for file in folder.rglob("*.parquet") if pa.types.is_struct(_type_of(file, "mulens"))]
    nights = {night for night in found.files if any(night_folder(folder, night) == file.parent for file in structures)}
    (ranges,) = drift["mulens"].converted.values()
    assert {night for each in ranges for night in each.nights() if night in found.files} == nights
    assert set(drift["mulens"].converted) == {"struct -> null"}
    assert set(drift["candidate"].converted) == {"double -> float", "bigint -> int"}
    assert "rfscore -> rf_snia_vs_nonia" in drift["rf_snia_vs_nonia"].converted
    assert drift["anomaly_score_varvara"].absent[-1].stop < max(found.files)
    assert not {"candid", "objectId", "cjdc"} & set(drift), "they are as they should be, or nobody asked for them"
    assert describe_drift(found, schema, {"cjdc"})[-1] == {
        "column": "cjdc",
        "absent": [{"start": min(found.files), "stop": max(found.files)}],
        "converted": {},
    }
    assert len(json.dumps(listed)) < 20_000


def _type_of(file: Path, column: str) -> pa.DataType:
    schema = pq.read_schema(file)
    return schema.field(column).type if column in schema.names else pa.null()


def test_values_are_converted_or_null_but_never_others(spark: SparkSession, tmp_path: Path) -> None:
    write_night(
        tmp_path,
        FIRST,
        {
            "candid": pa.array([1, 2, 3]),
            "fid": pa.array([1.0, float("nan"), 1e12]),
            "mag": pa.array(["18.5", "faint", None]),
            "score": pa.array([{"a": 1.0}, None, {"a": 2.0}]),
            "at": pa.array(["2024-09-01 03:04:05.25", "2024-09-01T03:04:05.250Z", "yesterday"]),
            "TNS": pa.array(["SN Ia", "", None]).dictionary_encode(),
            "detection": pa.array([{"magpsf": 18.25, "jd": 2460554.5}, None, {"magpsf": None, "jd": None}]),
            "history": pa.array([[{"fid": 2**40, "jd": 1.0}, None], [], None]),
            "host": pa.array([{"m0": 1.5, "m1": None}, None, {"m0": 2.5, "m1": 3.5}]),
            "features": pa.array([[("mean", 1.0)], None, []], pa.map_(pa.string(), pa.float32())),
        },
    )
    found, schema, frame = _read(spark, tmp_path)
    instant = frame.selectExpr("CAST(at AS string) AS at").collect()
    assert [row.at for row in instant] == ["2024-09-01 03:04:05.25", "2024-09-01 03:04:05.25", None]
    one, two, three = _rows(frame.drop("at"))
    assert one == {
        "candid": 1,
        "fid": 1,
        "mag": 18.5,
        "score": None,
        "tns": "SN Ia",
        "detection": {"jd": 2460554.5, "magpsf": 18.25},
        "history": [{"jd": 1.0, "fid": None}, None],
        "host": {"m0": 1.5, "m1": None},
        "features": {"mean": 1.0},
        "gone": None,
    }
    assert [two[name] for name in ("fid", "mag", "detection", "history", "host", "features")] == [
        *(None, None, None, [], None, None)
    ]
    assert [three[name] for name in ("fid", "detection", "features")] == [
        *(None, {"jd": None, "magpsf": None}, {"mean": None})
    ]
    assert frame.drop(*HIDDEN).schema.simpleString() == schema.simpleString()

    whole = [{"start": FIRST, "stop": FIRST}]
    assert _described(found, schema) == {
        "fid": ([], {"double -> int": whole}),
        "mag": ([], {"string -> float": whole}),
        "score": ([], {"struct -> null": whole}),
        "at": ([], {"string -> timestamp": whole}),
        "tns": ([], {"TNS -> tns": whole}),
        "detection": ([], {"double -> float": whole}),
        "history": ([], {"bigint -> int": whole}),
        "host": ([], {"struct -> map": whole, "double -> float": whole}),
        "features": ([], {"map -> struct": whole, "float -> double": whole}),
    }


def test_times_of_other_tools_are_the_same_times(spark: SparkSession, tmp_path: Path) -> None:
    moment = 1_725_160_000_123_456
    for number, (unit, scale) in enumerate((("us", 1), ("ns", 1000), ("ms", 0.001))):
        for zone in (None, "UTC"):
            column = pa.array([int(moment * scale)], pa.timestamp(unit, zone))
            name = f"{unit}-{zone}.parquet"
            write_night(tmp_path, FIRST, {"candid": pa.array([2 * number + bool(zone)]), "at": column}, name)
    frame = _read(spark, tmp_path)[2].selectExpr("unix_micros(at) AS at").collect()
    assert sorted(row.at for row in frame) == [moment // 1000 * 1000] * 2 + [moment] * 4


def test_a_night_may_hold_files_of_different_schemas(spark: SparkSession, tmp_path: Path) -> None:
    write_night(tmp_path, FIRST, {"candid": pa.array([1]), "mag": pa.array([18.5], pa.float32())})
    write_night(tmp_path, FIRST, {"mag": pa.array([19.5]), "candid": pa.array([2])}, "part-1.parquet")
    write_night(tmp_path, SECOND, {"candid": pa.array([3])})
    found, schema, frame = _read(spark, tmp_path)
    assert [(row["candid"], row["mag"]) for row in _rows(frame)] == [(1, 18.5), (2, 19.5), (3, None)]
    drift = _described(found, schema)
    assert drift["mag"] == (
        [{"start": SECOND, "stop": SECOND}],
        {"double -> float": [{"start": FIRST, "stop": FIRST}]},
    )
    assert "gone" not in drift, "no night has it, and nobody asked for it"


def test_what_only_files_have_is_kept_and_sent(spark: SparkSession, tmp_path: Path) -> None:
    nested = pa.array([{"magpsf": 18.5, "new.one": 7}], pa.struct([("magpsf", pa.float32()), ("new.one", pa.int32())]))
    write_night(
        tmp_path, FIRST, {"candid": pa.array([1]), "1 more": pa.array([4], pa.int32()), "mixed": pa.array([True])}
    )
    write_night(tmp_path, SECOND, {"candid": pa.array([2]), "1 More": pa.array([2**40]), "mixed": pa.array([{"a": 1}])})
    write_night(tmp_path, SECOND, {"candid": pa.array([3]), "detection": nested}, "part-1.parquet")
    found, schema, frame = _read(spark, tmp_path)
    unsent = unsent_columns(found, schema)
    assert unsent == {"gone"}

    classified = with_classes(frame)
    content = sent_content(spark, classified, ContentPlan(), unsent)
    parsed = fastavro.parse_schema(json.loads(content.schema_json))
    rows = classified.orderBy("candid").select(encoded(content).alias("value")).collect()
    one, two, three = (fastavro.schemaless_reader(io.BytesIO(bytes(row.value)), parsed, None) for row in rows)
    assert (one["_1_More"], two["_1_More"], three["_1_More"]) == (4, 2**40, None)
    assert (one["mixed"], two["mixed"], three["mixed"]) == ("true", '{"a":1}', None)
    assert three["detection"] == {"jd": None, "magpsf": 18.5, "new_one": 7}
    assert "gone" not in one
    drift = _described(found, schema)
    assert drift["mixed"][1] == {
        "boolean -> string": [{"start": FIRST, "stop": FIRST}],
        "struct -> string": [{"start": SECOND, "stop": SECOND}],
    }


def test_nights_without_files_have_the_columns_all_the_same(spark: SparkSession, tmp_path: Path) -> None:
    night_folder(tmp_path, FIRST).mkdir(parents=True)
    _, schema, frame = _read(spark, tmp_path)
    assert frame.count() == 0
    assert frame.drop(*HIDDEN).schema.simpleString() == schema.simpleString()


def test_filters_and_columns_reach_the_files_of_every_generation(spark: SparkSession, real_alerts: Path) -> None:
    archive = str(real_alerts / "archive" / "science")
    found = find_night_files(spark, archive, (date(2019, 11, 25), date(2024, 1, 15)))
    frame = read_nights(spark, archive, found, survey_schema(spark, ZTF.ddl))
    plan = frame.filter("candidate.magpsf > 18").select("candid", "candidate.jd", "rf_snia_vs_nonia")
    scans = [line for line in plan._jdf.queryExecution().executedPlan().toString().splitlines() if "FileScan" in line]
    assert len(scans) == len(found.distinct_schemas) > 1
    for scan in scans:
        assert "GreaterThan(candidate.magpsf,18.0)" in scan
        assert "candidate:struct<jd:double,magpsf:float>" in scan.partition("ReadSchema")[2]
        assert "cutout" not in scan


def test_the_years_without_a_field_are_those_in_which_no_file_has_it(spark: SparkSession, tmp_path: Path) -> None:
    write_night(tmp_path, date(2023, 9, 1), {"candid": [1], "fid": [1], "detection": [{"jd": 1.0}]})
    write_night(tmp_path, date(2024, 9, 1), {"candid": [2], "detection": [{"jd": 1.0}]})
    write_night(
        tmp_path, date(2024, 9, 2), {"candid": [3], "fid": [{"was": 1}], "mag": [1.0], "detection": [{"jd": 1.0}]}
    )
    without = years_without(_found(spark, tmp_path).schemas, survey_schema(spark, SCHEMA))
    assert without["fid"] == {2024}  # a structure is no number
    assert without["mag"] == {2023}
    assert without["detection.magpsf"] == {2023, 2024}
    assert "candid" not in without
