"""A page of objects, one row each; choosing one opens it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from backend.alert_filter import AlertFilter
from backend.object_list import AMPLITUDE, ObjectList
from views.components.light_curve_chart import BANDS
from views.components.table_pages import PAGE_OF, ROWS, Order, page_in_address, pages_below, rows_to_open

_SORT, _DESCENDING, _SHOWN = "objects_sort", "objects_descending", "objects_shown"
_SMALLEST_FIRST = ("objectId", "brightest", "finkclass", "tnsclass")
"""What one wants to see first of these: names from A on, and of magnitudes the bright ones."""
_TITLES = {
    "objectId": "name",
    "alerts": "number of alerts",
    "first": "first alert",
    "last": "last alert",
    "finkclass": "class",
    "tnsclass": "TNS type",
    **{AMPLITUDE.format(band=band): f"amplitude in {band}" for band in BANDS},
}


def object_table(objects: ObjectList, chosen: AlertFilter, matching: int) -> str | None:
    """The chosen object; None while none is chosen.

    Parameters
    ----------
    matching
        How many objects have alerts that match.
    """
    columns = objects.columns
    with st.container(horizontal=True, vertical_alignment="center"):
        sort_by = st.selectbox(
            "Sort objects by",
            columns,
            index=columns.index("alerts"),
            key=_SORT,
            format_func=lambda name: f"Sorted by {_TITLES.get(name, name)}",
            label_visibility="collapsed",
            width=240,
            persist_state="page",
        )
        key = f"{_DESCENDING}_{sort_by}"
        st.session_state.setdefault(key, sort_by not in _SMALLEST_FIRST)
        descending = st.toggle("Descending", key=key, persist_state="page")
    number, pages = page_in_address(_SHOWN, (chosen, sort_by, descending), matching)
    page = objects.page(chosen, sort_by=sort_by, descending=descending, number=number, rows=ROWS)
    key = f"{PAGE_OF}objects_{number}_{sort_by}_{descending}_{hash(chosen)}"
    opened = rows_to_open(page, key, _column_config(), Order(sort_by, descending), _sort)
    pages_below(number, pages, matching, "object")
    return opened


def _sort(name: str) -> None:
    descending = f"{_DESCENDING}_{name}"
    if st.session_state[_SORT] == name:
        st.session_state[descending] = not st.session_state[descending]
    st.session_state[_SORT] = name


def _column_config() -> dict[str, Any]:
    number, text, moment = (
        st.column_config.NumberColumn,
        st.column_config.TextColumn,
        st.column_config.DatetimeColumn,
    )
    last = "Of its last alert that matches"
    return {
        "objectId": text("object"),
        "alerts": number("alerts", format="localized"),
        "first": moment("first (UTC)", format="YYYY-MM-DD HH:mm"),
        "last": moment("last (UTC)", format="YYYY-MM-DD HH:mm"),
        "brightest": number("brightest (mag)", format="%.2f", help="Difference magnitude, in any band"),
        "finkclass": text("class", help=last),
        "tnsclass": text("TNS type", help=last),
        **{
            AMPLITUDE.format(band=band): number(
                f"Δ{band} (mag)", format="%.2f", help=f"Faintest less brightest difference magnitude in {band}"
            )
            for band in BANDS
        },
    }
