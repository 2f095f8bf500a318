"""What a job does, from its own words alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backend.job_elsewhere import phase_elsewhere
from backend.job_progress import JobProgress
from backend.models import Phase
from backend.receipt import Receipt
from backend.receipt_topic import JobRecords

RECEIPT = Receipt(topic="x", published=1, messages=1)


def said(ago_s: float) -> JobProgress:
    return JobProgress(step="publishing", elapsed_s=1.0, said_at=datetime.now(UTC) - timedelta(seconds=ago_s))


@pytest.mark.parametrize(
    ("records", "phase"),
    [
        (JobRecords(), Phase.COMPLETED),  # another tool's topic: it is as it is
        (JobRecords(reports=(said(3),)), Phase.EXECUTING),
        (JobRecords(reports=(said(60), said(3))), Phase.EXECUTING),
        (JobRecords(reports=(said(60),)), Phase.ABORTED),
        (JobRecords(reports=(said(3),), cancelled="Cancelled by lena."), Phase.ABORTED),
        (JobRecords(reports=(said(3),), failure="It broke."), Phase.ERROR),
        (JobRecords(reports=(said(60),), receipt=RECEIPT), Phase.COMPLETED),
        (JobRecords(receipt=RECEIPT, cancelled="Too late."), Phase.COMPLETED),
    ],
)
def test_the_last_word_counts_then_the_last_sign_of_life(records: JobRecords, phase: Phase) -> None:
    assert phase_elsewhere(records) is phase
