"""Browse: read a transfer's alerts, look through them, take them away."""

from __future__ import annotations

import streamlit as st

from backend.alert_filter import EVERYTHING, AlertFilter
from backend.alert_queries import AlertQueries
from backend.alert_store import AlertStore
from backend.models import Transfer
from backend.object_list import ObjectList
from backend.reading import AlertReader
from views.components.alert_charts import alert_charts
from views.components.alert_filter import alert_filter, clear_filter
from views.components.alert_table import alert_table
from views.components.download import download
from views.components.mark_box import marks_download
from views.components.navigation import INSPECT, go_to
from views.components.object_request import request_all_of
from views.components.object_table import object_table
from views.components.problems import problems_shown
from views.components.reading_panel import is_reading, reading_panel, reading_state
from views.components.session import reader_of
from views.components.sql_box import sql_box
from views.components.transfer_choice import Choice, transfer_choice
from views.components.wording import counted

REFRESH_S = 1
VIEW, ALERTS, OBJECTS = "browse_view", "Alerts", "Objects"


def draw(reader: AlertReader, choice: Choice, was_reading: bool) -> None:
    """Progress and table, again each second while alerts arrive."""
    with problems_shown():
        receipt, progress = choice.transfer.receipt if choice.transfer else None, reader.progress
        # Each part has its place, whatever the ones above it show: Streamlit may keep what a part that moved has left.
        above = st.container(horizontal=True, vertical_alignment="center")
        state, below = st.container(), st.container()
        with above:
            reading_panel(reader, progress, receipt)
        with state:
            reading_state(reader, progress, receipt)
        with below:
            chosen, matching = look(reader, choice)
        with above:
            download(reader, choice.transfer, chosen, matching)
        if is_reading(reader) != was_reading:
            st.rerun()


def look(reader: AlertReader, choice: Choice) -> tuple[AlertFilter, int]:
    """Filter, charts and table of what is stored; the filter, and how many alerts match."""
    store, queries = reader.store, AlertQueries(reader.store)
    stored = queries.count()
    if not stored:
        return EVERYTHING, 0
    narrowing, charts, rows = st.container(), st.container(), st.container()
    with narrowing:
        chosen = alert_filter(queries.facets(), choice.name)
    matching = queries.count(chosen)
    with charts:
        alert_charts(store, queries, chosen, is_reading=is_reading(reader))
    with rows:
        opened = table(store, queries, chosen, (matching, stored), choice.transfer)
    if opened:
        go_to(INSPECT, transfer=choice.name, object=opened)
    return chosen, matching


def table(
    store: AlertStore, queries: AlertQueries, chosen: AlertFilter, counts: tuple[int, int], transfer: Transfer | None
) -> str | None:
    """The alerts that match, or their objects; the object of the chosen row."""
    matching, stored = counts
    objects = ObjectList(store)
    with st.container(horizontal=True, vertical_alignment="center"):
        views = [ALERTS, OBJECTS] if objects.columns else [ALERTS]
        view = st.segmented_control(
            "View", views, default=ALERTS, key=VIEW, label_visibility="collapsed", required=True, persist_state="page"
        )
        found = objects.count(chosen) if view == OBJECTS else 0
        count = f"{counted(found, 'object')} with {counted(matching, 'alert')}" if found else counted(matching, "alert")
        is_narrow = matching < stored
        st.caption(
            f"{count} match." if is_narrow else f"{count}. Click a name to open the object, a heading to sort.",
            width="content",
        )
        if is_narrow:
            st.button("Show all", type="tertiary", on_click=clear_filter)
        if found:
            request_all_of(objects, chosen, found, transfer)
        marks_download()
    if view == OBJECTS:
        return object_table(objects, chosen, found)
    return alert_table(queries, chosen, matching)


st.title("Browse")
if chosen_transfer := transfer_choice():
    open_reader = reader_of(chosen_transfer.name)
    active = is_reading(open_reader)
    st.fragment(draw, run_every=REFRESH_S if active else None)(open_reader, chosen_transfer, active)
    with problems_shown():
        sql_box(open_reader.store)  # not in the part that refreshes: that would wait for a long query
