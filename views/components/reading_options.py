"""What of a topic is read, and into which store: a part of it, all of it again, a store of one's own."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from backend.reader_shelf import READER
from backend.reading import READER_NAME, AlertReader, ReadPart
from views.components.navigation import name_reader, reader_in_address
from views.components.problems import problems_shown, show_refusal
from views.components.wording import counted


def reading_options(reader: AlertReader, active: bool) -> None:
    """The menu beside the button that reads everything."""
    with st.popover("Part, store", icon=":material/tune:"), problems_shown():
        part = _part()
        if st.button("Read this part", disabled=active, key="read_part"):
            reader.start(part)
            st.rerun()
        st.caption("The rest can be read later, and nothing twice.")
        _store()
        stored = reader.store.counts.distinct
        if st.button("Read all again", disabled=active or not stored, key="read_again"):
            reader.start(again=True)
            st.rerun()
        if stored:
            st.caption(f"Forgets the {counted(stored, 'alert')} that were read into this store.")


def _part() -> ReadPart:
    left, right = st.columns(2)
    limit = left.number_input("At most", min_value=1, value=None, step=1000, key="part_limit", placeholder="all")
    partition = right.number_input(
        "Partition", min_value=0, value=None, step=1, key="part_partition", placeholder="all"
    )
    since = st.datetime_input("Published since (UTC)", value=None, key="part_since")
    return ReadPart(limit=limit, partition=partition, since=_as_utc(since))


def _as_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def _store() -> None:
    used = reader_in_address()
    name = st.text_input("Store", used, key="reader_name", max_chars=64).strip() or READER
    if not READER_NAME.fullmatch(name):
        show_refusal("Use letters, digits, - and _ for its name.")
        return
    if name != used:
        name_reader(name)
        st.rerun()
    st.caption(f"{READER} is shared by all who look. With another name you have a store of your own.")
