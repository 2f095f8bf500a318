"""One row an object: its light curve is that of the inspection page, and nested-pandas opens it as a nested column."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import nested_pandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backend import nested_light_curves as module
from backend.alert_export import write_alerts
from backend.alert_filter import EVERYTHING, AlertFilter
from backend.alert_queries import AlertQueries
from backend.alert_store import AlertStore
from backend.errors import InvalidRequest
from backend.light_curve import JD_OF_MJD_0, light_curve
from backend.nested_light_curves import nested_light_curves
from tests.support.flat_content import light_content, real_table

TOPIC = "ftransfer_ztf_x"
JD = 2_460_555.5
FLAT = pa.schema(
    {
        "objectId": pa.string(),
        "candid": pa.int64(),
        "jd": pa.float64(),
        "fid": pa.int32(),
        "magpsf": pa.float32(),
        "sigmapsf": pa.float32(),
        "diffmaglim": pa.float32(),
        "ra": pa.float64(),
        "dec": pa.float64(),
        "finkclass": pa.string(),
    }
)


def store_of(path: Path, alerts: pa.Table) -> AlertStore:
    store = AlertStore(path)
    store.prepare(TOPIC, "{}", "fingerprint", alerts.schema)
    store.append(alerts, {0: len(alerts)})
    return store


def objects_of(folder: Path, alerts: pa.Table, chosen: AlertFilter = EVERYTHING) -> list[dict[str, Any]]:
    with store_of(folder / "x.duckdb", alerts) as store:
        return nested_light_curves(AlertQueries(store), chosen).read_all().to_pylist()


def alert(candid: int, name: str | None, day: float | None, **fields: Any) -> dict[str, Any]:
    jd = None if day is None else JD + day
    measured = {"fid": 1, "magpsf": 18.0, "sigmapsf": 0.1, "diffmaglim": 20.5, "ra": 10.0, "dec": 20.0}
    return {"objectId": name, "candid": candid, "jd": jd, **measured, "finkclass": f"class {candid}", **fields}


def flat(*alerts: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(alerts), FLAT)


def curve_of(row: dict[str, Any]) -> tuple[set[Any], set[Any]]:
    """Detections and upper limits of a row, as `LightCurve` has them."""
    visits = row["lightcurve"]
    columns = zip(visits["jd"], visits["band"], visits["magpsf"], visits["sigmapsf"], visits["diffmaglim"], strict=True)
    detections, limits = set(), set()
    for jd, band, magnitude, error, limit in columns:
        if magnitude is None:
            limits.add((jd - JD_OF_MJD_0, band, limit))
        else:
            detections.add((jd - JD_OF_MJD_0, band, magnitude, error or 0.0))
    return detections, limits


@pytest.mark.parametrize("content", [real_table, light_content], ids=["full packets", "lightcurve"])
def test_real_light_curves_are_those_of_the_inspection_page(tmp_path: Path, real_alerts: Path, content: Any) -> None:
    with store_of(tmp_path / "x.duckdb", content(real_alerts)) as store:
        queries = AlertQueries(store)
        rows = nested_light_curves(queries).read_all().to_pylist()
        names = sorted({row["objectId"] for row in content(real_alerts).select(["objectId"]).to_pylist()})
        assert [row["objectId"] for row in rows] == names
        for row in rows:
            expected = light_curve(queries.visits_of(row["objectId"]))
            measured = {(one.mjd, one.band, one.magnitude_mag, one.error_mag) for one in expected.detections}
            limits = {(one.mjd, one.band, one.limit_mag) for one in expected.upper_limits}
            assert curve_of(row) == (measured, limits)
            assert len(row["lightcurve"]["jd"]) == len(expected.detections) + len(expected.upper_limits)
            assert row["lightcurve"]["jd"] == sorted(row["lightcurve"]["jd"])
            assert row["n_alerts"] == len(queries.alerts_of(row["objectId"]))


@pytest.mark.filterwarnings("ignore:The inplace keyword in NestedFrame")
def test_nested_pandas_opens_the_light_curves_as_a_nested_column(tmp_path: Path, real_alerts: Path) -> None:
    with store_of(tmp_path / "x.duckdb", real_table(real_alerts)) as store:
        summary = write_alerts(nested_light_curves(AlertQueries(store)), tmp_path / "out", topic=TOPIC)
    (file,) = (tmp_path / "out").glob("*.parquet")
    frame = nested_pandas.read_parquet(file)
    assert frame.nested_columns == ["lightcurve"]
    assert len(frame) == summary.rows
    visits = sum(len(jd) for jd in pq.read_table(file)["lightcurve"].combine_chunks().field("jd").to_pylist())
    assert len(frame["lightcurve.magpsf"]) == visits
    faint = frame.query("lightcurve.magpsf > 19")
    assert 0 < len(faint["lightcurve.magpsf"]) < visits
    assert pq.read_schema(file).field("lightcurve").type.field("magpsf").metadata[b"unit"] == b"mag"


def test_classes_place_and_count_are_those_of_the_alerts(tmp_path: Path) -> None:
    alerts = [alert(1, "a", 2, ra=359.999), alert(2, "a", 5, ra=0.001), alert(3, "a", 1, ra=0.0)]
    (row,) = objects_of(tmp_path, flat(*alerts))
    assert (row["objectId"], row["n_alerts"], row["finkclass"]) == ("a", 3, "class 2")
    assert min(row["ra"], 360.0 - row["ra"]) < 1e-9
    assert row["dec"] == pytest.approx(20.0, abs=1e-7)
    assert row["lightcurve"]["candid"] == [3, 1, 2]


def test_what_is_no_visit_is_no_row_and_what_has_no_magnitude_is_a_limit(tmp_path: Path) -> None:
    alerts = [
        alert(1, "a", 1, magpsf=math.nan),
        alert(2, "a", 2, magpsf=-999.0, sigmapsf=-999.0),
        alert(3, "a", 3, magpsf=None, diffmaglim=None),
        alert(4, "a", 4, fid=9),
        alert(5, "a", 5, fid=None),
        alert(6, "a", None),
        alert(7, "a", 7, fid=2),
        alert(8, "b", None),
        alert(9, None, 9),
    ]
    rows = objects_of(tmp_path, flat(*alerts))
    assert [(row["objectId"], row["n_alerts"], row["lightcurve"]["candid"]) for row in rows] == [
        ("a", 7, [1, 2, 7]),
        ("b", 1, []),
    ]
    assert rows[0]["lightcurve"]["magpsf"] == [None, None, 18.0]
    assert rows[0]["lightcurve"]["sigmapsf"][1] is None
    assert rows[0]["lightcurve"]["band"] == ["g", "g", "r"]


def test_objects_are_whole_however_the_visits_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alerts = flat(*(alert(n, f"object {n * 7 % 100:03d}", n / 10) for n in range(2_000)))
    whole = objects_of(tmp_path, alerts)
    monkeypatch.setattr(module, "_ROWS_PER_BATCH", 2_048 // 64)
    (tmp_path / "again").mkdir()
    assert objects_of(tmp_path / "again", alerts) == whole
    assert [(row["n_alerts"], len(row["lightcurve"]["jd"])) for row in whole] == [(20, 20)] * 100


def test_a_selection_is_of_alerts(tmp_path: Path) -> None:
    alerts = flat(alert(1, "a", 1), alert(2, "a", 2, fid=2), alert(3, "b'", 3))
    rows = objects_of(tmp_path, alerts, AlertFilter(bands=(2,)))
    assert [(row["objectId"], row["lightcurve"]["candid"]) for row in rows] == [("a", [2])]


def test_no_alerts_are_no_objects(tmp_path: Path) -> None:
    assert objects_of(tmp_path, flat()) == []


@pytest.mark.parametrize("missing", ["objectId", "jd", "fid", "magpsf"])
def test_alerts_without_a_light_curve_are_refused(tmp_path: Path, missing: str) -> None:
    with pytest.raises(InvalidRequest, match=f"have no {missing}"):
        objects_of(tmp_path, flat(alert(1, "a", 1)).drop_columns([missing]))


@pytest.mark.parametrize("name", ["jd", "fid", "magpsf"])
def test_a_name_that_means_something_else_is_refused(tmp_path: Path, name: str) -> None:
    alerts = flat(alert(1, "a", 1))
    texts = alerts.set_column(alerts.schema.get_field_index(name), name, pa.array(["18"]))
    with pytest.raises(InvalidRequest, match="jd, magpsf or fid of these alerts has another type"):
        objects_of(tmp_path, texts)


def test_light_curves_larger_than_the_memory_are_sorted_on_the_disk(tmp_path: Path) -> None:
    rows = 500_000
    names = pa.array([f"object {n * 7919 % rows:07d} {'x' * 100}" for n in range(rows)])
    alerts = pa.table({"objectId": names, "candid": range(rows), "jd": pa.array([JD] * rows)})
    alerts = alerts.append_column("fid", pa.array([1] * rows, pa.int32()))
    alerts = alerts.append_column("magpsf", pa.array([18.0] * rows, pa.float32()))
    with AlertStore(tmp_path / "x.duckdb", memory_limit="120MB") as store:
        store.prepare(TOPIC, "{}", "fingerprint", alerts.schema)
        for begin in range(0, rows, 20_480):
            store.append(alerts.slice(begin, 20_480), {0: begin})
        curves = nested_light_curves(AlertQueries(store))
        assert sum(batch.num_rows for batch in curves) == rows
