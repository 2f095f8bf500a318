"""What the content of a transfer does not have, and the request that would bring it."""

from __future__ import annotations

import streamlit as st

from backend.models import Content, TransferRequest
from backend.nights import NightRange
from views.components.draft import fill_draft
from views.components.navigation import REQUEST, go_to
from views.components.wording import CONTENT_LABELS

_ICON = ":material/add:"


def missing_part(sentence: str, object_id: str, nights: NightRange | None, content: Content) -> None:
    """Say it, and offer the request for this object in the nights of the transfer."""
    st.caption(sentence)
    if nights and st.button(
        f"Request {CONTENT_LABELS[content]} for this object", key=f"bring_{content.value}", icon=_ICON
    ):
        quoted = object_id.replace("\\", "\\\\").replace("'", "\\'")
        fill_draft(TransferRequest(nights=nights, conditions=f"objectId = '{quoted}';", content=content))
        go_to(REQUEST)
