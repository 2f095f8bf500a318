"""Where a topic ends, and what that is worth."""

from __future__ import annotations

import time

import pytest

from backend.alert_sink import ReadCounts
from backend.errors import ServiceUnavailable
from backend.models import Phase
from backend.reading_end import ReadingEnd, verdict
from backend.receipt import PartitionCount, Receipt
from backend.receipt_topic import JobRecords


class Topic:
    """A topic of two partitions, 10 and 20 messages long."""

    receipt: Receipt | None = None
    high = (10, 20)

    def watermarks(self) -> dict[int, tuple[int, int]]:
        return {partition: (0, high) for partition, high in enumerate(self.high)}

    def read_records(self) -> JobRecords:
        return JobRecords(self.receipt)


def receipt(published: int = 30, ends: tuple[int, int] = (10, 20)) -> Receipt:
    parts = tuple(PartitionCount(partition=n, begin=0, end=end) for n, end in enumerate(ends))
    return Receipt(topic="t", published=published, messages=sum(ends), partitions=parts)


def looked(phase: Phase, topic: Topic, deadline_s: float = 60) -> ReadingEnd:
    end = ReadingEnd(lambda: phase, deadline_s)
    end.look(topic)
    return end


@pytest.mark.parametrize("phase", [Phase.QUEUED, Phase.EXECUTING, Phase.UNKNOWN, Phase.COMPLETED])
def test_without_a_receipt_the_end_is_open(phase: Phase) -> None:
    end = looked(phase, Topic())
    assert not end.is_known
    assert not end.is_reached({0: 10, 1: 20})
    assert sum(high - low for low, high in end.watermarks.values()) == 30


@pytest.mark.parametrize("phase", [Phase.ERROR, Phase.ABORTED])
def test_after_a_failure_it_is_where_the_topic_ends(phase: Phase) -> None:
    end = looked(phase, Topic())
    assert not end.is_reached({0: 10, 1: 19})
    assert end.is_reached({0: 10, 1: 20})


@pytest.mark.parametrize("phase", list(Phase))
def test_with_a_receipt_it_is_what_that_says(phase: Phase) -> None:
    topic = Topic()
    topic.receipt = receipt(ends=(8, 20))
    end = looked(phase, topic)
    assert not end.is_reached({0: 7, 1: 20})
    assert end.is_reached({1: 20})  # of a reader of that partition alone
    assert end.is_reached({0: 8, 1: 20})


def test_a_promise_beyond_the_topic_does_not_keep_the_reader() -> None:
    topic = Topic()
    topic.receipt = receipt(ends=(10, 25))
    assert looked(Phase.COMPLETED, topic).is_reached({0: 10, 1: 20})


def test_a_completed_job_without_a_receipt_is_given_a_deadline() -> None:
    end = looked(Phase.COMPLETED, Topic(), deadline_s=0.05)
    deadline = time.monotonic() + 5
    while not end.is_known and time.monotonic() < deadline:
        end.look(Topic())
    assert end.is_reached({0: 10, 1: 20})


def test_a_phase_that_cannot_be_told_is_unknown() -> None:
    def unavailable() -> Phase:
        raise ServiceUnavailable("Livy", "Livy is away.")

    end = ReadingEnd(unavailable, 0)
    end.look(Topic())
    assert end.phase is Phase.UNKNOWN
    assert not end.is_known


def test_only_an_equal_receipt_is_complete() -> None:
    whole = ReadCounts(messages=31, distinct=30, duplicates=1)
    assert verdict(JobRecords(receipt()), whole, Phase.COMPLETED) == (True, "30 of 30, complete.")
    assert verdict(JobRecords(receipt(0)), ReadCounts(), Phase.COMPLETED) == (True, "0 of 0, complete.")
    for counts in (ReadCounts(distinct=29), ReadCounts(distinct=31), ReadCounts(distinct=30, corrupt=1)):
        assert not verdict(JobRecords(receipt()), counts, Phase.COMPLETED)[0]
    assert not verdict(JobRecords(), whole, Phase.COMPLETED)[0]


def test_the_sentence_says_what_is_missing() -> None:
    assert "28 of 30" in verdict(JobRecords(receipt()), ReadCounts(distinct=28, corrupt=2), Phase.COMPLETED)[1]
    assert (
        "2 messages are damaged"
        in verdict(JobRecords(receipt()), ReadCounts(distinct=28, corrupt=2), Phase.COMPLETED)[1]
    )
    assert "expired" in verdict(JobRecords(receipt()), ReadCounts(distinct=10, trimmed=20), Phase.COMPLETED)[1]
    assert "the job failed" in verdict(JobRecords(), ReadCounts(distinct=10), Phase.ERROR)[1]


def test_the_sentence_says_how_a_job_ended() -> None:
    def why(records: JobRecords, phase: Phase = Phase.ABORTED) -> str:
        return verdict(records, ReadCounts(distinct=10), phase)[1]

    assert why(JobRecords(cancelled="Cancelled by lena.")) == "Partial: 10 alerts were read, and the job was cancelled."
    assert "the job failed" in why(JobRecords(failure="The disk is full."))
    assert "the job was ended" in why(JobRecords())
    assert "no receipt yet" in why(JobRecords(), Phase.EXECUTING)
