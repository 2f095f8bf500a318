"""Choosing what is sent, with the measured size of each content."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from backend.alert_schema import Survey
from backend.models import Content
from views.components.draft import CONTENT, FIELDS, HAND_PICKED
from views.components.entry import Entry
from views.components.wording import CONTENT_LABELS, size_text

_MEANING = {
    Content.LIGHTCURVE: "Each alert's own magnitude, without the history before it, and all added values.",
    Content.MEDIUM: "Everything but the cutouts: with history and upper limits.",
    Content.CUTOUTS: "The three stamps and the position, and all added values.",
    Content.FULL: "The full packet: everything that the archive has.",
}


def content_picker(survey: Survey, sizes: Mapping[Content, float]) -> Entry[Content | tuple[str, ...]]:
    """A ready-made content, or fields by hand."""
    labels = {
        content.value: f"{label} {size_text(sizes[content])}" if content in sizes else label
        for content, label in CONTENT_LABELS.items()
    }
    chosen = st.pills(
        "Content",
        [*labels, HAND_PICKED],
        key=CONTENT,
        format_func=lambda value: labels.get(value, "Fields"),
        required=True,
        wrap=True,
        help="What is sent of each alert. Conditions may use every field, whatever the content." + _measured(sizes),
    )
    if chosen == HAND_PICKED:
        return _fields(survey)
    if not chosen:
        return Entry(None, "Choose the content.")
    st.caption(_MEANING[Content(chosen)])
    return Entry(Content(chosen))


def _fields(survey: Survey) -> Entry[Content | tuple[str, ...]]:
    known = [f.path for f in survey.fields.values() if not f.in_list]
    # One that does not exist, from a request file, stays: the estimate says what is wrong with it.
    fields = dict.fromkeys([*known, *st.session_state[FIELDS]])
    picked = st.multiselect(
        "Fields to send", list(fields), key=FIELDS, placeholder="Type a name, such as objectId", wrap=True
    )
    st.caption("The alert's number (candid) and time always ride along.")
    return Entry(tuple(picked)) if picked else Entry(None, "Choose the fields to send.")


def _measured(sizes: Mapping[Content, float]) -> str:
    return " The sizes are those of one alert, measured in these nights." if sizes else ""
