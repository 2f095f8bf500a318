"""Choosing a part of the sky, or a list of objects."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from pydantic import ValidationError

from backend.errors import InvalidRequest
from backend.region import MAX_OBJECTS, MAX_POSITIONS, Cone, Positions, Rectangle, Region
from backend.region_text import (
    parse_declination,
    parse_objects,
    parse_position,
    parse_positions,
    parse_radius_arcsec,
    parse_right_ascension,
)
from backend.request_file import invalid_request
from views.components.draft import (
    CENTRE,
    CONE_RADIUS,
    DEC_MAX,
    DEC_MIN,
    EVERYWHERE,
    OBJECTS,
    POSITIONS,
    POSITIONS_RADIUS,
    RA_MAX,
    RA_MIN,
    REGION,
)
from views.components.entry import Entry, Value
from views.components.problems import show_refusal
from views.components.wording import counted

_LABELS = {
    EVERYWHERE: "Everywhere",
    "cone": "Cone",
    "rectangle": "Rectangle",
    "objects": "Objects",
    "positions": "Positions",
}
_DEGREES = "degrees, or hours and degrees"
_LIST_HEIGHT_PX = 140


def region_form() -> Entry[Region]:
    """None for everywhere."""
    form = st.pills(
        "Region",
        list(_LABELS),
        key=REGION,
        format_func=_LABELS.get,
        required=True,
        wrap=True,
        help="Positions are ICRS, in degrees (123.45 -12.5) or sexagesimal (08:13:48 -12:30:00).",
    )
    if form not in _FORMS:
        return Entry(None)
    try:
        return Entry(_FORMS[form]())
    except ValidationError as error:
        problem = str(invalid_request(error))
    except InvalidRequest as error:
        problem = str(error)
    show_refusal(problem)
    return Entry(None, f"Region: {problem}")


def _cone() -> Region:
    left, right = st.columns([3, 1])
    centre = left.text_input("Centre", key=CENTRE, placeholder="10.6847 +41.2688", help=_DEGREES)
    radius = right.text_input("Radius", key=CONE_RADIUS, help="In arcsec, or with a unit: 2 arcmin, 1.5 deg.")
    ra_deg, dec_deg = _filled(centre, "Enter the centre of the cone.", parse_position)
    return Region(cone=Cone(ra_deg=ra_deg, dec_deg=dec_deg, radius_arcsec=parse_radius_arcsec(radius or "")))


def _rectangle() -> Region:
    columns = st.columns(4)
    labels = {RA_MIN: "RA from", RA_MAX: "RA to", DEC_MIN: "Dec from", DEC_MAX: "Dec to"}
    ends = {
        key: column.text_input(label, key=key, help="Eastwards; it may go over 0 h." if key == RA_MAX else None)
        for column, (key, label) in zip(columns, labels.items(), strict=True)
    }
    ask = "Enter all four ends of the rectangle."
    rectangle = Rectangle(
        ra_min_deg=_filled(ends[RA_MIN], ask, parse_right_ascension),
        ra_max_deg=_filled(ends[RA_MAX], ask, parse_right_ascension),
        dec_min_deg=_filled(ends[DEC_MIN], ask, parse_declination),
        dec_max_deg=_filled(ends[DEC_MAX], ask, parse_declination),
    )
    return Region(rectangle=rectangle)


def _objects() -> Region:
    label = f"One objectId a line, {MAX_OBJECTS:,} at most"
    text = st.text_area(label, key=OBJECTS, height=_LIST_HEIGHT_PX, placeholder="ZTF18abcdefg")
    objects = _filled(text, "Paste the objects.", parse_objects)
    st.caption(counted(len(objects), "object"))
    return Region(objects=objects)


def _positions() -> Region:
    label = f"One position a line, {MAX_POSITIONS:,} at most"
    text = st.text_area(label, key=POSITIONS, height=_LIST_HEIGHT_PX, placeholder="10.6847 +41.2688", help=_DEGREES)
    radius = st.text_input("Radius of each", key=POSITIONS_RADIUS, help="In arcsec, or with a unit.", width=200)
    positions = _filled(text, "Paste the positions.", parse_positions)
    st.caption(counted(len(positions), "position"))
    return Region(positions=Positions(ra_dec_deg=positions, radius_arcsec=parse_radius_arcsec(radius or "")))


def _filled(text: str | None, ask: str, parse: Callable[[str], Value]) -> Value:
    """What is meant by a text; a field that is still empty is asked for."""
    if not (text or "").strip():
        raise InvalidRequest(ask)
    return parse(text or "")


_FORMS: dict[str, Callable[[], Region]] = {
    "cone": _cone,
    "rectangle": _rectangle,
    "objects": _objects,
    "positions": _positions,
}
