"""Narrowing the alerts down: by class, band, magnitude, night, place and the object's name; kept in the address."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from typing import Any

import streamlit as st
from pydantic import ValidationError

from backend.alert_classes import FINK, FINK_CLASSES, SIMBAD, UNKNOWN
from backend.alert_filter import EVERYTHING, AlertFilter
from backend.alert_queries import Facets
from backend.errors import InvalidRequest
from backend.filter_address import PARAMETERS, from_address, to_address
from backend.light_curve import BANDS
from backend.region import Cone
from backend.region_text import parse_position, parse_radius_arcsec
from views.components.mark_box import marked_objects
from views.components.problems import show_refusal

_CLASSES, _BANDS, _MAGNITUDES, _OBJECT = "filter_classes", "filter_bands", "filter_magnitudes", "filter_object"
_NIGHTS, _CENTRE, _RADIUS = "filter_nights", "filter_centre", "filter_radius"
_MAGNITUDE_ENDS, _NIGHT_ENDS = "filter_magnitude_ends", "filter_night_ends"
_CHOSEN_MAGNITUDES, _CHOSEN_NIGHTS = "filter_chosen_magnitudes", "filter_chosen_nights"
_IS_CHOOSING_NIGHTS = "filter_is_choosing_nights"
_NO_LIMITS: tuple[float | None, float | None] = (None, None)
_FROM_CHARTS = "filter_from_charts"
"""What of the filter was selected in charts, and has no widget here."""
_LAST = "filter_last"
_MARKED = "filter_marked"
_RADIUS_ARCSEC = "60"
_ALL = (
    _CLASSES,
    _BANDS,
    _CHOSEN_MAGNITUDES,
    _OBJECT,
    _CHOSEN_NIGHTS,
    _IS_CHOOSING_NIGHTS,
    _CENTRE,
    _RADIUS,
    _FROM_CHARTS,
    _MARKED,
)


def alert_filter(facets: Facets, transfer_name: str) -> AlertFilter:
    """The filter that the widgets and charts make together; the address has it from then on."""
    if _CLASSES not in st.session_state:
        _fill(_remembered(transfer_name), facets)
    st.session_state[_CLASSES] = [name for name in st.session_state[_CLASSES] if name in facets.classes]
    wide, narrow, middle = st.columns([4, 2, 3], gap="medium", vertical_alignment="top")
    with wide:
        classes = st.multiselect(
            "Class",
            list(facets.classes),
            key=_CLASSES,
            format_func=lambda name: f"{class_label(name)} · {facets.classes.get(name, 0):,}",
            placeholder="All classes",
            select_all=False,
        )
    with narrow:
        bands = st.pills(
            "Band", list(facets.bands), selection_mode="multi", format_func=lambda n: BANDS.get(n, str(n)), key=_BANDS
        )
    with middle:
        limits = _magnitude_limits(facets)
    left, middle, right = st.columns([3, 4, 2], gap="medium", vertical_alignment="top")
    with left:
        nights = _night_limits(facets)
    with middle:
        cone = _cone()
    with right:
        beginning = st.text_input("Object", key=_OBJECT, placeholder="ZTF24…", help="The beginning of its name.")
    marked = marked_objects()
    only_marked = bool(marked or st.session_state.get(_MARKED)) and st.toggle("Marked objects only", key=_MARKED)
    from_charts: AlertFilter = st.session_state.get(_FROM_CHARTS, EVERYTHING)
    chosen = AlertFilter(
        tuple(classes),
        tuple(bands or ()),
        *limits,
        object_id=(beginning or "").strip(),
        nights=nights,
        cone=cone,
        map_box=from_charts.map_box,
        ranges=from_charts.ranges,
        objects=marked if only_marked else None,
    )
    _name(chosen, transfer_name)
    return chosen


def clear_filter() -> None:
    """Show everything again; a callback."""
    for key in _ALL:
        st.session_state.pop(key, None)
    st.session_state[_CLASSES] = []


def narrow_to(**part: Any) -> None:
    """Change a part of the filter, as a chart does; a callback.

    Parameters
    ----------
    part
        ``nights`` or ``magnitudes``, which have a widget; ``map_box`` or ``ranges``, which have none.
    """
    for name, key in (("nights", _CHOSEN_NIGHTS), ("magnitudes", _CHOSEN_MAGNITUDES)):
        if name in part:
            st.session_state[key] = part.pop(name)
    if part:
        st.session_state[_FROM_CHARTS] = replace(st.session_state.get(_FROM_CHARTS, EVERYTHING), **part)


def class_label(name: str) -> str:
    """A value of a class column, with where it comes from."""
    if name == UNKNOWN or name.startswith("("):
        return name
    return (FINK if name in FINK_CLASSES else SIMBAD) + name


def _remembered(transfer_name: str) -> AlertFilter:
    """What the address says; or else what the filter was when the page was left."""
    told = {name: values for name in PARAMETERS if (values := st.query_params.get_all(name))}
    if told:
        return from_address(told)
    last_transfer, last = st.session_state.get(_LAST, ("", EVERYTHING))
    return last if last_transfer == transfer_name else EVERYTHING


def _name(chosen: AlertFilter, transfer_name: str) -> None:
    st.session_state[_LAST] = (transfer_name, chosen)
    told = to_address(chosen)
    for name in PARAMETERS:
        if told.get(name, []) != st.query_params.get_all(name):
            if name in told:
                st.query_params[name] = told[name]
            else:
                st.query_params.pop(name, None)


def _fill(chosen: AlertFilter, facets: Facets) -> None:
    """Give the widgets what the filter says, before they are drawn."""
    st.session_state[_CLASSES] = list(chosen.classes)
    st.session_state[_BANDS] = [band for band in chosen.bands if band in facets.bands]
    st.session_state[_OBJECT] = chosen.object_id
    if chosen.cone:
        st.session_state[_CENTRE] = f"{chosen.cone.ra_deg:g} {chosen.cone.dec_deg:+g}"
        st.session_state[_RADIUS] = f"{chosen.cone.radius_arcsec:g}"
    st.session_state[_CHOSEN_MAGNITUDES] = (chosen.brightest_mag, chosen.faintest_mag)
    st.session_state[_CHOSEN_NIGHTS] = chosen.nights
    st.session_state[_MARKED] = chosen.objects is not None
    st.session_state[_FROM_CHARTS] = AlertFilter(map_box=chosen.map_box, ranges=chosen.ranges)


def _magnitude_ends(facets: Facets) -> tuple[float, float] | None:
    if facets.magnitudes_mag is None:
        return None
    bright, faint = (math.floor(facets.magnitudes_mag[0] * 10) / 10, math.ceil(facets.magnitudes_mag[1] * 10) / 10)
    return (bright, faint) if bright < faint else None


def _magnitude_limits(facets: Facets) -> tuple[float | None, float | None]:
    """Both limits; None where the slider stands at its end, so that alerts without a magnitude stay in."""
    ends = _magnitude_ends(facets)
    if ends is None:
        return None, None
    low, high = st.session_state.get(_CHOSEN_MAGNITUDES, _NO_LIMITS)
    if (low is not None and low > ends[1]) or (high is not None and high < ends[0]):
        low, high = _NO_LIMITS  # left over from other alerts
    bright = ends[0] if low is None else max(low, ends[0])
    faint = ends[1] if high is None else min(high, ends[1])
    # What the widget had is not asked: while alerts arrive it may still be that of the ends before.
    st.session_state[_MAGNITUDES] = (bright, faint)
    st.session_state[_MAGNITUDE_ENDS] = ends
    st.slider("Magnitude", *ends, step=0.1, format="%.1f", key=_MAGNITUDES, on_change=_choose_magnitudes)
    return (bright if bright > ends[0] else None), (faint if faint < ends[1] else None)


def _choose_magnitudes() -> None:
    (low, high), ends = st.session_state[_MAGNITUDES], st.session_state[_MAGNITUDE_ENDS]
    st.session_state[_CHOSEN_MAGNITUDES] = (low if low > ends[0] else None, high if high < ends[1] else None)


def _night_limits(facets: Facets) -> tuple[date, date] | None:
    """First and last night; None where all are shown, and while only one of them is chosen."""
    if facets.nights is None or facets.nights[0] == facets.nights[1]:
        return None
    first, last = facets.nights
    chosen = st.session_state.get(_CHOSEN_NIGHTS)
    is_none = chosen is None or chosen[1] < first or chosen[0] > last  # the latter left over from other alerts
    shown = facets.nights if is_none else (max(chosen[0], first), min(chosen[1], last))
    if not st.session_state.get(_IS_CHOOSING_NIGHTS):
        st.session_state[_NIGHTS] = shown
    st.session_state[_NIGHT_ENDS] = facets.nights
    st.date_input(
        "Nights (UTC)",
        min_value=first,
        max_value=last,
        key=_NIGHTS,
        format="YYYY-MM-DD",
        on_change=_choose_nights,
    )
    return None if shown == facets.nights else shown


def _choose_nights() -> None:
    nights = tuple(st.session_state[_NIGHTS])
    st.session_state[_IS_CHOOSING_NIGHTS] = len(nights) == 1  # the other end comes with the next click
    if len(nights) != 1:
        is_all = not nights or nights == st.session_state[_NIGHT_ENDS]
        st.session_state[_CHOSEN_NIGHTS] = None if is_all else nights


def _cone() -> Cone | None:
    left, right = st.columns([3, 1], gap="small")
    centre = left.text_input(
        "Around", key=_CENTRE, placeholder="10.6847 +41.2688", help="ICRS: degrees, or hours and degrees."
    )
    st.session_state.setdefault(_RADIUS, _RADIUS_ARCSEC)
    radius = right.text_input("Radius", key=_RADIUS, help="In arcsec, or with a unit: 2 arcmin, 1.5 deg.")
    if not (centre or "").strip():
        return None
    try:
        ra_deg, dec_deg = parse_position(centre or "")
        return Cone(ra_deg=ra_deg, dec_deg=dec_deg, radius_arcsec=parse_radius_arcsec(radius or ""))
    except (InvalidRequest, ValidationError) as error:
        said = str(error) if isinstance(error, InvalidRequest) else "The radius must be below ten degrees."
        show_refusal(said)
        return None
