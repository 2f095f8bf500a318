"""Test and Submit: off with the reason beside them, a question above the size limit, then on to Monitor."""

from __future__ import annotations

import streamlit as st

from backend.models import Estimate, TransferRequest
from views.components.navigation import MONITOR, go_to
from views.components.problems import problems_shown
from views.components.session import transfers
from views.components.wording import counted, plain, size_text

_JUST_SUBMITTED = "just_submitted"


def submission(request: TransferRequest | None, estimate: Estimate | None, reason: str = "") -> None:
    """The two buttons.

    Parameters
    ----------
    request
        None while it is not valid.
    estimate
        None while there is none.
    reason
        Why the request cannot be submitted, as the panel above says; empty when it can.
    """
    limits = transfers().limits
    is_off = request is None or bool(reason)
    too_large = limits.refusal(estimate) if estimate and not is_off else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        is_test = st.button("Test with 10", icon=":material/science:", disabled=is_off, help="A job of ten alerts.")
        is_off = is_off or bool(too_large)
        is_whole = st.button("Submit", type="primary", icon=":material/send:", disabled=is_off)
        if too_large:
            st.caption(f"{plain(too_large)} Choose fewer nights, a smaller content, or a sample.")
    if request is None or not (is_test or is_whole):
        return
    if is_whole and estimate and limits.asks(estimate):
        _confirm(request, estimate)
    else:
        _submit(request, is_test=is_test)


def submitted_now() -> str | None:
    """The id of the transfer that was submitted a moment ago; told once."""
    submitted: str | None = st.session_state.pop(_JUST_SUBMITTED, None)
    return submitted


@st.dialog("Submit a large transfer?")
def _confirm(request: TransferRequest, estimate: Estimate) -> None:
    most = estimate.at_most
    some, alerts, size_bytes = (
        ("some", estimate.alerts, estimate.size_bytes) if most is None else ("up to", most, estimate.most_bytes)
    )
    st.write(f"It would bring {some} {counted(alerts, 'alert')}, {size_text(size_bytes)}.")
    if st.button("Submit", type="primary", key="submit_large"):
        _submit(request, is_test=False)


def _submit(request: TransferRequest, *, is_test: bool) -> None:
    transfer = None
    with problems_shown(), st.spinner("Submitting …"):
        transfer = transfers().submit(request, is_test=is_test)
    if transfer is not None:
        st.session_state[_JUST_SUBMITTED] = transfer.id
        go_to(MONITOR, transfer=transfer.id)
