"""Regions in Spark, in DuckDB and by astropy: the same alerts, on all of the sky."""

from __future__ import annotations

import math

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.types import DoubleType, LongType, StringType, StructType

from backend.region import Region
from backend.region_sql import duckdb_predicate
from spark_scripts.arrow_frame import frame_of
from spark_scripts.region import within_region

FLAT = (
    StructType()
    .add("candid", LongType())
    .add("objectId", StringType())
    .add("candidate.ra", DoubleType())
    .add("candidate.dec", DoubleType())
)
PLACES = [(0, 90), (0, -90), (0, 0), (359.999, 45), (120, 30), (250, -60), (10, 89.7)]
"""Where alerts crowd."""
EDGES = [
    (0.0, 90.0), (123.0, 90.0), (123.0, -90.0), (0.0, 0.0), (360.0, 0.0), (0.0, 45.0), (360.0, 45.0), (350.0, 10.0),
    (10.0, 10.0), (10.0, 20.0), (350.0, 20.0), (180.0, 0.0), (120.0, 31.0), (120.0, 30.0), (120.0, 29.0),
]  # fmt: skip


def _positions() -> np.ndarray:
    """Over the whole sky, crowded in places, and on the borders of the regions asked for."""
    draw = np.random.default_rng(11)
    size = 1500
    spread = np.column_stack([draw.uniform(0, 360, size), np.degrees(np.arcsin(draw.uniform(-1, 1, size)))])
    centres = SkyCoord(*np.repeat(np.array(PLACES, float), 250, axis=0).T, unit="deg")
    angle, distance = draw.uniform(0, 360, len(centres)), draw.exponential(0.8, len(centres))
    crowd = centres.directional_offset_by(angle * u.deg, distance * u.deg)
    return np.concatenate([spread, np.column_stack([crowd.ra.deg, crowd.dec.deg]), np.array(EDGES)])


POSITIONS = _positions()
SKY = SkyCoord(*POSITIONS.T, unit="deg")
NAMES = [f"ZTF{number % 900:03}" for number in range(len(POSITIONS))]


@pytest.fixture(scope="module")
def table() -> pa.Table:
    """The alerts as the sample has them, and four without a position after them."""
    ra, dec = POSITIONS.T.tolist()
    return pa.table(
        {
            "candid": range(len(ra) + 4),
            "objectId": [*NAMES, "ZTF000", None, "ZTF999", "ZTF001"],
            "candidate.ra": [*ra, None, math.nan, 120.0, math.nan],
            "candidate.dec": [*dec, 30.0, 30.0, None, math.nan],
        }
    )


@pytest.fixture(scope="module")
def alerts(spark: SparkSession, table: pa.Table) -> DataFrame:
    """The same alerts as the archive has them."""
    flat = frame_of(spark, table, FLAT)
    position = F.struct(F.col("`candidate.ra`").alias("ra"), F.col("`candidate.dec`").alias("dec")).alias("candidate")
    return flat.select("candid", "objectId", position).coalesce(1).cache()


def _cone(ra_deg: float, dec_deg: float, radius_arcsec: float) -> dict[str, object]:
    return {"cone": {"ra_deg": ra_deg, "dec_deg": dec_deg, "radius_arcsec": radius_arcsec}}


def _box(ra_min_deg: float, ra_max_deg: float, dec_min_deg: float, dec_max_deg: float) -> dict[str, object]:
    box = {"ra_min_deg": ra_min_deg, "ra_max_deg": ra_max_deg, "dec_min_deg": dec_min_deg, "dec_max_deg": dec_max_deg}
    return {"rectangle": box}


def _near(positions: list[tuple[float, float]], radius_arcsec: float) -> dict[str, object]:
    return {"positions": {"ra_dec_deg": positions, "radius_arcsec": radius_arcsec}}


DRAW = np.random.default_rng(7)
CONES = [
    (0.0, 90.0, 3600.0), (77.0, -90.0, 36000.0), (0.0, 0.0, 36000.0), (359.999, 45.0, 1800.0), (360.0, 45.0, 7200.0),
    (10.0, 89.7, 3600.0), (120.0, 30.0, 3600.0), (250.0, -60.0, 20.0), (180.0, 89.5, 3600.0), (120.0, 30.0, 1e-3),
]  # fmt: skip
BOXES = [
    (350.0, 10.0, 10.0, 20.0), (350.0, 360.0, -90.0, 90.0), (0.0, 360.0, -1.0, 1.0), (0.0, 10.0, -5.0, 45.0),
    (20.0, 10.0, 89.0, 90.0), (0.0, 360.0, 89.0, 90.0), (120.0, 120.0, 29.0, 31.0), (360.0, 0.0, 0.0, 45.0),
    (240.0, 260.0, -62.5, -57.25),
]  # fmt: skip
LISTS = [
    ([*PLACES, (0.0, 45.0)], 3600.0),
    ([tuple(place) for place in POSITIONS[DRAW.choice(len(POSITIONS), 1000)].tolist()], 30.0),
    ([(0.0, -90.0), (0.0, 90.0), (360.0, 0.0), (360.0, 0.0)], 1200.0),
    ([(float(ra), 89.9) for ra in range(0, 360, 2)], 600.0),
]


def _in_cones(centres: list[tuple[float, float]], radius_arcsec: float) -> set[int]:
    """By astropy; the border is where astropy's own rounding ends."""
    within = (radius_arcsec + 1e-6) * u.arcsec
    return {
        int(row)
        for ra, dec in centres
        for row in np.flatnonzero(SKY.separation(SkyCoord(ra, dec, unit="deg")) <= within)
    }


def _in_box(ra_min_deg: float, ra_max_deg: float, dec_min_deg: float, dec_max_deg: float) -> set[int]:
    """By the length of the way eastwards from the first right ascension."""
    width = 360.0 if (ra_min_deg, ra_max_deg) == (0.0, 360.0) else (ra_max_deg - ra_min_deg) % 360.0
    ra_deg, dec_deg = POSITIONS.T
    inside = ((ra_deg - ra_min_deg) % 360.0 <= width) & (dec_min_deg <= dec_deg) & (dec_deg <= dec_max_deg)
    return {int(row) for row in np.flatnonzero(inside)}


CASES = [
    *((_cone(*cone), _in_cones([cone[:2]], cone[2])) for cone in CONES),
    *((_box(*box), _in_box(*box)) for box in BOXES),
    *((_near(positions, radius), _in_cones(positions, radius)) for positions, radius in LISTS),
]


def test_spark_duckdb_and_astropy_find_the_same_alerts(alerts: DataFrame, table: pa.Table) -> None:
    sample = duckdb.connect()
    sample.register("sample", table)
    assert sum(bool(expected) for _, expected in CASES) > 0.8 * len(CASES)
    for form, expected in CASES:
        region = Region.model_validate(form)
        predicate = duckdb_predicate(region)
        by_duckdb = {row[0] for row in sample.sql(f"SELECT candid FROM sample WHERE {predicate}").fetchall()}
        assert by_duckdb == expected, form
        asked = within_region(alerts, region.model_dump(mode="json"))
        assert asked.columns == alerts.columns
        rows = [row.candid for row in asked.select("candid").collect()]
        assert sorted(rows) == sorted(expected), form


def test_ten_thousand_objects(alerts: DataFrame, table: pa.Table) -> None:
    names = ["ZTF001", *(f"ZTF{number:05}" for number in range(9_997)), "ZTF899", "ZTF000"]
    region = Region.model_validate({"objects": names})
    expected = [
        n for n, name in enumerate(table.column("objectId").to_pylist()) if name in ("ZTF000", "ZTF001", "ZTF899")
    ]
    asked = within_region(alerts, region.model_dump(mode="json"))
    assert asked.columns == alerts.columns
    assert sorted(row.candid for row in asked.select("candid").collect()) == expected
    sample = duckdb.connect()
    sample.register("sample", table)
    rows = sample.sql(f"SELECT candid FROM sample WHERE {duckdb_predicate(region)} ORDER BY 1").fetchall()
    assert [row[0] for row in rows] == expected


def test_no_region_means_everywhere(alerts: DataFrame) -> None:
    assert within_region(alerts, None) is alerts


def test_alerts_are_not_moved(alerts: DataFrame) -> None:
    for form in (_near([(0.0, 0.0)], 5.0), {"objects": ["ZTF001"]}):
        region = Region.model_validate(form).model_dump(mode="json")
        plan = within_region(alerts, region)._jdf.queryExecution().executedPlan().toString()
        assert "Broadcast" in plan
        assert "ShuffleExchange" not in plan
        assert "Python" not in plan
