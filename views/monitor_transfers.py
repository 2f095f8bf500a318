"""Monitor: the transfers, how far they are, what to do with them."""

from __future__ import annotations

import streamlit as st

from backend.models import Transfer
from views.components.draft import example_request, fill_draft
from views.components.navigation import REQUEST, go_to, name_transfer, transfer_in_address
from views.components.problems import problems_shown
from views.components.session import transfers
from views.components.submission import submitted_now
from views.components.transfer_details import transfer_details
from views.components.transfer_table import transfer_table

REFRESH_S = 2
ACTIVE = "monitor_active"  # whether something ran when the page was last drawn


def draw() -> None:
    """The table and the selected transfer; once nothing runs any more, the page stops to refresh."""
    with problems_shown():
        found = transfers().recent(transfers().user if only_mine else None)
        show(found)
        is_active = any(not each.phase.is_final for each in found)
        if is_active != st.session_state.get(ACTIVE, False):
            st.session_state[ACTIVE] = is_active
            st.rerun()


def show(found: tuple[Transfer, ...]) -> None:
    """The table, and under it the selected transfer."""
    if not found:
        no_transfers()
        return
    selected = transfer_table(found, transfer_in_address())
    if selected is not None:
        name_transfer(selected.id)
        transfer_details(selected)


def no_transfers() -> None:
    """What to do on an empty page."""
    st.caption("No transfer yet.")
    example = example_request(transfers().archive.nights())
    with st.container(horizontal=True):
        if example and st.button("Start with an example", type="primary", icon=":material/lightbulb:"):
            fill_draft(example)
            go_to(REQUEST)
        if st.button("New request", icon=":material/add:"):
            go_to(REQUEST)


with st.container(horizontal=True, vertical_alignment="center"):
    st.title("Transfers")
    only_mine = st.segmented_control("Show", ["all", "mine"], default="all", label_visibility="collapsed") == "mine"
if (number := submitted_now()) is not None:
    st.toast(f"Transfer {number} is submitted.", icon=":material/send:")
st.fragment(draw, run_every=REFRESH_S if st.session_state.get(ACTIVE) else None)()
