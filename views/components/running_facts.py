"""How far a running transfer is, from what its job reports, beside what is expected of it."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from backend.errors import QuicklookError
from backend.job_progress import RunningJob, progress_text
from backend.models import Estimate, Transfer
from views.components.session import transfers
from views.components.wording import plain, span_text


def running_facts(transfer: Transfer) -> None:
    """Step, nights, files and alerts done, rate and remaining time; time since the submission; what is expected."""
    running, expected = transfers().progress_of(transfer), _expected(transfer)
    total = expected.alerts if expected and expected.is_exact else 0
    if running:
        if (share := _share(running, total)) is not None:
            st.progress(share)
        st.markdown(plain(f"{progress_text(_with_remaining(running, total))}."))
    facts = [f"Submitted {span_text(datetime.now(UTC) - transfer.submitted_at)} ago"]
    if expected:
        is_most = expected.at_most is not None
        facts.append(f"at most {expected.at_most:,} expected" if is_most else f"about {expected.alerts:,} expected")
    st.caption(" · ".join(facts))
    st.caption("Alerts can be read as soon as the first is published.")


def _share(running: RunningJob, total: int) -> float | None:
    """Of the alerts where their number is known before, which is finer than the files."""
    return min(running.last.alerts / total, 1.0) if total and running.last.files else running.share


def _with_remaining(running: RunningJob, total: int) -> RunningJob:
    """With the time for the alerts that are still to come, where their number is known before."""
    left = total - running.last.alerts
    return running._replace(remaining_s=left / running.rate_per_s) if running.rate_per_s and left > 0 else running


def _expected(transfer: Transfer) -> Estimate | None:
    """None where the statistics do not tell; an estimate is a nicety here."""
    if transfer.is_test:
        return None
    try:
        expected = transfers().archive.estimate(transfer.request)
    except QuicklookError:
        return None
    return expected if expected.at_most or expected.alerts else None
