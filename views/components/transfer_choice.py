"""Which transfer a page is about: from its address, or chosen here; a topic that was made elsewhere can be typed."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from backend.models import Transfer
from backend.nights import nights_text
from views.components.navigation import MONITOR, REQUEST, go_to, name_transfer, transfer_in_address
from views.components.session import transfers
from views.components.wording import content_text

_KEY = "transfer_choice"


class Choice(NamedTuple):
    """The id of a transfer, or the topic of one that was made elsewhere and is in no log here."""

    name: str
    transfer: Transfer | None


def transfer_choice() -> Choice | None:
    """None when there is none yet, which is then said."""
    known = {each.id: each for each in transfers().recent()}
    named = transfer_in_address()
    named = next((each.id for each in known.values() if named in (each.id, each.topic)), named)
    options = [*known, *([named] if named and named not in known else [])]
    if named:
        st.session_state[_KEY] = named
    chosen = st.selectbox(
        "Transfer",
        options,
        key=_KEY,
        index=None,
        format_func=lambda name: _label(known[name]) if name in known else name,
        placeholder="Choose a transfer, or type the name of a topic",
        accept_new_options=True,
        label_visibility="collapsed",
        on_change=_remember,
    )
    if chosen:
        return Choice(str(chosen), known.get(chosen))
    st.caption("Choose a transfer." if known else "No transfer yet.")
    with st.container(horizontal=True):
        if st.button("New request", icon=":material/add:"):
            go_to(REQUEST)
        if known and st.button("Transfers", icon=":material/monitoring:"):
            go_to(MONITOR)
    return None


def _remember() -> None:
    if chosen := st.session_state[_KEY]:
        name_transfer(chosen)
        st.query_params.pop("object", None)


def _label(transfer: Transfer) -> str:
    request = transfer.request
    parts = [transfer.topic, nights_text(request.nights), content_text(request)]
    return " · ".join([*parts, "test"] if transfer.is_test else parts)
