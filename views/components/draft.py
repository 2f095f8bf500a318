"""The request as the page has it now: kept while the user looks at other pages, filled in from elsewhere.

A draft may be half done; only `drafted_request` makes a request of it.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import streamlit as st

from backend.models import ArchiveNights, Content, TransferRequest
from backend.nights import NightRange

NIGHTS = "draft_nights"
CLASSES = "draft_classes"
CONDITIONS = "draft_conditions"
CONTENT = "draft_content"
FIELDS = "draft_fields"
HAND_PICKED = "fields"
_KEPT = "draft"
_EMPTY: dict[str, Any] = {NIGHTS: (), CLASSES: [], CONDITIONS: "", CONTENT: Content.LIGHTCURVE.value, FIELDS: []}
EXAMPLE_NIGHTS = 2
EXAMPLE_CONDITIONS = "candidate.magpsf < 19.5;"


def restore_draft() -> None:
    """Give the widgets of the page what they had, before they are drawn.

    A widget forgets its value with the page, and a choice whose options have other labels now: each gets it again.
    """
    kept = st.session_state.setdefault(_KEPT, dict(_EMPTY))
    for key in _EMPTY:
        st.session_state[key] = st.session_state.get(key, kept[key])


def keep_draft() -> None:
    """Remember what the widgets have, after they were drawn."""
    st.session_state[_KEPT] = {key: st.session_state.get(key, empty) for key, empty in _EMPTY.items()}


def fill_draft(request: TransferRequest) -> None:
    """Let the page show a request; from a callback, or before the page is drawn."""
    content = request.content
    is_ready_made = isinstance(content, Content)
    values = {
        NIGHTS: (request.nights[0].start, request.nights[0].stop),
        CLASSES: list(request.classes),
        CONDITIONS: request.conditions,
        CONTENT: content.value if isinstance(content, Content) else HAND_PICKED,
        FIELDS: [] if is_ready_made else list(content),
    }
    st.session_state[_KEPT] = values
    for key in values:
        st.session_state.pop(key, None)


def drafted_request(survey: str, nights: NightRange) -> TransferRequest:
    """The request that the widgets make together."""
    kept = st.session_state[_KEPT]
    content = kept[CONTENT]
    return TransferRequest(
        survey=survey,
        nights=nights,
        classes=tuple(kept[CLASSES]),
        conditions=kept[CONDITIONS] or "",
        content=tuple(kept[FIELDS]) if content == HAND_PICKED else Content(content),
    )


def example_request(archive: ArchiveNights) -> TransferRequest | None:
    """A request that works on this archive: its last nights in a row, bright alerts, light curves."""
    if not archive.nights:
        return None
    start = stop = archive.nights[-1]
    present = set(archive.nights)
    while (stop - start).days + 1 < EXAMPLE_NIGHTS and start - timedelta(days=1) in present:
        start -= timedelta(days=1)
    return TransferRequest(nights=NightRange(start=start, stop=stop), conditions=EXAMPLE_CONDITIONS)


def clamped(nights: tuple[date, ...], first: date, last: date) -> tuple[date, ...]:
    """Nights within limits: the calendar would drop others without a word."""
    return tuple(min(max(night, first), last) for night in nights)
