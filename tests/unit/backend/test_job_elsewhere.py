"""What a job does, from its own words alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backend.errors import ServiceUnavailable, TransferFailed
from backend.job_elsewhere import FIRST_SIGN_S, SILENCE_S, JobElsewhere
from backend.job_progress import JobProgress
from backend.models import Phase
from backend.receipt import Receipt
from backend.receipt_topic import JobRecords

RECEIPT = Receipt(topic="x", published=1, messages=1)


class Watched:
    """A job, and the clock of who watches it."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.records: JobRecords | ServiceUnavailable = JobRecords()
        self.phase = JobElsewhere("x", self._read, now=lambda: self.now_s).phase

    def _read(self) -> JobRecords:
        if isinstance(self.records, ServiceUnavailable):
            raise self.records
        return self.records

    def says(self, elapsed_s: float, clock_off_s: float = 0) -> None:
        """A report; Kafka's clock is behind ours."""
        said_at = datetime.now(UTC) - timedelta(seconds=clock_off_s)
        self.records = JobRecords(reports=(JobProgress(step="publishing", elapsed_s=elapsed_s, said_at=said_at),))


@pytest.fixture
def job() -> Watched:
    return Watched()


@pytest.mark.parametrize(
    ("last_word", "phase"),
    [
        (JobRecords(cancelled="Cancelled by lena."), Phase.ABORTED),
        (JobRecords(failure="It broke."), Phase.ERROR),
        (JobRecords(receipt=RECEIPT), Phase.COMPLETED),
        (JobRecords(receipt=RECEIPT, cancelled="Too late."), Phase.COMPLETED),
        (JobRecords(has_topic=False), Phase.COMPLETED),  # another tool's topic: it is as it is
    ],
)
def test_the_last_word_counts(job: Watched, last_word: JobRecords, phase: Phase) -> None:
    job.says(1.0)
    assert job.phase() is Phase.EXECUTING
    job.records = last_word
    assert job.phase() is phase


def test_a_job_that_has_not_reported_yet_is_waited_for_but_not_for_ever(job: Watched) -> None:
    assert job.phase() is Phase.EXECUTING
    job.now_s += FIRST_SIGN_S - 1
    assert job.phase() is Phase.EXECUTING
    job.now_s += 1
    with pytest.raises(TransferFailed, match="no sign of life within 10 min"):
        job.phase()
    job.says(1.0)
    assert job.phase() is Phase.EXECUTING


def test_a_clock_that_is_off_ends_no_job(job: Watched) -> None:
    for elapsed_s in range(0, 600, 60):
        job.says(elapsed_s, clock_off_s=3_600)
        assert job.phase() is Phase.EXECUTING
        job.now_s += 60


def test_a_job_that_has_fallen_silent_has_ended(job: Watched) -> None:
    job.says(1.0)
    silent = job.records
    assert job.phase() is Phase.EXECUTING
    job.now_s += SILENCE_S
    assert job.phase() is Phase.ABORTED
    job.records = silent
    assert job.phase() is Phase.ABORTED


def test_while_kafka_is_away_no_job_can_say_anything(job: Watched) -> None:
    job.says(1.0)
    said = job.records
    assert job.phase() is Phase.EXECUTING
    job.records = ServiceUnavailable("Kafka", "It is away.")
    job.now_s += 10 * SILENCE_S
    with pytest.raises(ServiceUnavailable):
        job.phase()
    job.records = said
    assert job.phase() is Phase.EXECUTING, "it had no time to report since"
    job.now_s += SILENCE_S
    assert job.phase() is Phase.ABORTED
