"""The alerts themselves: identifiers, places, times, histories, class inputs, words for 'no value'."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from simulator.schema import ALERT
from tests.unit.simulator.conftest import ALERTS_PER_NIGHT, NIGHTS

TIMESTAMPS = ("timestamp", "brokerIngestTimestamp", "brokerStartProcessTimestamp", "brokerEndProcessTimestamp")


@pytest.fixture(scope="session")
def real_schema(real_alerts: Path) -> pa.Schema:
    """The schema of the newest night of real alerts."""
    files = sorted((real_alerts / "archive/science/year=2026/month=03/day=22").glob("*.parquet"))
    return pq.ParquetFile(files[0]).schema_arrow


@pytest.fixture(scope="session")
def detections(alerts: pa.Table) -> dict[str, np.ndarray]:
    """The numeric fields of ``candidate``, by name."""
    candidate = alerts["candidate"].combine_chunks()
    return {
        field.name: candidate.field(field.name).to_numpy(zero_copy_only=False)
        for field in candidate.type
        if not pa.types.is_string(field.type)
    }


@pytest.fixture(scope="session")
def histories(alerts: pa.Table) -> dict[str, np.ndarray]:
    """Every entry of every history: fields by name, and ``row``, the alert it belongs to."""
    column = alerts["prv_candidates"].combine_chunks()
    entries = column.flatten()
    names = ("jd", "candid", "magpsf", "diffmaglim", "fid", "pid", "ra", "rb", "sigmapsf")
    found = {name: entries.field(name).to_numpy(zero_copy_only=False) for name in names}
    # Identifiers have 19 digits: a float, NumPy's way to hold nulls, would round them.
    found["candid"] = entries.field("candid").fill_null(-1).to_numpy()
    return found | {"row": pc.list_parent_indices(column).to_numpy()}


def test_schema_is_the_real_archives_with_timestamps_as_timestamps(real_schema: pa.Schema, alerts: pa.Table) -> None:
    assert alerts.schema.names == real_schema.names
    assert len(alerts.schema) == 58
    for real, ours in zip(real_schema, alerts.schema, strict=True):
        expected = pa.timestamp("us", tz="UTC") if real.name in TIMESTAMPS else real.type
        assert ours.type == expected, real.name


def test_files_keep_the_declared_schema(alerts: pa.Table) -> None:
    assert alerts.schema.equals(ALERT)
    assert alerts.schema.field("candidate").type.num_fields == 103
    assert alerts.schema.field("prv_candidates").type.value_type.num_fields == 57


def test_candid_is_unique_and_the_same_inside_and_out(alerts: pa.Table) -> None:
    assert pc.count_distinct(alerts["candid"]).as_py() == alerts.num_rows == len(NIGHTS) * ALERTS_PER_NIGHT
    assert alerts["candid"].combine_chunks() == alerts["candidate"].combine_chunks().field("candid")


def test_exposures_lie_within_their_night(alerts: pa.Table, detections: dict[str, np.ndarray]) -> None:
    night = np.repeat(np.arange(len(NIGHTS)), ALERTS_PER_NIGHT)
    night_begin_jd = 2460554.5 + night  # 2024-09-01 0 h UT
    assert np.all((detections["jd"] > night_begin_jd) & (detections["jd"] < night_begin_jd + 1))
    instants = alerts["timestamp"].cast(pa.int64()).to_numpy() / 1e6 / 86400 + 2440587.5
    assert np.allclose(instants, detections["jd"], atol=2e-6)


def test_objects_keep_their_place(alerts: pa.Table, detections: dict[str, np.ndarray]) -> None:
    names = alerts["objectId"].to_numpy(zero_copy_only=False)
    order = np.argsort(names, kind="stable")
    same = names[order][1:] == names[order][:-1]
    assert same.sum() > 1000
    dec, ra = detections["dec"][order], detections["ra"][order]
    across = (np.diff(ra) + 180) % 360 - 180
    apart_arcsec = 3600 * np.hypot(np.diff(dec), across * np.cos(np.radians(dec[1:])))
    assert np.max(apart_arcsec[same]) < 3


def test_measurements_are_plausible(detections: dict[str, np.ndarray]) -> None:
    assert np.all(detections["dec"] >= -30.01)
    assert np.all((detections["ra"] >= 0) & (detections["ra"] < 360))
    assert set(np.unique(detections["fid"])) == {1, 2, 3}
    assert np.all(detections["magpsf"] < detections["diffmaglim"])
    assert np.quantile(detections["magpsf"], 0.02) > 15
    assert np.quantile(detections["magpsf"], 0.98) < 20.7
    faint = detections["magpsf"] > 19.5
    assert detections["sigmapsf"][faint].mean() > 2 * detections["sigmapsf"][detections["magpsf"] < 17.5].mean()
    assert np.all(detections["sigmapsf"] < 1.0857 / 5 + 1e-4)


def test_past_is_consistent(detections: dict[str, np.ndarray]) -> None:
    assert np.all(detections["jdstarthist"] <= detections["jd"])
    assert np.all(detections["jdendhist"] >= detections["jd"])
    assert np.all(detections["ncovhist"] >= 1)
    new = detections["ndethist"] == 1
    assert np.array_equal(detections["jdstarthist"][new], detections["jd"][new])
    assert 0.14 < new.mean() < 0.26  # the real night 2024-01-15: 0.20


def test_history_is_older_than_its_alert_and_in_order(
    histories: dict[str, np.ndarray], detections: dict[str, np.ndarray]
) -> None:
    age_d = detections["jd"][histories["row"]] - histories["jd"]
    assert age_d.min() > 0
    assert age_d.max() < 31
    same_alert = np.diff(histories["row"]) == 0
    assert np.all(np.diff(histories["jd"])[same_alert] > 0)


def test_history_holds_detections_and_upper_limits(histories: dict[str, np.ndarray]) -> None:
    detected = ~np.isnan(histories["magpsf"])
    assert 0.2 < detected.mean() < 0.6
    assert np.array_equal(detected, histories["candid"] > 0)
    assert np.array_equal(detected, ~np.isnan(histories["sigmapsf"]))
    assert not np.isnan(histories["diffmaglim"]).any()


def test_history_is_made_of_the_objects_own_earlier_alerts(
    alerts: pa.Table, histories: dict[str, np.ndarray], detections: dict[str, np.ndarray]
) -> None:
    row_of = {candid: row for row, candid in enumerate(alerts["candid"].to_pylist())}
    names = alerts["objectId"].to_pylist()
    recent = np.flatnonzero((histories["candid"] > 0) & (histories["jd"] > detections["jd"].min()))
    assert len(recent) > 1000
    for entry in recent[::7]:
        earlier = row_of[histories["candid"][entry]]
        assert names[earlier] == names[histories["row"][entry]]
        for field in ("jd", "magpsf", "sigmapsf", "ra", "rb", "fid"):
            assert histories[field][entry] == detections[field][earlier], field


def test_history_leaves_no_earlier_alert_out_and_its_limits_are_no_alerts(
    alerts: pa.Table, histories: dict[str, np.ndarray], detections: dict[str, np.ndarray]
) -> None:
    names = np.array(alerts["objectId"].to_pylist())
    _, objects = np.unique(names, return_inverse=True)
    visits = np.stack([objects, detections["pid"]], axis=1)
    alert_visits = {tuple(visit) for visit in visits.tolist()}
    limits = np.isnan(histories["magpsf"])
    limit_visits = np.stack([objects[histories["row"]], histories["pid"]], axis=1)[limits]
    assert not alert_visits & {tuple(visit) for visit in limit_visits.tolist()}

    has_history = alerts["prv_candidates"].is_valid().to_numpy()
    shown = np.bincount(histories["row"][~limits & (histories["jd"] > detections["jd"].min())], minlength=len(names))
    first = histories["candid"] == alerts["candid"].to_numpy()[detections["jd"].argmin()]
    shown += np.bincount(histories["row"][first], minlength=len(names))
    order = np.lexsort((detections["jd"], objects))
    is_first = np.append(True, np.diff(objects[order]) != 0)
    number = np.arange(len(order))
    earlier = np.empty_like(number)
    earlier[order] = number - np.maximum.accumulate(np.where(is_first, number, 0))
    assert np.array_equal(shown[has_history], earlier[has_history])


def test_length_of_histories_spreads_from_null_to_hundreds(alerts: pa.Table) -> None:
    lengths = pc.list_value_length(alerts["prv_candidates"])
    assert lengths.null_count > 0
    assert pc.max(lengths).as_py() > 200
    assert 30 < pc.mean(lengths).as_py() < 60


def test_class_inputs_for_every_rule_are_there(alerts: pa.Table, detections: dict[str, np.ndarray]) -> None:
    column = {
        name: alerts[name].to_numpy()
        for name in ("mulens", "roid", "snn_snia_vs_nonia", "snn_sn_vs_all", "rf_snia_vs_nonia", "rf_kn_vs_nonkn")
    }
    is_real = (detections["drb"] > 0.5) & (detections["classtar"] > 0.4)
    unmatched = pc.equal(alerts["cdsxmatch"], "Unknown").to_numpy()
    age_d = detections["jd"] - detections["jdstarthist"]
    snn = np.maximum(column["snn_snia_vs_nonia"], column["snn_sn_vs_all"])
    both = np.minimum(column["snn_snia_vs_nonia"], column["snn_sn_vs_all"])
    transient = unmatched & is_real
    fired = {
        "microlensing": (column["mulens"] > 0) & (column["roid"] == 0),
        "supernova": transient & (snn > 0.5) & (age_d <= 90) & (detections["ndethist"] > 1),
        "early Ia": transient & (both > 0.5) & (column["rf_snia_vs_nonia"] > 0.5) & (detections["ndethist"] <= 20),
        "kilonova": transient & (column["rf_kn_vs_nonkn"] > 0.5) & (age_d < 5) & (detections["ndethist"] < 20),
        "candidate of the solar system": column["roid"] == 2,
        "tracklet": pc.starts_with(alerts["tracklet"], "TRCK_").fill_null(False).to_numpy(),
        "minor planet": column["roid"] == 3,
        "ambiguous": (column["mulens"] > 0) & (column["roid"] == 3),
    }
    assert {rule: bool(rows.any()) for rule, rows in fired.items()} == dict.fromkeys(fired, True)
    assert 0.1 < fired["minor planet"].mean() < 0.3


def test_simbad_types_spread_over_old_and_new_spellings(alerts: pa.Table) -> None:
    types = Counter(alerts["cdsxmatch"].to_pylist())
    assert {"RRLyr", "RRLyrae", "EB*", "EclBin", "YSO_Candidate", "Candidate_YSO", "Fail 500"} <= types.keys()
    assert any("/" in name for name in types)
    assert any(">" in name for name in types)
    assert len(types) > 40


def test_no_value_is_spelled_as_in_the_real_archive(alerts: pa.Table, detections: dict[str, np.ndarray]) -> None:
    candidate = alerts["candidate"].combine_chunks()
    assert "null" in candidate.field("ssnamenr").to_pylist()
    assert {"t", "f", "1", "0"} == set(candidate.field("isdiffpos").to_pylist())
    assert (detections["ssdistnr"] == -999).mean() > 0.5
    assert (detections["sgmag1"] == -999).any()
    assert {"nan", "Unknown"} <= set(alerts["vsx"].to_pylist())
    assert "nan" in alerts["DR3Name"].to_pylist()
    assert np.isnan(alerts["Plx"].drop_null().to_numpy()).mean() > 0.1
    assert alerts["Plx"].null_count > 0
    assert {None, "None"} <= set(alerts["tracklet"].to_pylist())
    assert "" in alerts["tns"].to_pylist()
    assert -1 in alerts["spicy_id"].to_pylist()
    assert alerts["anomaly_score"].null_count > 0
    assert np.isnan(pc.struct_field(alerts["lc_features_g"], "skew").drop_null().to_numpy()).any()
    assert dict(alerts["mangrove"][0].as_py()).keys() == {"HyperLEDA_name", "2MASS_name", "lum_dist", "ang_dist"}
