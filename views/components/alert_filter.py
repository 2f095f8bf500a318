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
from views.components.counted_choice import chosen_again, with_count
from views.components.mark_box import marked_objects
from views.components.problems import show_refusal

_CLASSES = "classes"
_CHOSEN, _TO_CHOOSE = "filter_chosen", "filter_to_choose"
"""What was chosen at last, and of which transfer; what something else than the widgets wants to be chosen."""
_DRAWN = "filter_drawn"
"""How often the widgets began anew."""
_RADIUS_ARCSEC = "60"


def alert_filter(facets: Facets, transfer_name: str) -> AlertFilter:
    """The filter that the widgets and charts make together; the address has it from then on."""
    was = _begin(facets, transfer_name)
    wide, narrow, middle = st.columns([4, 2, 3], gap="medium", vertical_alignment="top")
    with wide:
        classes = _classes(facets, was)
    with narrow:
        bands = st.pills(
            "Band",
            list(facets.bands),
            default=[band for band in was.bands if band in facets.bands],
            selection_mode="multi",
            format_func=lambda number: BANDS.get(number, str(number)),
            key=_key("bands"),
        )
    with middle:
        brightest_mag, faintest_mag = _magnitude_limits(facets, was)
    left, middle, right = st.columns([3, 4, 2], gap="medium", vertical_alignment="top")
    with left:
        nights = _night_limits(facets, was)
    with middle:
        cone = _cone(was)
    with right:
        beginning = st.text_input(
            "Object", was.object_id, key=_key("object"), placeholder="ZTF24…", help="The beginning of its name."
        )
    marked, was_marked = marked_objects(), was.objects is not None
    is_marked_only = bool(marked or was_marked) and st.toggle("Marked objects only", was_marked, key=_key("marked"))
    chosen = replace(
        was,  # what was selected in charts and has no widget
        classes=classes,
        bands=tuple(bands or ()),
        brightest_mag=brightest_mag,
        faintest_mag=faintest_mag,
        object_id=(beginning or "").strip(),
        nights=nights,
        cone=cone,
        objects=marked if is_marked_only else None,
    )
    _keep(chosen, transfer_name)
    return chosen


def clear_filter() -> None:
    """Show everything again; a callback."""
    st.session_state[_TO_CHOOSE] = EVERYTHING


def narrow_to(**part: Any) -> None:
    """Change a part of the filter, as a chart does; a callback.

    Parameters
    ----------
    part
        Attributes of `AlertFilter`.
    """
    _, chosen = st.session_state[_CHOSEN]
    st.session_state[_TO_CHOOSE] = replace(st.session_state.get(_TO_CHOOSE, chosen), **part)


def class_label(name: str) -> str:
    """A value of a class column, with where it comes from."""
    if name == UNKNOWN or name.startswith("("):
        return name
    return (FINK if name in FINK_CLASSES else SIMBAD) + name


def _begin(facets: Facets, transfer_name: str) -> AlertFilter:
    """What the widgets begin with, those that are drawn for the first time.

    A new filter (from the address, a chart, or for everything) gives them new keys, so that they are other widgets. To
    change the value of one that the browser has would be a race: its next answer may still have the value of before.
    """
    known_for, chosen = st.session_state.get(_CHOSEN, ("", EVERYTHING))
    anew = st.session_state.pop(_TO_CHOOSE, None)
    if known_for != transfer_name or _key(_CLASSES) not in st.session_state:  # the page was just opened
        anew = _in_address(chosen if known_for == transfer_name else EVERYTHING)
    elif anew is None:
        classes = st.session_state[_key(_CLASSES)]
        told = chosen_again(classes, {class_label(name): name for name in facets.classes})
        anew = None if told == classes else replace(chosen, classes=tuple(told))
    if anew is None:
        return chosen
    st.session_state[_DRAWN] = st.session_state.get(_DRAWN, 0) + 1
    _keep(anew, transfer_name)
    return anew


def _keep(chosen: AlertFilter, transfer_name: str) -> None:
    st.session_state[_CHOSEN] = (transfer_name, chosen)
    told = to_address(chosen)
    for name in PARAMETERS:
        if told.get(name, []) != st.query_params.get_all(name):
            if name in told:
                st.query_params[name] = told[name]
            else:
                st.query_params.pop(name, None)


def _key(name: str, *ends: Any) -> str:
    return "_".join(map(str, ("filter", name, st.session_state.get(_DRAWN, 0), *ends)))


def _in_address(chosen: AlertFilter) -> AlertFilter:
    """What the address says; where it says nothing else, what is chosen, of which it need not have all."""
    told = {name: values for name in PARAMETERS if (values := st.query_params.get_all(name))}
    return from_address(told) if told and told != to_address(chosen) else chosen


def _classes(facets: Facets, was: AlertFilter) -> tuple[str, ...]:
    return tuple(
        st.multiselect(
            "Class",
            list(facets.classes),
            default=[name for name in was.classes if name in facets.classes],
            key=_key(_CLASSES),
            format_func=lambda name: with_count(class_label(name), facets.classes.get(name)),
            placeholder="All classes",
            select_all=False,
        )
    )


def _magnitude_ends(facets: Facets) -> tuple[float, float] | None:
    if facets.magnitudes_mag is None:
        return None
    bright, faint = (math.floor(facets.magnitudes_mag[0] * 10) / 10, math.ceil(facets.magnitudes_mag[1] * 10) / 10)
    return (bright, faint) if bright < faint else None


def _magnitude_limits(facets: Facets, was: AlertFilter) -> tuple[float | None, float | None]:
    """Both limits; None where the slider stands at its end, so that alerts without a magnitude stay in."""
    ends = _magnitude_ends(facets)
    if ends is None:
        return None, None
    low = ends[0] if was.brightest_mag is None else was.brightest_mag
    high = ends[1] if was.faintest_mag is None else was.faintest_mag
    begin = ends if low > ends[1] or high < ends[0] else (max(low, ends[0]), min(high, ends[1]))
    bright, faint = st.slider("Magnitude", *ends, begin, step=0.1, format="%.1f", key=_key("magnitudes", *ends))
    return (bright if bright > ends[0] else None), (faint if faint < ends[1] else None)


def _night_limits(facets: Facets, was: AlertFilter) -> tuple[date, date] | None:
    """First and last night; None where all are shown."""
    if facets.nights is None or facets.nights[0] == facets.nights[1]:
        return None
    first, last = facets.nights
    is_outside = was.nights is None or was.nights[1] < first or was.nights[0] > last
    begin = facets.nights if is_outside else (max(was.nights[0], first), min(was.nights[1], last))
    told = st.date_input(
        "Nights (UTC)",
        begin,
        min_value=first,
        max_value=last,
        key=_key("nights", *facets.nights),
        format="YYYY-MM-DD",
    )
    nights = tuple(told) if len(told) == 2 else begin  # one alone: the other end comes with the next click
    return None if nights == facets.nights else nights


def _cone(was: AlertFilter) -> Cone | None:
    left, right = st.columns([3, 1], gap="small")
    centre = left.text_input(
        "Around",
        f"{was.cone.ra_deg:.10g} {was.cone.dec_deg:+.10g}" if was.cone else "",
        key=_key("centre"),
        placeholder="10.6847 +41.2688",
        help="ICRS: degrees, or hours and degrees.",
    )
    radius = right.text_input(
        "Radius",
        f"{was.cone.radius_arcsec:.10g}" if was.cone else _RADIUS_ARCSEC,
        key=_key("radius"),
        help="In arcsec, or with a unit: 2 arcmin, 1.5 deg.",
    )
    if not (centre or "").strip():
        return None
    try:
        ra_deg, dec_deg = parse_position(centre or "")
        return Cone(ra_deg=ra_deg, dec_deg=dec_deg, radius_arcsec=parse_radius_arcsec(radius or ""))
    except (InvalidRequest, ValidationError) as error:
        said = str(error) if isinstance(error, InvalidRequest) else "The radius must be below ten degrees."
        show_refusal(said)
        return None
