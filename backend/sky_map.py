"""The map of the whole sky: Aitoff's projection, right ascension to the left, 12 h in the middle.

Aitoff (1889): the azimuthal equidistant projection of half of the longitude, twice as wide. With the longitude
``l`` from the centre, the declination ``d`` and ``a = arccos(cos d cos(l/2))``, ``x = 2 cos d sin(l/2) a / sin a`` and
``y = sin d a / sin a``. Equal areas are not equal on it; that is what a density would need, and counts do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

CENTRE_DEG = 180.0
HALF_WIDTH, HALF_HEIGHT = float(np.pi), float(np.pi / 2)
_GRID_DEG = 1.0
_POLE_DEG = (192.85948, 27.12825)
_SMALLEST = 1e-9
"""Below this the sine of an angle is the angle."""


@dataclass(frozen=True, slots=True)
class MapBox:
    """A rectangle on the map, in its own coordinates."""

    x_min: float
    x_max: float
    y_min: float
    y_max: float


WHOLE_SKY = MapBox(-HALF_WIDTH, HALF_WIDTH, -HALF_HEIGHT, HALF_HEIGHT)


def map_place(ra_deg: ArrayLike, dec_deg: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where a position lies on the map.

    Parameters
    ----------
    ra_deg, dec_deg
        ICRS, in degrees; scalars or arrays of one shape.

    Returns
    -------
    tuple of ndarray
        ``x`` from -pi (24 h, at the left) to pi (0 h), ``y`` from -pi/2 to pi/2 (north).
    """
    half = np.radians(np.asarray(ra_deg, dtype=np.float64) - CENTRE_DEG) / 2
    dec = np.radians(np.asarray(dec_deg, dtype=np.float64))
    angle = np.arccos(np.clip(np.cos(dec) * np.cos(half), -1, 1))
    stretch = np.where(angle < _SMALLEST, 1.0, angle / np.maximum(np.sin(angle), _SMALLEST))
    return -2 * np.cos(dec) * np.sin(half) * stretch, np.sin(dec) * stretch


def map_place_sql(ra: str, dec: str) -> tuple[str, str]:
    """`map_place` as two expressions of DuckDB, of the SQL of two angles in degrees."""
    half = f"(radians({ra} - {CENTRE_DEG}) / 2)"
    angle = f"acos(least(1.0, greatest(-1.0, cos(radians({dec})) * cos({half}))))"
    stretch = f"(CASE WHEN {angle} < {_SMALLEST} THEN 1.0 ELSE {angle} / greatest(sin({angle}), {_SMALLEST}) END)"
    return f"(-2 * cos(radians({dec})) * sin({half}) * {stretch})", f"(sin(radians({dec})) * {stretch})"


@lru_cache(maxsize=64)
def bounds_deg(box: MapBox) -> tuple[float, float, float, float] | None:
    """Least and greatest right ascension and declination (deg) between which all of a box lies; None: no sky is in it.

    They are wide by up to two degrees: for a first, quick test.
    """
    ra, dec = np.meshgrid(np.arange(0, 360 + _GRID_DEG, _GRID_DEG), np.arange(-90, 90 + _GRID_DEG, _GRID_DEG))
    x, y = map_place(ra, dec)
    margin = 3 * np.radians(_GRID_DEG)  # a degree is at most half as long again on the map
    inside = (x > box.x_min - margin) & (x < box.x_max + margin) & (y > box.y_min - margin) & (y < box.y_max + margin)
    if not inside.any():
        return None
    near = 2 * _GRID_DEG
    ends = (ra[inside].min() - near, ra[inside].max() + near, dec[inside].min() - near, dec[inside].max() + near)
    return tuple(float(end) for end in ends)  # type: ignore[return-value]


def galactic_plane() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The line of galactic latitude 0, as right ascension and declination in degrees, eastwards.

    The north pole of the Galaxy (ICRS) is that of the Hipparcos catalogue (ESA SP-1200, volume 1, section 1.5.3).
    """
    ra_deg = np.arange(0.0, 360.5, 1.0)
    return ra_deg, np.degrees(np.arctan(-np.cos(np.radians(ra_deg - _POLE_DEG[0])) / np.tan(np.radians(_POLE_DEG[1]))))
