"""``tnsclass`` beside astropy's search; the cells of the sky; catalogue files that are and are not one."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.types import DoubleType, LongType, StructField, StructType

from simulator.archive import night_folder, simulate_archive
from simulator.truth import catalogue_file, update_truth
from spark_scripts.arrow_frame import frame_of
from spark_scripts.sky_cells import SkyGrid
from spark_scripts.tns_catalogue import TnsCatalogue, UnusableCatalogue, parse_catalogue, read_catalogue
from spark_scripts.tns_match import RADIUS_ARCSEC, with_tnsclass

ALERTS = 5_000
NIGHT = date(2024, 9, 1)
MODIFIED = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
POSITION = StructType([StructField("ra", DoubleType()), StructField("dec", DoubleType())])
ALERT = StructType([StructField("candid", LongType()), StructField("candidate", POSITION)])
ARCSEC = 1 / 3600
HEADER = "objid,name_prefix,name,ra,declination,redshift,typeid,type,internal_names"


def _file(*rows: tuple[str, float, float, str], first: str = "") -> bytes:
    """A catalogue file with these (name, ra, declination, type)."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(HEADER.split(","))
    writer.writerows(
        (n, "SN", name, ra, dec, "", "", kind, "ZTF1, ATLAS2") for n, (name, ra, dec, kind) in enumerate(rows)
    )
    return (first + text.getvalue()).encode()


def _catalogue(*rows: tuple[str, float, float, str]) -> TnsCatalogue:
    return parse_catalogue(_file(*rows), MODIFIED, "tns.csv")


def _alerts(spark: SparkSession, positions: list[tuple[float | None, float | None]]) -> DataFrame:
    return spark.createDataFrame([(number, place) for number, place in enumerate(positions)], ALERT).coalesce(1)


def _found(frame: DataFrame, catalogue: TnsCatalogue | None) -> list[str]:
    rows = with_tnsclass(frame, catalogue).select("candid", "tnsclass").collect()
    return [row.tnsclass for row in sorted(rows, key=lambda row: row.candid)]


def _by_astropy(positions: np.ndarray, catalogue: pd.DataFrame) -> list[str]:
    """Nearest by search_around_sky; equally near ones in the catalogue's order, which is that of the names."""
    alerts, sources = (
        SkyCoord(ra, dec, unit="deg") for ra, dec in (positions.T, catalogue[["ra", "dec"]].to_numpy().T)
    )
    source, alert, distance, _ = alerts.search_around_sky(sources, RADIUS_ARCSEC * u.arcsec)
    found = ["Unknown"] * len(positions)
    order = np.lexsort((source, np.round(distance.to_value("uas")), alert))
    for row in order[::-1]:
        found[alert[row]] = f"(TNS) {catalogue['label'][source[row]]}"
    return found


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night of the simulated sky, with its catalogue."""
    folder = tmp_path_factory.mktemp("sky")
    simulate_archive(folder, (NIGHT,), ALERTS, stamps="none")
    update_truth(folder)
    return folder


def test_simulated_alerts_get_the_type_that_astropy_finds(spark: SparkSession, simulated: Path) -> None:
    catalogue = read_catalogue(spark, str(catalogue_file(simulated)))
    (file,) = night_folder(simulated, NIGHT).glob("*.parquet")
    alerts = pq.read_table(file, columns=["candid", "candidate.ra", "candidate.dec"]).flatten()
    positions = alerts.select([1, 2]).to_pandas().to_numpy()
    frame = spark.read.parquet(str(file))
    rows = with_tnsclass(frame, catalogue).select("candid", "tnsclass").collect()
    expected = dict(zip(alerts.column(0).to_pylist(), _by_astropy(positions, catalogue.typed), strict=True))
    assert {row.candid: row.tnsclass for row in rows} == expected
    assert len(rows) == ALERTS
    assert len(set(expected.values())) > 3


def test_crowds_poles_and_the_meridian_agree_with_astropy(spark: SparkSession) -> None:
    """Each place has some sources and alerts within a few arcsec, so that most alerts have several to choose from."""
    draw = np.random.default_rng(5)
    places = [(draw.uniform(0, 360), dec) for dec in (90, 89.9999, 89.99, 75, 45, 0, -0.005, -30, -89.999, -90)]
    places += [(0.0, dec) for dec in (-89.9, -60, -0.01, 0.01, 33.3, 89.5)] + [(359.99999, 12.0), (180.0, 89.99999)]
    centres = SkyCoord(*np.repeat(np.array(places), 15, axis=0).T, unit="deg")

    def scattered() -> np.ndarray:
        size = len(centres)
        moved = centres.directional_offset_by(draw.uniform(0, 360, size) * u.deg, draw.uniform(0, 8, size) * u.arcsec)
        return np.column_stack([moved.ra.deg, moved.dec.deg])

    sources, positions = scattered(), scattered()
    rows = [(f"2024{n:04}", ra, dec, f"type {n}") for n, (ra, dec) in enumerate(sources.tolist())]
    catalogue = _catalogue(*rows)
    found = _found(_alerts(spark, [tuple(place) for place in positions.tolist()]), catalogue)
    assert found == _by_astropy(positions, catalogue.typed)
    assert 0.2 * len(found) < found.count("Unknown") < 0.8 * len(found)


def test_borders_ties_and_what_has_no_position(spark: SparkSession) -> None:
    cases = [
        ((10.0, 20.0 + 1.5 * ARCSEC), "Unknown" if RADIUS_ARCSEC < 1.5 else "(TNS) AGN"),
        ((10.0, 20.0 + 1.50001 * ARCSEC), "Unknown"),
        ((50.0, 5.0), "(TNS) first by name"),
        ((60.0, 70.0), "(TNS) first by name"),
        ((80.0, 0.0), "(TNS) nearer"),
        ((100.0, 0.0), "Unknown"),
        ((0.0, 90.0), "(TNS) polar"),
        ((360.0, 10.0), "(TNS) at 0 h"),
        ((0.0, 10.0), "(TNS) at 0 h"),
        ((None, 20.0), "Unknown"),
        ((10.0, float("nan")), "Unknown"),
        ((float("nan"), 90.0), "Unknown"),
        (None, "Unknown"),
    ]
    catalogue = _catalogue(
        ("2024a", 10.0, 20.0, "AGN"),
        ("2024zz", 50.0, 5.0 + ARCSEC, "second"),
        ("2024b", 50.0, 5.0 - ARCSEC, "first by name"),
        ("2024d", 60.0, 70.0, "second"),
        ("2024c", 60.0, 70.0, "first by name"),
        ("2024e", 80.0, 1.2 * ARCSEC, "further"),
        ("2024f", 80.0, 1.1 * ARCSEC, "nearer"),
        ("2024g", 80.0, 0.0, ""),  # nearest of all, but not classified
        ("2024h", 100.0, 0.0, ""),
        ("2024i", 123.0, 90.0 - ARCSEC, "polar"),
        ("2024j", 360.0 - ARCSEC, 10.0, "at 0 h"),
    )
    frame = _alerts(spark, [position for position, _ in cases])
    assert list(zip(_found(frame, catalogue), cases, strict=True)) == [(want, (place, want)) for place, want in cases]


def test_alerts_are_neither_moved_nor_added_nor_seen_by_python(spark: SparkSession) -> None:
    frame = spark.range(100).select(
        F.col("id").alias("candid"), F.expr("named_struct('ra', 10D + id, 'dec', 20D) AS candidate")
    )
    matched = with_tnsclass(frame, _catalogue(("a", 10.0, 20.0, "AGN"), ("b", 10.0, 20.0, "QSO")))
    assert matched.columns == [*frame.columns, "tnsclass"]
    assert matched.rdd.getNumPartitions() == frame.rdd.getNumPartitions()
    plan = matched._jdf.queryExecution().executedPlan().toString()
    assert "BroadcastHashJoin" in plan
    assert "BroadcastExchange" in plan
    for other in ("Python", "ShuffleExchange", "Exchange hashpartitioning", "Sort "):
        assert other not in plan
    assert sorted(matched.groupBy("tnsclass").count().collect()) == [("(TNS) AGN", 1), ("Unknown", 99)]


def test_without_a_catalogue_or_types_every_alert_is_unknown(spark: SparkSession) -> None:
    frame = _alerts(spark, [(10.0, 20.0)])
    assert _found(frame, None) == ["Unknown"]
    assert _found(frame, _catalogue(("2024a", 10.0, 20.0, ""))) == ["Unknown"]


SKY = st.tuples(
    st.floats(0, 360),
    st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 90.0]), st.floats(89.9, 90), st.floats(-90, -89.9)),
)


@settings(max_examples=300)
@given(SKY, st.floats(0, 360), st.floats(0, 1), st.sampled_from([0.1, 1.5, 60.0, 3600.0]))
def test_a_circle_touches_the_cell_of_every_position_within_it(
    centre: tuple[float, float], angle_deg: float, share: float, radius_arcsec: float
) -> None:
    """The cells as Spark computes them are held against these by the tests above and below."""
    grid = SkyGrid.for_radius(radius_arcsec)
    moved = SkyCoord(*centre, unit="deg").directional_offset_by(angle_deg * u.deg, share * radius_arcsec * u.arcsec)
    _, touched = grid.cells_touched(np.array([centre[0]]), np.array([centre[1]]), radius_arcsec)
    _, here = grid.cells_touched(np.array([moved.ra.deg]), np.array([moved.dec.deg]), 0.0)
    assert set(here) & set(touched)
    assert len(touched) == len(set(touched))


def test_spark_and_numpy_number_the_cells_alike(spark: SparkSession) -> None:
    draw = np.random.default_rng(3)
    ra_deg, dec_deg = draw.uniform(0, 360, 3000), np.degrees(np.arcsin(draw.uniform(-1, 1, 3000)))
    table = pd.DataFrame({"ra": ra_deg, "dec": dec_deg})
    frame = frame_of(spark, pa.Table.from_pandas(table, preserve_index=False), POSITION)
    for radius_arcsec in (1.5, 3600.0, 36000.0):
        grid = SkyGrid.for_radius(radius_arcsec)
        rows = frame.select("ra", "dec", F.expr(grid.cell_sql("ra", "dec")).alias("cell")).toPandas()
        source, cell = grid.cells_touched(rows["ra"].to_numpy(), rows["dec"].to_numpy(), 0.0)
        in_own = rows["cell"].to_numpy()[source] == cell
        assert set(source[in_own]) == set(range(len(rows)))


def test_the_version_is_the_date_in_the_file_or_of_the_file_and_a_hash(spark: SparkSession, tmp_path: Path) -> None:
    row = ("2024a", 10.0, 20.0, "SN Ia")
    dated, plain = _file(row, first='"2026-02-01 00:00:00"\n'), _file(row)
    assert parse_catalogue(dated, MODIFIED, "").version.startswith("2026-02-01 00:00:00 (")
    assert parse_catalogue(plain, MODIFIED, "").version.startswith("2026-03-01 12:30:00 (")
    other = _file(("2024a", 10.0, 20.0, "SN II"))
    assert parse_catalogue(plain, MODIFIED, "").version != parse_catalogue(other, MODIFIED, "").version
    file = tmp_path / "tns public objects.csv.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("tns_public_objects.csv", dated)
    read = read_catalogue(spark, str(file))
    assert read.version.startswith("2026-02-01 00:00:00 (")
    assert read.typed.to_dict("records") == [{"ra": 10.0, "dec": 20.0, "label": "SN Ia"}]


GOOD = ("2024a", 10.0, 20.0, "SN Ia")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "none of its first lines names the columns name, ra, declination, type"),
        (b"a,b\n1,2\n", "none of its first lines names the columns"),
        (b"\x93\x00\xff", "it is no text"),
        (b"PK\x03\x04 and no more", "it is no text"),
        (_file(("2024a", 10.0, 95.0, "SN Ia")), "declination is '95.0' in row 1 after the header"),
        (_file(GOOD, ("2024b", float("nan"), 5.0, "SN Ia")), "ra is 'nan' in row 2"),
        (_file(GOOD) + b'"1","SN","2024b","10.0","20', "it ends within a row"),
        (_file(GOOD) + b'"1","SN","2024b","10.0","20.0"', "it ends within a row"),
        (_file(GOOD) + b'"1","SN","20\n' + _file(GOOD), "in row 2 after the header, not so many degrees"),
    ],
)
def test_what_is_no_catalogue_is_refused_with_a_reason(data: bytes, said: str) -> None:
    with pytest.raises(UnusableCatalogue, match=f"The TNS catalogue at tns.csv cannot be used: .*({said})"):
        parse_catalogue(data, MODIFIED, "tns.csv")


def test_a_file_that_is_not_there_or_a_folder_is_named(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(UnusableCatalogue, match=r"There is no TNS catalogue at .*/absent\.csv"):
        read_catalogue(spark, f"{tmp_path}/absent.csv")
    with pytest.raises(UnusableCatalogue, match="cannot be read"):
        read_catalogue(spark, "nosuch://place/tns.csv")
