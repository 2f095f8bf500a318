"""Browse: read a transfer's alerts, look through them, take them away."""

from __future__ import annotations

import streamlit as st

from backend.alert_filter import EVERYTHING, AlertFilter
from backend.alert_queries import AlertQueries
from backend.reading import AlertReader
from views.components.alert_filter import alert_filter, clear_filter
from views.components.alert_table import alert_table
from views.components.download import download
from views.components.navigation import INSPECT, go_to
from views.components.problems import problems_shown
from views.components.reading_panel import is_reading, reading_panel, reading_state
from views.components.session import reader_of
from views.components.transfer_choice import Choice, transfer_choice
from views.components.wording import counted

REFRESH_S = 1


def draw(reader: AlertReader, choice: Choice, was_reading: bool) -> None:
    """Progress and table, again each second while alerts arrive."""
    with problems_shown():
        receipt, progress = choice.transfer.receipt if choice.transfer else None, reader.progress
        above = st.container(horizontal=True, vertical_alignment="center")
        with above:
            reading_panel(reader, progress, receipt)
        reading_state(reader, progress, receipt)
        chosen, matching = table(AlertQueries(reader.store), choice.name)
        with above:
            download(reader, choice.transfer, chosen, matching)
        if is_reading(reader) != was_reading:
            st.rerun()


def table(queries: AlertQueries, transfer_name: str) -> tuple[AlertFilter, int]:
    """The alerts that match; the filter, and their number."""
    stored = queries.count()
    if not stored:
        return EVERYTHING, 0
    chosen = alert_filter(queries.facets())
    matching = queries.count(chosen)
    with st.container(horizontal=True, vertical_alignment="center"):
        is_narrow = matching < stored
        count = counted(matching, "alert")
        st.caption(f"{count} match." if is_narrow else f"{count}. Select a row to open its object.", width="content")
        if is_narrow:
            st.button("Show all", type="tertiary", on_click=clear_filter)
    if opened := alert_table(queries, chosen, matching):
        go_to(INSPECT, transfer=transfer_name, object=opened)
    return chosen, matching


st.title("Browse")
if chosen_transfer := transfer_choice():
    open_reader = reader_of(chosen_transfer.name)
    active = is_reading(open_reader)
    st.fragment(draw, run_every=REFRESH_S if active else None)(open_reader, chosen_transfer, active)
