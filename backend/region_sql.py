"""A region as DuckDB's predicate over the table of sample rows.

``spark_scripts/region.py`` says the same for the job; the two are tested against each other.
"""

from __future__ import annotations

import math

from backend.region import Cone, Positions, Rectangle, Region

RA, DEC, OBJECT = '"candidate.ra"', '"candidate.dec"', '"objectId"'
BORDER_ARCSEC = 1e-6
"""What is further away by no more than this lies within: positions are not known so well, and numbers are rounded."""
SMALLEST_ZONE_DEG = 0.1
FULL_TURN_DEG = 360.0


def duckdb_predicate(region: Region) -> str:
    """The alerts in the region, borders included; to be used in WHERE (it may hold a sub-query).

    The table has the columns ``candidate.ra``, ``candidate.dec`` (the dot is part of the name) and ``objectId``.
    """
    if region.cone is not None:
        return _in_cone(region.cone)
    if region.rectangle is not None:
        return _in_rectangle(region.rectangle)
    if region.positions is not None:
        return _near_positions(region.positions)
    return _of_objects(region.objects or ())


def _in_cone(cone: Cone) -> str:
    height_deg = (cone.radius_arcsec + BORDER_ARCSEC) / 3600
    is_level = f"{DEC} BETWEEN {_number(cone.dec_deg - height_deg)} AND {_number(cone.dec_deg + height_deg)}"
    return f"({is_level} AND {_is_within(_number(cone.ra_deg), _number(cone.dec_deg), cone.radius_arcsec)})"


def _in_rectangle(box: Rectangle) -> str:
    ranges = _ra_ranges(box.ra_min_deg, box.ra_max_deg)
    in_ranges = " OR ".join(f"{RA} BETWEEN {_number(west)} AND {_number(east)}" for west, east in ranges)
    return f"({DEC} BETWEEN {_number(box.dec_min_deg)} AND {_number(box.dec_max_deg)} AND ({in_ranges}))"


def _ra_ranges(ra_min_deg: float, ra_max_deg: float) -> list[tuple[float, float]]:
    """The right ascensions eastwards from the first to the second, without one that goes over 0 h; 360 is 0."""
    if ra_min_deg > ra_max_deg:
        return [(ra_min_deg, FULL_TURN_DEG), (0.0, ra_max_deg)]
    ranges = [(ra_min_deg, ra_max_deg)]
    if ra_max_deg == FULL_TURN_DEG:
        ranges.append((0.0, 0.0))
    if ra_min_deg == 0:
        ranges.append((FULL_TURN_DEG, FULL_TURN_DEG))
    return ranges


def _near_positions(positions: Positions) -> str:
    """A position is looked for in each zone of declination that its circle touches: DuckDB joins by the zone."""
    radius_deg = (positions.radius_arcsec + 2 * BORDER_ARCSEC) / 3600
    height_deg = max(radius_deg, SMALLEST_ZONE_DEG)

    def zone_of(dec_deg: float) -> int:
        return math.floor((dec_deg + 90.0) / height_deg)

    rows = ", ".join(
        f"({zone}, {_number(ra)}, {_number(dec)})"
        for ra, dec in positions.ra_dec_deg
        for zone in range(zone_of(dec - radius_deg), zone_of(dec + radius_deg) + 1)
    )
    is_near = _is_within("position.ra_deg", "position.dec_deg", positions.radius_arcsec)
    zone = f"floor(({DEC} + 90.0::DOUBLE) / {_number(height_deg)})"
    return (
        f"EXISTS (SELECT 1 FROM (VALUES {rows}) AS position(zone, ra_deg, dec_deg)"  # noqa: S608 numbers alone
        f" WHERE position.zone = {zone} AND {is_near})"
    )


def _of_objects(objects: tuple[str, ...]) -> str:
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in dict.fromkeys(objects))
    return f"{OBJECT} IN ({names})"


def _is_within(ra_deg: str, dec_deg: str, radius_arcsec: float) -> str:
    """By the haversine formula."""
    half_dec, half_ra = (f"radians({there} - {here}) / 2" for here, there in ((DEC, dec_deg), (RA, ra_deg)))
    haversine = f"pow(sin({half_dec}), 2) + cos(radians({DEC})) * cos(radians({dec_deg})) * pow(sin({half_ra}), 2)"
    return f"degrees(2 * asin(sqrt(least({haversine}, 1)))) * 3600 <= {_number(radius_arcsec + BORDER_ARCSEC)}"


def _number(value: float) -> str:
    """Exactly this double; without the type DuckDB would take a decimal number."""
    return f"{float(value)!r}::DOUBLE"
