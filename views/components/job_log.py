"""The log of a transfer's job: evidence, shown on demand."""

from __future__ import annotations

import streamlit as st

from backend.models import Transfer
from views.components.problems import problems_shown
from views.components.session import transfers

_LAST_LINES = 300
_HEIGHT_PX, _FEW_LINES = 320, 12


def job_log(transfer: Transfer) -> None:
    """The end of the log; Livy is asked only while it is open."""
    box = st.expander("Log of the job", icon=":material/terminal:", on_change="rerun", key=f"log_{transfer.id}")
    if not box.open:
        return
    with box, problems_shown():
        lines = transfers().log_lines(transfer.id)
        if len(lines) > _LAST_LINES:
            st.caption(f"The last {_LAST_LINES:,} of {len(lines):,} lines.")
        st.code(
            "\n".join(lines[-_LAST_LINES:]) or "No line yet.",
            language=None,
            height=_HEIGHT_PX if len(lines) > _FEW_LINES else "content",
        )
