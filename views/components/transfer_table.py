"""The list of transfers; one of them can be selected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from backend.job_progress import RunningJob
from backend.models import Transfer
from backend.nights import nights_text
from views.components import session
from views.components.wording import content_text, span_text, time_text


def transfer_table(transfers: Sequence[Transfer], selected: str | None) -> Transfer | None:
    """The selected transfer: the one in the table, at first the one with this id or topic."""
    row = next((n for n, each in enumerate(transfers) if selected in (each.id, each.topic)), 0)
    event = st.dataframe(
        _table(transfers, {each.id: session.transfers().progress_of(each) for each in transfers}),
        hide_index=True,
        placeholder="",
        # A new transfer moves the others down: with it the table begins anew, at the same selection.
        key=f"transfers_{transfers[0].id}_{len(transfers)}",
        on_select="rerun",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [row]}},
        column_config={
            "alerts": st.column_config.NumberColumn(format="localized"),
            "topic": st.column_config.TextColumn(width="medium"),
        },
    )
    rows = event["selection"]["rows"]
    return transfers[rows[0]] if rows and rows[0] < len(transfers) else None


def _phase(transfer: Transfer, running: RunningJob | None) -> str:
    share = f" {running.share:.0%}" if running and running.share else ""
    return transfer.phase + share + (" (test)" if transfer.is_test else "")


def _alerts(transfer: Transfer, running: RunningJob | None) -> int | None:
    """Published, so far where it runs."""
    if transfer.receipt:
        return transfer.receipt.published
    return running.last.alerts if running else None


def _table(transfers: Sequence[Transfer], running: Mapping[str, RunningJob | None]) -> pd.DataFrame:
    now = datetime.now(UTC)
    return pd.DataFrame(
        {
            "phase": [_phase(each, running[each.id]) for each in transfers],
            "submitted (UTC)": [time_text(each.submitted_at) for each in transfers],
            "nights": [nights_text(each.request.nights) for each in transfers],
            "content": [content_text(each.request) for each in transfers],
            "job": [each.job_size for each in transfers],
            "alerts": [_alerts(each, running[each.id]) for each in transfers],
            "expires in": [
                span_text(each.expires_at - now) if each.expires_at > now else "expired" for each in transfers
            ],
            "by": [each.user for each in transfers],
            "topic": [each.topic for each in transfers],
        }
    )
