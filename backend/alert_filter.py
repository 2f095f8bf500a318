"""Which of a store's alerts to look at, and what that is as a condition of DuckDB."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from backend.alert_classes import UNKNOWN
from backend.region import Cone
from backend.sky_map import MapBox, bounds_deg, map_place_sql
from backend.stored_columns import JD_OF_UNIX_EPOCH, StoredColumns

CLASS_COLUMNS = ("finkclass", "tnsclass")
_UNIX_EPOCH = date(1970, 1, 1)
_ARCSEC_OF_DEG = 3600.0


class ValueRange(NamedTuple):
    """The values of a column from one to another, both included."""

    column: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts to show; what is empty or None does not restrict.

    Parameters
    ----------
    classes
        Values of ``finkclass`` or ``tnsclass``; an alert matches when one of its two is among them.
    bands
        Values of ``fid``.
    brightest_mag, faintest_mag
        Limits of ``magpsf``, both included.
    object_id
        Beginning of the object's name.
    nights
        First and last day (UTC) of ``jd``, both included.
    cone
        Around a position, its border included.
    map_box
        A part of `backend.sky_map`.
    ranges
        Columns of numbers, each with its least and greatest value.
    objects
        Only these, by their names, such as those with a mark.
    """

    classes: tuple[str, ...] = ()
    bands: tuple[int, ...] = ()
    brightest_mag: float | None = None
    faintest_mag: float | None = None
    object_id: str = ""
    nights: tuple[date, date] | None = None
    cone: Cone | None = None
    map_box: MapBox | None = None
    ranges: tuple[ValueRange, ...] = ()
    objects: tuple[str, ...] | None = None


EVERYTHING = AlertFilter()


def where_clause(chosen: AlertFilter, columns: StoredColumns) -> tuple[str, list[Any]]:
    """A WHERE clause for what is chosen, and the values of its parameters; both empty for everything.

    What the alerts have no column for does not restrict.
    """
    tests: list[tuple[str, list[Any]]] = []
    classes = [column for column in CLASS_COLUMNS if columns.expression(column)]
    if chosen.classes and classes:
        either = " OR ".join(f"({names_class(column)} AND list_contains($$, {column}))" for column in classes)
        tests.append((f"({either})", [list(chosen.classes)] * len(classes)))
    if chosen.bands and (band := columns.expression("fid")):
        tests.append((f"list_contains($$, {band})", [list(chosen.bands)]))
    if magnitude := columns.magnitude("magpsf"):
        limits = ((">=", chosen.brightest_mag), ("<=", chosen.faintest_mag))
        tests += [(f"{magnitude} {sign} $$", [limit]) for sign, limit in limits if limit is not None]
    if chosen.object_id and (name := columns.expression("objectId")):
        tests.append((f"starts_with({name}, $$)", [chosen.object_id]))
    if chosen.objects is not None and (name := columns.expression("objectId")):
        tests.append((f"list_contains($$, {name})", [list(chosen.objects)]))
    if chosen.nights and (time := columns.expression("jd")):
        first, last = ((night - _UNIX_EPOCH).days + JD_OF_UNIX_EPOCH for night in chosen.nights)
        tests.append((f"({time} >= $$ AND {time} < $$)", [first, last + 1]))
    for column, low, high in chosen.ranges:
        if value := columns.to_show(column) if column in columns.numeric else None:
            tests.append((f"({value} BETWEEN $$ AND $$)", [low, high]))
    if place := columns.place():
        tests += _in_sky(chosen, *place)
    return _numbered(tests)


def names_class(column: str) -> str:
    """Where a column says something: an alert that TNS does not know may well have a class."""
    return f"{column} <> '{UNKNOWN}'" if column == "tnsclass" else f"{column} IS NOT NULL"


def _in_sky(chosen: AlertFilter, ra: str, dec: str) -> list[tuple[str, list[Any]]]:
    tests: list[tuple[str, list[Any]]] = []
    if chosen.cone:
        centre, radius_deg = chosen.cone, chosen.cone.radius_arcsec / _ARCSEC_OF_DEG
        # The half angle's sine: exact also for a few arcseconds, where a cosine has no digits left.
        apart = (
            f"2 * degrees(asin(least(1.0, sqrt(sin(radians({dec} - $$) / 2) ** 2"
            f" + cos(radians({dec})) * cos(radians($$)) * sin(radians({ra} - $$) / 2) ** 2))))"
        )
        level = [centre.dec_deg - radius_deg, centre.dec_deg + radius_deg]
        place = [centre.dec_deg, centre.dec_deg, centre.ra_deg]
        tests.append((f"({dec} BETWEEN $$ AND $$ AND {apart} <= $$)", [*level, *place, radius_deg]))
    if box := chosen.map_box:
        if bounds := bounds_deg(box):
            tests.append((f"({ra} BETWEEN $$ AND $$ AND {dec} BETWEEN $$ AND $$)", list(bounds)))
        x, y = map_place_sql(ra, dec)
        borders = [box.x_min, box.x_max, box.y_min, box.y_max]
        tests.append((f"({x} BETWEEN $$ AND $$ AND {y} BETWEEN $$ AND $$)", borders))
    return tests


def _numbered(tests: list[tuple[str, list[Any]]]) -> tuple[str, list[Any]]:
    """The tests joined, each ``$$`` a parameter with a number of its own."""
    parts = " AND ".join(test for test, _ in tests).split("$$")
    clause = parts[0] + "".join(f"${number}{part}" for number, part in enumerate(parts[1:], 1))
    return (f"WHERE {clause}" if tests else ""), [value for _, values in tests for value in values]
