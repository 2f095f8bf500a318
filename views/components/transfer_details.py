"""One transfer: where it stands, what to do with it."""

from __future__ import annotations

import streamlit as st

from backend.ingest_progress import IngestState
from backend.models import Phase, Transfer
from backend.nights import nights_text
from views.components.draft import fill_draft
from views.components.elsewhere import elsewhere
from views.components.job_log import job_log
from views.components.navigation import BROWSE, REQUEST, go_to
from views.components.phase import phase_badge
from views.components.problems import problems_shown
from views.components.receipt import receipt_facts
from views.components.running_facts import running_facts
from views.components.session import reader_of, transfers
from views.components.wording import content_text, counted, plain, region_text, sample_text


def transfer_details(transfer: Transfer) -> None:
    """Phase, topic, receipt, and the ways on."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"Transfer {transfer.id}", anchor=False, width="content")
        phase_badge(transfer, transfers().place_in_queue(transfer))
    st.caption(plain(_request_in_words(transfer)))
    if transfer.request.conditions.strip():
        st.code(transfer.request.conditions.strip(), language="sql")
    # Each part has its place, whatever the ones above it show: Streamlit may keep what a part that moved has left.
    said, topic, facts, actions = (st.container() for _ in range(4))
    if transfer.message:
        show = said.error if transfer.phase is Phase.ERROR else said.info
        show(plain(transfer.message))
    topic.code(transfer.topic, language=None)
    with facts:
        if transfer.receipt:
            receipt_facts(transfer.receipt)
        elif transfer.phase is Phase.EXECUTING:
            running_facts(transfer)
    with actions:
        _actions(transfer)
    job_log(transfer)
    with st.expander("Get the data elsewhere", icon=":material/output:"):
        elsewhere(transfer)


def _actions(transfer: Transfer) -> None:
    with st.container(horizontal=True):
        look = st.button("Look at the alerts", type="primary", icon=":material/table_rows:", key="look")
        again = st.button("Copy as new request", icon=":material/content_copy:", key="again")
        cancel = st.button("Cancel", icon=":material/stop:", key="cancel") if not transfer.phase.is_final else False
    if look:
        with problems_shown():
            _start_reading(transfer)
            go_to(BROWSE, transfer=transfer.id)
    if again:
        fill_draft(transfer.request)
        go_to(REQUEST)
    if cancel:
        with problems_shown():
            transfers().cancel(transfer.id)
            st.rerun()


def _start_reading(transfer: Transfer) -> None:
    """Begin to read, unless all is read already or the user has stopped it."""
    reader = reader_of(transfer.id)
    stored = reader.store.counts.distinct
    has_all = transfer.receipt is not None and stored == transfer.receipt.published
    if not has_all and reader.progress.state is not IngestState.STOPPED:
        reader.start()


def _request_in_words(transfer: Transfer) -> str:
    request, conditions = transfer.request, transfer.plan.conditions
    return " · ".join(
        (
            nights_text(request.nights),
            ", ".join(request.classes) or "all classes",
            *((region_text(request.region),) if request.region else ()),
            counted(len(conditions), "condition") if conditions else "no condition",
            content_text(request),
            *((sample_text(request.sample),) if request.sample else ()),
            *(("test of 10 alerts",) if transfer.is_test else (f"{transfer.job_size} job",)),
        )
    )
