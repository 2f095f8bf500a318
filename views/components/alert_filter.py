"""Narrowing the alerts down: by class, band, magnitude and the object's name."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from backend.alert_classes import FINK, FINK_CLASSES, SIMBAD, UNKNOWN
from backend.alert_filter import AlertFilter
from backend.alert_queries import Facets
from backend.light_curve import BANDS

_CLASSES, _BANDS, _MAGNITUDES, _OBJECT = "filter_classes", "filter_bands", "filter_magnitudes", "filter_object"
_MAGNITUDE_ENDS = "filter_magnitude_ends"


def alert_filter(facets: Facets) -> AlertFilter:
    """The filter that the widgets make together."""
    st.session_state.setdefault(_CLASSES, [])
    st.session_state[_CLASSES] = [name for name in st.session_state[_CLASSES] if name in facets.classes]
    wide, narrow, middle, last = st.columns([4, 2, 3, 2], gap="medium", vertical_alignment="top")
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
    with last:
        beginning = st.text_input("Object", key=_OBJECT, placeholder="ZTF24…", help="The beginning of its name.")
    return AlertFilter(tuple(classes), tuple(bands or ()), *limits, object_id=(beginning or "").strip())


def clear_filter() -> None:
    """Show everything again; a callback."""
    for key in (_CLASSES, _BANDS, _MAGNITUDES, _OBJECT):
        st.session_state.pop(key, None)


def class_label(name: str) -> str:
    """A value of a class column, with where it comes from."""
    if name == UNKNOWN or name.startswith("("):
        return name
    return (FINK if name in FINK_CLASSES else SIMBAD) + name


def _magnitude_limits(facets: Facets) -> tuple[float | None, float | None]:
    """Both limits; None where the slider stands at its end, so that alerts without a magnitude stay in."""
    if facets.magnitudes_mag is None:
        return None, None
    bright, faint = (math.floor(facets.magnitudes_mag[0] * 10) / 10, math.ceil(facets.magnitudes_mag[1] * 10) / 10)
    if bright >= faint:
        return None, None
    if _MAGNITUDES in st.session_state:
        low, high = st.session_state[_MAGNITUDES]
        # A handle that stood at an end stays at the end, wherever that is once more alerts were read.
        old_bright, old_faint = st.session_state.get(_MAGNITUDE_ENDS, (bright, faint))
        low = bright if low <= old_bright else min(max(low, bright), faint)
        high = faint if high >= old_faint else max(min(high, faint), bright)
        st.session_state[_MAGNITUDES] = (low, high)
    else:
        st.session_state[_MAGNITUDES] = (bright, faint)
    st.session_state[_MAGNITUDE_ENDS] = (bright, faint)
    # The range in the session's state makes it a slider with two handles.
    limits: Any = st.slider("Magnitude", bright, faint, step=0.1, format="%.1f", key=_MAGNITUDES)
    low, high = limits
    return (low if low > bright else None), (high if high < faint else None)
