"""What the content of a transfer does not have, and the request that would bring it."""

from __future__ import annotations

import streamlit as st

from backend.models import Content, TransferRequest
from backend.region import Region
from views.components.draft import fill_draft
from views.components.navigation import REQUEST, go_to
from views.components.wording import CONTENT_LABELS

_ICON = ":material/add:"


def missing_part(sentence: str, object_id: str, its_request: TransferRequest | None, content: Content) -> None:
    """Say it, and offer the request for this object in the nights of the transfer."""
    st.caption(sentence)
    if its_request and st.button(
        f"Request {CONTENT_LABELS[content]} for this object", key=f"bring_{content.value}", icon=_ICON
    ):
        region = Region(objects=(object_id,))
        fill_draft(
            TransferRequest(survey=its_request.survey, nights=its_request.nights, region=region, content=content)
        )
        go_to(REQUEST)
