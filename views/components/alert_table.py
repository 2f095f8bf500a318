"""A page of alerts; choosing one opens its object."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from backend.alert_filter import AlertFilter
from backend.alert_queries import SCORES, AlertQueries
from backend.light_curve import BANDS

ROWS = 50
_ROW_PX, _VISIBLE_ROWS = 33, 12
_STANDARD = ("objectId", "finkclass", "tnsclass", "observed", "fid", "magpsf", "sigmapsf", *SCORES, "candid")
_COLUMNS, _SORT, _DESCENDING = "table_columns", "table_sort", "table_descending"
_SHOWN = "table_shown"
"""Filter and order that the pages were counted for: with others, the first page comes first."""


def alert_table(queries: AlertQueries, chosen: AlertFilter, matching: int) -> str | None:
    """The object of the chosen row; None while none is chosen."""
    columns, sort_by, descending = _choices(queries)
    pages = max(1, -(-matching // ROWS))
    if st.session_state.setdefault(_SHOWN, (chosen, sort_by, descending)) != (chosen, sort_by, descending):
        st.session_state[_SHOWN] = (chosen, sort_by, descending)
        st.query_params.pop("page", None)
    number = min(_page_in_address(), pages)
    page = queries.page(columns, chosen, sort_by=sort_by, descending=descending, number=number, rows=ROWS)
    event = st.dataframe(
        _readable(page),
        hide_index=True,
        placeholder="",
        height=_ROW_PX * (min(len(page), _VISIBLE_ROWS) + 1) + 2,
        key=f"alerts_{number}_{sort_by}_{descending}_{hash(chosen)}",
        on_select="rerun",
        selection_mode="single-row",
        column_config=_column_config(),
    )
    _pages(number, pages)
    rows = event["selection"]["rows"]
    return str(page["objectId"].iloc[rows[0]]) if rows and rows[0] < len(page) and "objectId" in page else None


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


def _page_in_address() -> int:
    named = st.query_params.get("page", "1")
    return max(1, int(named)) if named.isdecimal() and len(named) < 9 else 1


def _pages(number: int, pages: int) -> None:
    if pages == 1:
        st.query_params.pop("page", None)
        return
    key = f"page_{number}"
    st.pagination(pages, default=number, key=key, on_change=_turn_page, args=[key])


def _turn_page(key: str) -> None:
    st.query_params["page"] = str(st.session_state[key])


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
    return {"finkclass": "class", "tnsclass": "TNS type", "observed": "observed (UTC)", "fid": "band"}.get(name, name)


def _column_config() -> dict[str, Any]:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "objectId": text("object"),
        "finkclass": text(_title("finkclass")),
        "tnsclass": text(_title("tnsclass")),
        "observed": st.column_config.DatetimeColumn(_title("observed"), format="YYYY-MM-DD HH:mm:ss"),
        "fid": text("band", width="small"),
        "magpsf": number("mag", format="%.2f", help="Difference magnitude, PSF fit"),
        "sigmapsf": number("± mag", format="%.2f", help="Its error, 1 sigma"),
        **{name: number(format="%.3f") for name in SCORES},
    }
