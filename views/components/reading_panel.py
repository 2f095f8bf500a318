"""Reading a topic: read, stop, go on; how far it is and how fast."""

from __future__ import annotations

import streamlit as st

from backend.ingest import IngestProgress, IngestState
from backend.reading import AlertReader
from backend.receipt import Receipt
from views.components.wording import counted, plain


def is_reading(reader: AlertReader) -> bool:
    """Whether its thread is at work."""
    return not reader.join(0)


def reading_panel(reader: AlertReader, receipt: Receipt | None) -> None:
    """The buttons and the state; `receipt` is the transfer's, when there is one already."""
    progress, active = reader.progress, is_reading(reader)
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
        st.caption(plain(_sentence(progress, receipt, active)))
    total = _total(progress, receipt)
    if active and total:
        st.progress(min(progress.read / total, 1.0))
    if progress.state is IngestState.FAILED:
        st.error(plain(progress.message), icon=":material/error:")
    elif progress.corrupt or progress.trimmed:
        st.warning(plain(progress.message or _losses(progress)), icon=":material/warning:")


def _sentence(progress: IngestProgress, receipt: Receipt | None, active: bool) -> str:
    total = _total(progress, receipt)
    count = f"{progress.distinct:,} of {total:,}" if total is not None else f"{progress.distinct:,}"
    if not active:
        if _has_all(progress, receipt):
            return f"{counted(progress.distinct, 'alert')}, complete."
        return progress.message or (f"{count} alerts read." if progress.distinct else "Nothing was read yet.")
    if progress.state is IngestState.WAITING:
        return progress.message or "Connecting …"
    return f"{count} · {progress.rate_per_s:,.0f} alerts/s"


def _total(progress: IngestProgress, receipt: Receipt | None) -> int | None:
    if progress.published is not None:
        return progress.published
    return receipt.published if receipt else progress.total_messages


def _has_all(progress: IngestProgress, receipt: Receipt | None) -> bool:
    return progress.complete or (
        receipt is not None and progress.distinct == receipt.published and not progress.corrupt
    )


def _losses(progress: IngestProgress) -> str:
    return f"{progress.corrupt:,} messages are damaged, {progress.trimmed:,} had expired before they were read."
