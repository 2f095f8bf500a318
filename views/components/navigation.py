"""The pages, and the way from one to another with the state that its address carries."""

from __future__ import annotations

from typing import Any, NoReturn

import streamlit as st

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


def go_to(page: str, **state: str) -> NoReturn:
    """Open a page with what its address says, such as the transfer."""
    st.switch_page(page, query_params=state)


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
