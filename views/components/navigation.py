"""The pages, and the way from one to another with the state that its address carries."""

from __future__ import annotations

from typing import Any, NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from backend.reader_shelf import READER

REQUEST = "views/request_transfer.py"
MONITOR = "views/monitor_transfers.py"
BROWSE = "views/browse_alerts.py"
INSPECT = "views/inspect_object.py"

PAGES: tuple[dict[str, Any], ...] = (
    {"page": REQUEST, "title": "Request", "icon": ":material/tune:", "default": True},
    {"page": MONITOR, "title": "Monitor", "icon": ":material/monitoring:", "url_path": "monitor"},
    {"page": BROWSE, "title": "Browse", "icon": ":material/table_rows:", "url_path": "browse"},
    {"page": INSPECT, "title": "Inspect", "icon": ":material/center_focus_strong:", "url_path": "inspect"},
)

_LAST_TRANSFER = "last_transfer"
_LAST_READER = "last_reader"
_LAST_WAY = "last_way"
_IS_ON_THE_WAY = "is_on_the_way"
_DRAWN = "drawn_page"


def go_to(page: str, **state: str) -> NoReturn:
    """Open a page with what its address says, such as the transfer."""
    st.session_state[_LAST_WAY] = (page, state)
    st.session_state[_IS_ON_THE_WAY] = True
    st.switch_page(page, query_params=state)


def begin_page() -> None:
    """Note which page is drawn from here on, and forget the last way if it did not lead here."""
    here = _page_of_this_run()
    if not st.session_state.pop(_IS_ON_THE_WAY, False) and here != st.session_state.get(_DRAWN):
        st.session_state.pop(_LAST_WAY, None)
    st.session_state[_DRAWN] = here


def leave_old_page() -> None:
    """Go to the page that was opened last, if the browser has just asked for the one before.

    A part that refreshes by itself may ask once more while the page is being switched. Streamlit then clears the new
    page in favour of the old one, and draws nothing of it but that part.
    """
    if _LAST_WAY in st.session_state and st.session_state.get(_DRAWN) != _page_of_this_run():
        page, state = st.session_state[_LAST_WAY]
        go_to(page, **state)


def _page_of_this_run() -> str:
    context = get_script_run_ctx()
    return context.page_script_hash if context else ""


def transfer_in_address() -> str | None:
    """The transfer that the address names, or else the one looked at last; the address names it from then on."""
    named = st.query_params.get("transfer") or st.session_state.get(_LAST_TRANSFER)
    if named:
        name_transfer(named)
    return named


def name_transfer(id_or_topic: str) -> None:
    """Put a transfer into the address, and remember it for the other pages."""
    st.session_state[_LAST_TRANSFER] = id_or_topic
    if st.query_params.get("transfer") != id_or_topic:
        st.query_params["transfer"] = id_or_topic


def reader_in_address() -> str:
    """Name of the store that the address names, or else the one used last; without one, that which all share."""
    name = st.query_params.get("reader") or st.session_state.get(_LAST_READER) or READER
    name_reader(name)
    return str(name)


def name_reader(name: str) -> None:
    """Put the name of a store into the address, unless it is the shared one, and remember it for the other pages."""
    st.session_state[_LAST_READER] = name
    if name == READER:
        st.query_params.pop("reader", None)
    else:
        st.query_params["reader"] = name
