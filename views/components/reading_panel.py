"""Reading a topic: read, stop, go on; how far it is and how fast."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from backend.ingest_progress import IngestProgress, IngestState
from backend.reading import AlertReader
from backend.receipt import Receipt
from views.components.reading_options import reading_options
from views.components.wording import counted, plain, span_text

_SHOWN_DAMAGED = 200


def is_reading(reader: AlertReader) -> bool:
    """Whether its thread is at work."""
    return not reader.join(0)


def reading_panel(reader: AlertReader, progress: IngestProgress, receipt: Receipt | None) -> None:
    """The buttons, and how far it is; `receipt` is the transfer's, when there is one already."""
    active = is_reading(reader)
    with st.container(horizontal=True, vertical_alignment="center"):
        if active:
            if st.button("Stop", icon=":material/stop:", key="stop_reading"):
                reader.stop()
                st.rerun()
        elif not _has_all(progress, receipt):
            label = "Resume" if progress.distinct else "Read"
            if st.button(label, icon=":material/play_arrow:", type="primary", key="start_reading"):
                reader.start()
                st.rerun()
        reading_options(reader, active)
        st.caption(plain(_sentence(progress, receipt, active)))


def reading_state(reader: AlertReader, progress: IngestProgress, receipt: Receipt | None) -> None:
    """The bar while it reads, and what went wrong."""
    total = _total(progress, receipt)
    if is_reading(reader) and total:
        st.progress(min(progress.read / total, 1.0))
    if progress.state is IngestState.FAILED:
        st.error(plain(progress.message), icon=":material/error:")
    elif progress.corrupt or progress.trimmed:
        st.warning(plain(_losses(progress)), icon=":material/warning:")
        _damaged(reader)


def _sentence(progress: IngestProgress, receipt: Receipt | None, active: bool) -> str:
    total = _total(progress, receipt)
    count = f"{progress.distinct:,} of {total:,}" if total is not None else f"{progress.distinct:,}"
    if not active:
        if _has_all(progress, receipt):
            return f"{counted(progress.distinct, 'alert')}, complete."
        return progress.message or (f"{count} alerts read." if progress.distinct else "Nothing was read yet.")
    if progress.state is IngestState.WAITING:
        return progress.message or "Connecting …"
    facts = [count, f"{progress.rate_per_s:,.0f} alerts/s"]
    if progress.behind is not None:
        facts.append(f"{progress.behind:,} to come")
    if progress.remaining_s:
        facts.append(f"{span_text(timedelta(seconds=round(progress.remaining_s)))} left")
    return " · ".join(facts)


def _total(progress: IngestProgress, receipt: Receipt | None) -> int | None:
    if progress.published is not None:
        return progress.published
    return receipt.published if receipt else progress.total_messages


def _has_all(progress: IngestProgress, receipt: Receipt | None) -> bool:
    return progress.complete or (
        receipt is not None and progress.distinct == receipt.published and not progress.corrupt
    )


def _losses(progress: IngestProgress) -> str:
    losses = []
    if progress.corrupt:
        losses.append(f"{counted(progress.corrupt, 'message')} damaged")
    if progress.trimmed:
        losses.append(f"{counted(progress.trimmed, 'message')} expired before they were read")
    return f"{' and '.join(losses)}."


def _damaged(reader: AlertReader) -> None:
    """Where the damaged messages lie, for whoever looks after the topic."""
    damaged = reader.store.corrupt()
    if not damaged:
        return
    with st.expander("Damaged messages", icon=":material/broken_image:"):
        rows = [{"partition": each.partition, "offset": each.offset, "what is wrong": each.reason} for each in damaged]
        st.dataframe(rows[:_SHOWN_DAMAGED], hide_index=True)
        more = f"The first {_SHOWN_DAMAGED:,} of {len(damaged):,}, on" if len(damaged) > _SHOWN_DAMAGED else "On"
        st.caption(plain(f"{more} the topic {reader.topic}."))
