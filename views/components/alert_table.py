"""A page of alerts; choosing one opens its object."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from backend.alert_filter import AlertFilter
from backend.alert_queries import SCORES, AlertQueries
from backend.light_curve import BANDS
from views.components.table_pages import PAGE_OF, ROWS, Order, page_in_address, pages_below, rows_to_open

_STANDARD = ("objectId", "finkclass", "tnsclass", "observed", "fid", "magpsf", "sigmapsf", *SCORES, "candid")
_COLUMNS, _SORT, _DESCENDING = "table_columns", "table_sort", "table_descending"
_SHOWN = "table_shown"
_ROOM_FOR_MENU_PX = 100
"""A narrower heading is covered by its menu, and cannot be clicked to sort."""
_TITLES = {
    "objectId": "object",
    "finkclass": "class",
    "tnsclass": "TNS type",
    "observed": "observed (UTC)",
    "fid": "band",
    "magpsf": "mag",
    "sigmapsf": "± mag",
}


def alert_table(queries: AlertQueries, chosen: AlertFilter, matching: int) -> str | None:
    """The object of the chosen row; None while none is chosen."""
    columns, sort_by, descending = _choices(queries)
    number, pages = page_in_address(_SHOWN, (chosen, sort_by, descending), matching)
    page = queries.page(columns, chosen, sort_by=sort_by, descending=descending, number=number, rows=ROWS)
    key = f"{PAGE_OF}alerts_{number}_{sort_by}_{descending}_{hash(chosen)}"
    opened = rows_to_open(_readable(page), key, _column_config(), Order(sort_by, descending), _sort)
    pages_below(number, pages, matching, "alert")
    return opened


def _choices(queries: AlertQueries) -> tuple[list[str], str, bool]:
    there = ("observed", *queries.columns)
    standard = [name for name in _STANDARD if name in there and (name == "observed" or queries.has(name))]
    with st.container(horizontal=True, vertical_alignment="center"):
        sort_by = st.selectbox(
            "Sort by",
            ["", *there],
            key=_SORT,
            format_func=lambda name: f"Sorted by {_title(name)}" if name else "In order of arrival",
            label_visibility="collapsed",
            width=240,
        )
        descending = st.toggle("Descending", key=_DESCENDING) if sort_by else False
        with st.popover("Columns", icon=":material/view_column:", type="tertiary"):
            picked = st.multiselect("Columns", there, default=standard, key=_COLUMNS, format_func=_title)
    columns = list(dict.fromkeys(("objectId", *picked)))
    return columns, sort_by or "", descending


def _sort(name: str) -> None:
    is_sorted = st.session_state.get(_SORT) == name
    st.session_state[_SORT] = name
    st.session_state[_DESCENDING] = is_sorted and not st.session_state.get(_DESCENDING)


def _readable(page: pd.DataFrame) -> pd.DataFrame:
    """Bands by their letter, identifiers as text: a browser's numbers have 53 bits."""
    shown = page.copy()
    if "fid" in shown:
        shown["fid"] = shown["fid"].map(lambda number: BANDS.get(number, str(number)))
    for name in shown.columns:
        if shown[name].dtype == "int64" and len(shown) and shown[name].abs().max() > 2**53:
            shown[name] = shown[name].astype(str)
    return shown


def _title(name: str) -> str:
    return _TITLES.get(name, name)


def _column_config() -> dict[str, Any]:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        **{name: text(_title(name)) for name in ("objectId", "finkclass", "tnsclass")},
        "observed": st.column_config.DatetimeColumn(_title("observed"), format="YYYY-MM-DD HH:mm:ss"),
        "fid": text(_title("fid"), width="small"),
        "magpsf": number(
            _title("magpsf"), width=_ROOM_FOR_MENU_PX, format="%.2f", help="Difference magnitude, PSF fit"
        ),
        "sigmapsf": number(_title("sigmapsf"), width=_ROOM_FOR_MENU_PX, format="%.2f", help="Its error, 1 sigma"),
        **{name: number(format="%.3f") for name in SCORES},
    }
