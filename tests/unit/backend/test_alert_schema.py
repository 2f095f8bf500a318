"""The survey's fields and the columns of each content."""

from __future__ import annotations

import os
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backend.alert_schema import Origin, content_plan, survey
from backend.errors import InvalidRequest
from backend.models import Content, SentColumn

ZTF = survey("ztf")
CUTOUTS = ("cutoutScience", "cutoutTemplate", "cutoutDifference")
PARTITION_COLUMNS = {"year", "month", "day"}


def sent(*paths: str) -> dict[str, str]:
    """Name of each sent column -> its source."""
    return {column.name: column.source for column in content_plan(ZTF, paths).columns}


def test_ztf_is_known() -> None:
    assert ZTF.first_night == date(2019, 11, 1)
    assert ZTF.bands == {1: "g", 2: "r", 3: "i"}
    assert survey("ztf") is ZTF


@pytest.mark.parametrize("typed", ["ZTF", "zft"])
def test_an_unknown_survey_is_named_with_the_nearest(typed: str) -> None:
    with pytest.raises(InvalidRequest, match=rf"{typed}.*Did you mean ztf\?"):
        survey(typed)


def test_the_generation_of_2026_is_complete() -> None:
    per_root = Counter(f.root for f in ZTF.fields.values() if f.path != f.root)

    assert len(ZTF.root_columns) == 58
    assert (per_root["candidate"], per_root["prv_candidates"]) == (103, 57)
    assert (per_root["lc_features_g"], per_root["lc_features_r"]) == (26, 26)
    assert not PARTITION_COLUMNS & set(ZTF.fields)


def test_every_field_is_described() -> None:
    for each in ZTF.fields.values():
        assert each.description, each.path
        assert each.root in ZTF.fields, each.path
        assert each.in_list == (each.root == "prv_candidates" != each.path), each.path


def test_the_schema_of_all_years_as_spark_writes_it() -> None:
    roots = ZTF.ddl.split(", `")
    assert ZTF.ddl.startswith("`candid` bigint, `schemavsn` string, ")
    assert "`prv_candidates` array<struct<`jd`: double, `fid`: int, " in ZTF.ddl
    assert {"mangrove` map<string, string>", "t2` map<string, float> COMMENT 'older'"} <= set(roots)
    assert {"mulens` double", "cjd` array<double> COMMENT 'older'", "cutoutScience` struct<`fileName`: string"} <= set(
        roots
    )
    assert not {"finkclass` string", "tnsclass` string"} & set(roots), "the job adds them"


def test_the_job_adds_two_fields() -> None:
    assert [f.path for f in ZTF.fields.values() if f.origin is Origin.JOB] == ["finkclass", "tnsclass"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("magpsf", "candidate.magpsf"),
        ("candidate.magpfs", "candidate.magpsf"),
        ("candidate.MagPSF", "candidate.magpsf"),
        ("magpfs", "candidate.magpsf"),
        ("objectid", "objectId"),
        ("rf_snia", "rf_snia_vs_nonia"),
        ("mean", "lc_features_g.mean"),
        ("rfscore", "rf_snia_vs_nonia"),
        ("TNS", "tns"),
        ("qqqq", ""),
    ],
)
def test_the_nearest_field(typed: str, meant: str) -> None:
    assert ZTF.nearest(typed) == meant


def test_lightcurve() -> None:
    plan = content_plan(ZTF, Content.LIGHTCURVE)

    flat = "magpsf sigmapsf fid jd ra dec ssnamenr magnr sigmagnr magzpsci isdiffpos diffmaglim distnr"
    assert [(c.name, c.source) for c in plan.columns] == [
        ("objectId", "objectId"),
        ("candid", "candid"),
        *((name, f"candidate.{name}") for name in flat.split()),
    ]
    assert plan.others
    assert set(plan.without) == {"candidate", "prv_candidates", *CUTOUTS}


def test_cutouts() -> None:
    plan = content_plan(ZTF, Content.CUTOUTS)

    assert [c.name for c in plan.columns] == ["objectId", "candid", "jd", "ra", "dec", "magpsf", "fid", *CUTOUTS]
    assert plan.others
    assert set(plan.without) == {"candidate", "prv_candidates"}


@pytest.mark.parametrize(("content", "without"), [(Content.MEDIUM, CUTOUTS), (Content.FULL, ())])
def test_medium_and_full(content: Content, without: tuple[str, ...]) -> None:
    plan = content_plan(ZTF, content)

    assert (plan.name, plan.columns, plan.others, plan.without) == (content.value, (), True, without)


@pytest.mark.parametrize("content", list(Content))
def test_the_plan_names_only_fields_of_the_survey(content: Content) -> None:
    plan = content_plan(ZTF, content)

    assert {column.source for column in plan.columns} <= set(ZTF.fields)
    assert set(plan.without) <= set(ZTF.root_columns)


def test_number_and_time_ride_along_with_hand_picked_fields() -> None:
    plan = content_plan(ZTF, ("objectId", "candidate.magpsf"))

    assert plan.columns == (
        SentColumn(name="candid", source="candid"),
        SentColumn(name="jd", source="candidate.jd"),
        SentColumn(name="objectId", source="objectId"),
        SentColumn(name="magpsf", source="candidate.magpsf"),
    )
    assert not plan.others


def test_names_of_hand_picked_fields() -> None:
    picked = ("lc_features_g.mean", "candidate.candid", "t2.M-dwarf", "finkclass", "cutoutScience.stampData", "candid")

    names = sent(*picked)

    assert names == {
        "candid": "candid",
        "jd": "candidate.jd",
        "lc_features_g_mean": "lc_features_g.mean",
        "candidate_candid": "candidate.candid",
        "t2_M_dwarf": "t2.M-dwarf",
        "finkclass": "finkclass",
        "cutoutScience_stampData": "cutoutScience.stampData",
    }


def test_every_field_at_once_has_names_of_its_own() -> None:
    paths = tuple(f.path for f in ZTF.fields.values() if not f.in_list)

    names = list(sent(*paths))

    assert len(names) == len(paths) == len({name.lower() for name in names})
    assert all(re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name) for name in names)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (("magpsf",), r"no field magpsf\. Did you mean candidate\.magpsf\?"),
        (("prv_candidates.magpsf",), r"inside the list prv_candidates .*Choose prv_candidates as a whole"),
        (("year",), r"no field year\."),
        ((), "names no field"),
    ],
)
def test_fields_that_cannot_be_sent(paths: tuple[str, ...], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        content_plan(ZTF, paths)


def flat_types(column: pa.Field, above: str = "") -> dict[str, str]:
    """Path of each field below a Parquet column -> its Spark SQL type."""
    path, kind = f"{above}{column.name}", column.type
    if pa.types.is_struct(kind):
        below = [flat_types(child, f"{path}.") for child in kind]
        return {path: "struct", **{p: t for each in below for p, t in each.items()}}
    if pa.types.is_list(kind):
        inner = flat_types(kind.value_field.with_name(path)) if pa.types.is_struct(kind.value_type) else {}
        return {**inner, path: "array"}
    if pa.types.is_map(kind):
        return {path: "map"}
    names = {"int64": "bigint", "int32": "int", "bool": "boolean"}
    return {path: "timestamp" if pa.types.is_timestamp(kind) else names.get(str(kind), str(kind))}


@pytest.fixture(scope="module")
def science_archive() -> Path:
    folder = os.environ.get("REAL_ALERTS_DIR")
    if not folder and os.environ.get("CI") == "true":
        pytest.fail("CI must set REAL_ALERTS_DIR, the folder of real alerts.")
    if not folder:
        pytest.skip("REAL_ALERTS_DIR, the folder of real alerts, is not set.")
    return Path(folder) / "archive" / "science"


def test_the_table_has_every_root_column_of_the_real_archive(science_archive: Path) -> None:
    columns = {name for file in science_archive.rglob("*.parquet") for name in pq.read_schema(file).names}

    assert len(columns) > 58
    assert {ZTF.older_names.get(name, name) for name in columns - PARTITION_COLUMNS} <= set(ZTF.fields)


def test_types_and_order_are_those_of_the_real_archive(science_archive: Path) -> None:
    (file, *_) = sorted((science_archive / "year=2026").rglob("*.parquet"))
    schema = pq.read_schema(file)
    types = {path: kind for column in schema for path, kind in flat_types(column).items()}

    assert tuple(schema.names) == ZTF.root_columns
    different = {p: (t, ZTF.fields[p].type) for p, t in types.items() if ZTF.fields[p].type != t}
    assert set(different.values()) <= {("string", "timestamp")}
