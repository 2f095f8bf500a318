"""The map of the sky: Aitoff's properties, the same in SQL, and the plane of the Galaxy where astropy has it."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from hypothesis import given
from hypothesis import strategies as st

from backend.sky_map import CENTRE_DEG, WHOLE_SKY, MapBox, bounds_deg, galactic_plane, map_place, map_place_sql

ra_deg = st.floats(0, 360)
dec_deg = st.floats(-90, 90)


def test_the_equator_and_the_middle_meridian_are_true_to_scale() -> None:
    ra = np.linspace(0, 360, 37)
    x, y = map_place(ra, np.zeros_like(ra))
    assert x == pytest.approx(np.radians(CENTRE_DEG - ra), abs=1e-9)  # to the left with right ascension
    assert y == pytest.approx(0, abs=1e-12)
    dec = np.linspace(-90, 90, 19)
    x, y = map_place(np.full_like(dec, CENTRE_DEG), dec)
    assert x == pytest.approx(0, abs=1e-12)
    assert y == pytest.approx(np.radians(dec), abs=1e-9)


@given(ra_deg, dec_deg)
def test_every_position_lies_in_the_ellipse_north_up(ra: float, dec: float) -> None:
    x, y = (float(each) for each in map_place(ra, dec))
    assert (x / WHOLE_SKY.x_max) ** 2 + (y / WHOLE_SKY.y_max) ** 2 <= 1 + 1e-9
    assert np.sign(y) == np.sign(dec) or abs(y) < 1e-9
    mirrored = tuple(float(each) for each in map_place(2 * CENTRE_DEG - ra, -dec))
    assert mirrored == pytest.approx((-x, -y), abs=1e-9)


def test_duckdb_places_as_numpy_does() -> None:
    rng = np.random.default_rng(3)
    ra = np.concatenate([rng.uniform(0, 360, 500), [0, 180, 360, 180, 180, 0]])
    dec = np.concatenate([rng.uniform(-90, 90, 500), [0, 0, 0, 90, -90, 90]])
    x, y = map_place_sql("ra", "dec")
    connection = duckdb.connect()
    connection.register("positions", {"ra": ra, "dec": dec})
    found = np.array(connection.execute(f"SELECT {x}, {y} FROM positions").fetchall())
    assert pytest.approx(np.array(map_place(ra, dec)), abs=1e-9) == found.T


@given(ra_deg, dec_deg, st.floats(0.001, 2), st.floats(0.001, 1))
def test_the_bounds_of_a_box_hold_all_of_it(ra: float, dec: float, wide: float, high: float) -> None:
    x, y = (float(each) for each in map_place(ra, dec))
    bounds = bounds_deg(MapBox(x - wide, x + wide / 3, y - high / 3, y + high))
    assert bounds is not None
    assert bounds[0] <= ra <= bounds[1]
    assert bounds[2] <= dec <= bounds[3]


def test_a_box_beside_the_sky_has_no_bounds() -> None:
    assert bounds_deg(MapBox(2.9, 3.1, 1.4, 1.5)) is None


def test_the_plane_of_the_galaxy_is_where_its_latitude_is_0() -> None:
    latitude = SkyCoord(*galactic_plane(), unit="deg").galactic.b.deg
    assert latitude == pytest.approx(0, abs=1e-3)
