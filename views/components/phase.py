"""The phase of a transfer, as a word, a colour and an icon."""

from __future__ import annotations

from typing import Any

import streamlit as st

from backend.models import Phase, Transfer

_LOOK: dict[Phase, dict[str, Any]] = {
    Phase.QUEUED: {"icon": ":material/schedule:", "color": "gray"},
    Phase.EXECUTING: {"icon": ":material/autorenew:", "color": "blue"},
    Phase.COMPLETED: {"icon": ":material/check:", "color": "green"},
    Phase.ERROR: {"icon": ":material/error:", "color": "red"},
    Phase.ABORTED: {"icon": ":material/block:", "color": "gray"},
    Phase.UNKNOWN: {"icon": ":material/help:", "color": "gray"},
}


def phase_badge(transfer: Transfer, place: int | None) -> None:
    """The phase, and the place in the queue."""
    words = f"{transfer.phase} · place {place} in the queue" if place else str(transfer.phase)
    st.badge(words, **_LOOK[transfer.phase])
