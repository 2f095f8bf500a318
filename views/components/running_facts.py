"""How far a running transfer is, as far as that can be seen."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from backend.errors import QuicklookError
from backend.models import Estimate, Transfer
from views.components.session import shelf, transfers
from views.components.wording import counted, span_text


def running_facts(transfer: Transfer) -> None:
    """Time since the submission, and what is published of what is expected, once somebody reads here."""
    elapsed = span_text(datetime.now(UTC) - transfer.submitted_at)
    expected = _expected(transfer)
    published = _published(transfer)
    if expected and expected.is_exact and published is not None:
        st.progress(min(published / expected.alerts, 1.0))
    facts = [f"Submitted {elapsed} ago"]
    if published is not None:
        facts.append(f"{counted(published, 'alert')} published so far")
    if expected:
        is_most = expected.at_most is not None
        facts.append(f"at most {expected.at_most:,} expected" if is_most else f"about {expected.alerts:,} expected")
    st.caption(" · ".join(facts))
    st.caption("Alerts can be read as soon as the first is published.")


def _published(transfer: Transfer) -> int | None:
    if transfer.topic not in shelf().open_topics():
        return None
    return shelf().reader(transfer.id).progress.total_messages


def _expected(transfer: Transfer) -> Estimate | None:
    """None where the statistics do not tell; an estimate is a nicety here."""
    if transfer.is_test:
        return None
    try:
        expected = transfers().archive.estimate(transfer.request)
    except QuicklookError:
        return None
    return expected if expected.at_most or expected.alerts else None
