"""What a job does of which only its receipt topic is known: nobody asks Livy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from backend.models import Phase
from backend.receipt_topic import JobRecords

ALIVE = timedelta(seconds=15)
"""A job that has reported within this time is alive; it reports every two seconds."""


def phase_elsewhere(records: JobRecords) -> Phase:
    """The phase of the job, from what it has said.

    A job that has fallen silent has been ended; where nothing was ever said, another tool made the topic, and what is
    there now is all that can be promised.
    """
    if records.receipt is not None:
        return Phase.COMPLETED
    if records.cancelled is not None:
        return Phase.ABORTED
    if records.failure is not None:
        return Phase.ERROR
    if records.progress is None:
        return Phase.COMPLETED
    return Phase.EXECUTING if datetime.now(UTC) - records.progress.said_at < ALIVE else Phase.ABORTED
