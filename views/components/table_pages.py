"""Pages of a table: which one the address names, its rows, which open objects, the way to the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from views.components.wording import counted

PAGE_OF = "page_of_"
"""Beginning of the key of such a table; the style knows it."""
_OBJECT = "objectId"
ROWS = 50
"""Of a page; the browser never has more."""
_ROW_PX, _VISIBLE_ROWS = 33, 12


class Order(NamedTuple):
    """By which column the rows of all pages are sorted, if by one."""

    column: str
    is_descending: bool


def page_in_address(key: str, shown: Any, matching: int) -> tuple[int, int]:
    """Number of the page to show, from 1, and how many there are.

    Parameters
    ----------
    key, shown
        Where the session keeps what the pages were counted for, such as filter and order, and what they are for now:
        with others, the first page comes first.
    matching
        Rows of all pages.
    """
    pages = max(1, -(-matching // ROWS))
    if st.session_state.setdefault(key, shown) != shown:
        st.session_state[key] = shown
        st.query_params.pop("page", None)
    named = st.query_params.get("page", "1")
    number = max(1, int(named)) if named.isdecimal() and len(named) < 9 else 1
    return min(number, pages), pages


def rows_to_open(
    page: pd.DataFrame, key: str, column_config: Mapping[str, Any], order: Order, sort: Callable[[str], None]
) -> str | None:
    """Draw a page of a table; give the object whose row was chosen, or whose name was clicked, or None.

    Parameters
    ----------
    order
        Of all pages, which the header shows.
    sort
        Called with the column whose header was clicked. Streamlit itself would sort this page alone.
    """

    def on_select() -> None:
        for name in st.session_state[key]["selection"]["columns"]:
            sort(name)

    event: Any = st.dataframe(
        page,
        hide_index=True,
        placeholder="",
        height=_ROW_PX * (min(max(len(page), 1), _VISIBLE_ROWS) + 1) + 2,  # an empty one has a row that says so
        key=key,
        on_select=on_select,
        selection_mode=("single-row", "single-cell", "single-column"),
        column_config=_with_arrow(column_config, order),
    )
    selection = event["selection"]
    rows = [*selection["rows"], *(row for row, column in selection.get("cells", ()) if column == _OBJECT)]
    return str(page[_OBJECT].iloc[rows[0]]) if rows and rows[0] < len(page) and _OBJECT in page else None


def _with_arrow(column_config: Mapping[str, Any], order: Order) -> dict[str, Any]:
    told = dict(column_config.get(order.column) or {})
    label = f"{told.get('label') or order.column} {'↓' if order.is_descending else '↑'}"
    return {**column_config, order.column: {**told, "label": label}} if order.column else dict(column_config)


def pages_below(number: int, pages: int, matching: int, noun: str) -> None:
    """Which rows these are, and the way to the other pages."""
    if pages == 1:
        st.query_params.pop("page", None)
        return
    key = f"page_{number}"
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.pagination(pages, default=number, width="stretch", key=key, on_change=_turn_page, args=[key])
        last = min(number * ROWS, matching)
        st.caption(f"{(number - 1) * ROWS + 1:,} to {last:,} of {counted(matching, noun)}", width="content")


def _turn_page(key: str) -> None:
    st.query_params["page"] = str(st.session_state[key])
