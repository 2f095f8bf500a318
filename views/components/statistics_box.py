"""The statistics behind the estimates: how old they are, and a button that counts the archive again."""

from __future__ import annotations

import streamlit as st

from backend.models import ArchiveNights
from views.components.problems import problems_shown
from views.components.session import transfers
from views.components.wording import plain

LOOK_S = 4
_BOX = "statistics_box"
_COUNTING = "statistics_submitted"


def statistics_box(archive: ArchiveNights) -> None:
    """A line for those who rely on them; a button for those who look after them."""
    if not archive.is_known:
        _wait_for_statistics()
        return
    box = st.popover("Statistics", type="tertiary", icon=":material/query_stats:", on_change="rerun", key=_BOX)
    if box.open:  # only then: Livy is asked
        with box:
            _state_and_button("Count new nights")


@st.fragment(run_every=LOOK_S)
def _wait_for_statistics() -> None:
    """Say how it goes, and have the page drawn anew when the first are there."""
    with problems_shown():
        _state_and_button("Count the archive")
        st.caption("A test with 10 alerts works without an estimate.")
        if transfers().archive.nights().is_known:
            st.rerun()


def _state_and_button(label: str) -> None:
    st.caption(plain(transfers().archive.statistics_state()))
    if st.button(label, icon=":material/calculate:"):
        with problems_shown():
            transfers().archive.start_statistics()
            st.session_state[_COUNTING] = True
    if st.session_state.pop(_COUNTING, False):
        st.caption("The job is submitted; estimates appear when it has ended.")
