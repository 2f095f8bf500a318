"""The truth table and the TNS-like catalogue: they agree with the alerts and with each other."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from simulator import name_server, truth
from simulator.archive import simulate_archive
from simulator.truth import TRUTH, update_truth
from tests.unit.simulator.reading import digests

NIGHTS = (date(2024, 5, 1), date(2024, 5, 2), date(2024, 5, 4))
ARCSEC = 1 / 3600
PUBLIC_COLUMNS = (
    "objid,name_prefix,name,ra,declination,redshift,typeid,type,reporting_groupid,reporting_group,source_groupid,"
    "source_group,discoverydate,discoverymag,discmagfilter,filter,reporters,time_received,internal_names,creationdate,"
    "lastmodified"
)
KINDS_OF_SIMBAD = {
    "RRLyr": {"rr_lyrae"},
    "EB*": {"eclipsing_binary"},
    "LPV*": {"long_period_variable"},
    "QSO": {"active_galaxy"},
    "YSO": {"young_star"},
    "CataclyV*": {"cataclysmic"},
}


@pytest.fixture(scope="module")
def folder(archive: Path) -> Path:
    """The folder of the truth of the small archive."""
    return update_truth(archive).folder


@pytest.fixture(scope="module")
def objects(folder: Path) -> pa.Table:
    return pq.read_table(folder / "objects.parquet")


@pytest.fixture(scope="module")
def catalogue(folder: Path) -> list[dict[str, str]]:
    with (folder / "tns_public_objects.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def kind_of(objects: pa.Table) -> dict[str, str]:
    return dict(zip(objects["objectId"].to_pylist(), objects["kind"].to_pylist(), strict=True))


def _apart_arcsec(ra: np.ndarray, dec: np.ndarray, other_ra: np.ndarray, other_dec: np.ndarray) -> np.ndarray:
    across = ((ra - other_ra + 180) % 360 - 180) * np.cos(np.radians(dec))
    return np.hypot(across, dec - other_dec) / ARCSEC


def test_every_object_of_the_archive_is_in_the_truth_once_and_no_other(objects: pa.Table, alerts: pa.Table) -> None:
    assert objects.schema.equals(TRUTH)
    counted = dict(zip(objects["objectId"].to_pylist(), objects["alerts"].to_pylist(), strict=True))
    assert len(counted) == objects.num_rows
    assert counted == Counter(alerts["objectId"].to_pylist())


def test_truth_has_the_alerts_places_and_magnitudes(objects: pa.Table, alerts: pa.Table) -> None:
    candidate = alerts["candidate"].combine_chunks()
    row_of = {name: row for row, name in enumerate(objects["objectId"].to_pylist())}
    rows = np.array([row_of[name] for name in alerts["objectId"].to_pylist()])
    place = [objects[name].to_numpy()[rows] for name in ("ra", "dec")]
    apart = _apart_arcsec(*(candidate.field(name).to_numpy() for name in ("ra", "dec")), *place)
    assert apart.max() < 2
    brightest = np.full(objects.num_rows, np.inf)
    np.minimum.at(brightest, rows, candidate.field("magpsf").to_numpy().astype(float))
    assert np.allclose(brightest, objects["brightest_mag"].to_numpy(), atol=1e-4)


def test_kinds_agree_with_the_labels_of_the_alerts(alerts: pa.Table, kind_of: dict[str, str]) -> None:
    kinds = [kind_of[name] for name in alerts["objectId"].to_pylist()]
    matches = alerts["cdsxmatch"].to_pylist()
    for label, expected in KINDS_OF_SIMBAD.items():
        assert {kind for kind, match in zip(kinds, matches, strict=True) if match == label} == expected
    roid = alerts["roid"].to_pylist()
    assert {kind for kind, score in zip(kinds, roid, strict=True) if score == 3} == {"asteroid", "lens_on_asteroid"}
    tracklets = pc.starts_with(alerts["tracklet"], "TRCK_").fill_null(False).to_pylist()
    assert {kind for kind, is_track in zip(kinds, tracklets, strict=True) if is_track} == {"tracklet"}


def test_scores_are_high_for_what_they_look_for(alerts: pa.Table, kind_of: dict[str, str]) -> None:
    kinds = np.array([kind_of[name] for name in alerts["objectId"].to_pylist()])
    for score, kind in (("snn_snia_vs_nonia", "supernova_ia"), ("rf_kn_vs_nonkn", "kilonova")):
        values = alerts[score].to_numpy()
        assert values[(kinds == kind) & (values > 0)].mean() > 0.3 + values[kinds != kind].mean()


def test_periods_and_peaks_are_given_where_there_are_some(objects: pa.Table) -> None:
    kinds = np.array(objects["kind"].to_pylist())
    known = {name: objects[name].is_valid().to_numpy() for name in ("period_d", "peak_mjd", "peak_mag")}
    periodic = {"rr_lyrae", "eclipsing_binary", "long_period_variable", "pulsator", "uncatalogued_variable"}
    assert set(kinds[known["period_d"]]) == periodic
    assert not np.isin(kinds[~known["period_d"]], list(periodic)).any()
    assert {"supernova_ia", "supernova_ii", "kilonova"} <= set(kinds[known["peak_mjd"]])
    assert set(kinds[known["peak_mjd"]]) <= {"supernova_ia", "supernova_ii", "kilonova", "microlensing"}
    assert np.array_equal(known["peak_mjd"], known["peak_mag"])


def test_nothing_is_much_brighter_than_its_peak(objects: pa.Table) -> None:
    supernovae = objects.filter(pc.starts_with(objects["kind"], "supernova"))
    excess = supernovae["peak_mag"].to_numpy() - supernovae["brightest_mag"].to_numpy()
    assert len(excess) > 10
    assert excess.max() < 0.5


def test_catalogue_has_the_public_columns_and_known_types(folder: Path, catalogue: list[dict[str, str]]) -> None:
    header = (folder / "tns_public_objects.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header.replace('"', "") == PUBLIC_COLUMNS
    types = Counter(row["type"] for row in catalogue)
    assert {"SN Ia", "SN II", ""} <= types.keys() <= name_server.TYPES.keys()
    assert all(row["typeid"] == (str(name_server.TYPES[row["type"]]) if row["type"] else "") for row in catalogue)
    assert all((row["name_prefix"] == "SN") == row["type"].startswith("SN") for row in catalogue)
    for column in ("objid", "name", "internal_names"):
        assert len({row[column] for row in catalogue}) == len(catalogue)
    for row in catalogue:
        times = [datetime.fromisoformat(row[name]) for name in ("discoverydate", "creationdate", "lastmodified")]
        assert times == sorted(times)
        assert row["name"].startswith(row["discoverydate"][:4])


def test_catalogue_and_truth_name_the_same_objects(objects: pa.Table, catalogue: list[dict[str, str]]) -> None:
    reported = objects.filter(objects["tns_name"].is_valid())
    named = dict(zip(reported["objectId"].to_pylist(), reported["tns_name"].to_pylist(), strict=True))
    typed = dict(zip(reported["objectId"].to_pylist(), reported["tns_type"].to_pylist(), strict=True))
    assert named == {row["internal_names"]: row["name"] for row in catalogue}
    assert typed == {row["internal_names"]: row["type"] or None for row in catalogue}
    kinds = Counter(objects["kind"].to_pylist())
    of_supernovae = sum(kind.startswith("supernova") for kind in reported["kind"].to_pylist())
    assert 0.6 < of_supernovae / (kinds["supernova_ia"] + kinds["supernova_ii"]) < 1


def test_catalogues_positions_are_the_objects(objects: pa.Table, catalogue: list[dict[str, str]]) -> None:
    place = {row["objectId"]: (row["ra"], row["dec"]) for row in objects.select(["objectId", "ra", "dec"]).to_pylist()}
    ra, dec = np.array([place[row["internal_names"]] for row in catalogue]).T
    said_ra, said_dec = (np.array([float(row[name]) for row in catalogue]) for name in ("ra", "declination"))
    apart = _apart_arcsec(ra, dec, said_ra, said_dec)
    assert apart.min() > 0
    assert apart.max() < 0.3


def test_label_of_an_alert_is_its_objects_type_from_the_classification_on(
    alerts: pa.Table, catalogue: list[dict[str, str]]
) -> None:
    row_of = {row["internal_names"]: row for row in catalogue}
    labelled = 0
    for name, label, instant in zip(
        *(alerts[column].to_pylist() for column in ("objectId", "tns", "timestamp")), strict=True
    ):
        entry = row_of.get(name)
        is_known = entry is not None and datetime.fromisoformat(f"{entry['lastmodified']}+00:00") < instant
        if label or is_known:
            assert entry is not None
            assert label in ("", entry["type"])
            assert not is_known or label == entry["type"]
            labelled += bool(label)
    assert labelled > 20


def test_truth_follows_the_archives_nights_and_is_the_same_in_any_order(tmp_path: Path) -> None:
    simulate_archive(tmp_path / "all", NIGHTS, 300, stamps="none")
    update_truth(tmp_path / "all")
    simulate_archive(tmp_path / "parts", NIGHTS[1:], 300, stamps="none")
    first = update_truth(tmp_path / "parts")
    before = digests(first.folder)
    simulate_archive(tmp_path / "parts", NIGHTS[:1], 300, stamps="none")
    second = update_truth(tmp_path / "parts")
    assert second.objects > first.objects
    assert digests(first.folder) != before
    assert digests(tmp_path / "all") == digests(tmp_path / "parts")


def test_truth_that_is_up_to_date_is_left_alone(tmp_path: Path) -> None:
    simulate_archive(tmp_path, NIGHTS[:1], 300, stamps="none")
    made = update_truth(tmp_path)
    written_at = (made.folder / "objects.parquet").stat().st_mtime_ns
    assert update_truth(tmp_path) == made
    assert (made.folder / "objects.parquet").stat().st_mtime_ns == written_at


def test_truth_that_cannot_be_finished_leaves_the_earlier_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    simulate_archive(tmp_path, NIGHTS[:1], 300, stamps="none")
    before = digests(update_truth(tmp_path).folder)
    simulate_archive(tmp_path, NIGHTS[1:], 300, stamps="none")

    def fail(path: Path, lasting: object) -> int:
        path.write_text("half a line")
        raise OSError("no space left")

    monkeypatch.setattr(truth, "_write_catalogue", fail)
    with pytest.raises(OSError, match="no space"):
        update_truth(tmp_path)
    assert digests(tmp_path / "_truth") == before


def test_pyarrow_passes_over_the_truth_when_it_reads_the_archive(folder: Path, alerts: pa.Table) -> None:
    read = pq.read_table(folder.parent, columns=["candid"])
    assert read.num_rows == alerts.num_rows
