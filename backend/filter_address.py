"""A filter as the parameters of an address, and back: a link shows what its sender saw."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date

from backend.alert_filter import EVERYTHING, AlertFilter, ValueRange
from backend.region import Cone
from backend.sky_map import MapBox

CLASS, BAND, MAGNITUDE, NAME = "class", "band", "mag", "name"
NIGHTS, CONE, MAP, RANGE = "nights", "cone", "map", "range"
PARAMETERS = (CLASS, BAND, MAGNITUDE, NAME, NIGHTS, CONE, MAP, RANGE)
_MOST = 100
"""Values that are read of one parameter."""


def to_address(chosen: AlertFilter) -> dict[str, list[str]]:
    """Parameter -> values; a parameter that does not restrict is left out."""
    cone, box = chosen.cone, chosen.map_box
    limits = (chosen.brightest_mag, chosen.faintest_mag)
    told: dict[str, list[str]] = {
        CLASS: list(chosen.classes),
        BAND: [str(band) for band in chosen.bands],
        MAGNITUDE: [] if limits == (None, None) else [",".join("" if each is None else repr(each) for each in limits)],
        NAME: [chosen.object_id] if chosen.object_id else [],
        NIGHTS: [",".join(night.isoformat() for night in chosen.nights)] if chosen.nights else [],
        CONE: [_numbers(cone.ra_deg, cone.dec_deg, cone.radius_arcsec)] if cone else [],
        MAP: [_numbers(box.x_min, box.x_max, box.y_min, box.y_max)] if box else [],
        RANGE: [f"{each.column},{_numbers(each.low, each.high)}" for each in chosen.ranges],
    }
    return {name: values for name, values in told.items() if values}


def from_address(told: Mapping[str, Sequence[str]]) -> AlertFilter:
    """The filter of an address; what is not understood does not restrict."""
    chosen = EVERYTHING
    for name, read in _READERS.items():
        if values := list(told.get(name, ()))[:_MOST]:
            with suppress(ValueError):  # somebody typed it, or it comes from another version
                chosen = read(chosen, values)
    return chosen


def _numbers(*numbers: float) -> str:
    return ",".join(map(repr, numbers))


def _read(text: str, count: int) -> list[float]:
    numbers = [float(each) for each in text.split(",")]
    if len(numbers) != count or not all(map(math.isfinite, numbers)):
        raise ValueError(text)
    return numbers


def _band(text: str) -> int:
    if not (text.isdecimal() and len(text) == 1):
        raise ValueError(text)
    return int(text)


def _magnitude(chosen: AlertFilter, text: str) -> AlertFilter:
    bright, faint = text.split(",")
    limits = [_read(each, 1)[0] if each else None for each in (bright, faint)]
    return replace(chosen, brightest_mag=limits[0], faintest_mag=limits[1])


def _nights(chosen: AlertFilter, text: str) -> AlertFilter:
    first, last = map(date.fromisoformat, text.split(","))
    return replace(chosen, nights=(first, last))


def _cone(chosen: AlertFilter, text: str) -> AlertFilter:
    ra_deg, dec_deg, radius_arcsec = _read(text, 3)
    return replace(chosen, cone=Cone(ra_deg=ra_deg, dec_deg=dec_deg, radius_arcsec=radius_arcsec))


def _range(text: str) -> ValueRange:
    column, low, high = text.rsplit(",", 2)
    return ValueRange(column, *_read(f"{low},{high}", 2))


_READERS: dict[str, Callable[[AlertFilter, list[str]], AlertFilter]] = {
    CLASS: lambda chosen, values: replace(chosen, classes=tuple(values)),
    BAND: lambda chosen, values: replace(chosen, bands=tuple(map(_band, values))),
    MAGNITUDE: lambda chosen, values: _magnitude(chosen, values[0]),
    NAME: lambda chosen, values: replace(chosen, object_id=values[0]),
    NIGHTS: lambda chosen, values: _nights(chosen, values[0]),
    CONE: lambda chosen, values: _cone(chosen, values[0]),
    MAP: lambda chosen, values: replace(chosen, map_box=MapBox(*_read(values[0], 4))),
    RANGE: lambda chosen, values: replace(chosen, ranges=tuple(map(_range, values))),
}
