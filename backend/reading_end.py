"""When a topic is read to its end, and what that is worth: from the receipt, or else from the job's phase."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from backend.errors import ServiceUnavailable
from backend.models import Phase
from backend.receipt import Receipt
from backend.receipt_topic import JobRecords


class TopicView(Protocol):
    """What is asked of a topic to know where it ends."""

    def watermarks(self) -> dict[int, tuple[int, int]]:
        """Return the first and the next offset of each partition."""

    def read_records(self) -> JobRecords:
        """Return what the job has said, and whether it was cancelled."""


class Counts(Protocol):
    """What a store holds."""

    @property
    def distinct(self) -> int:
        """Alerts, each once."""

    @property
    def corrupt(self) -> int:
        """Damaged messages."""

    @property
    def trimmed(self) -> int:
        """Messages that were gone before they were read."""


class ReadingEnd:
    """Where the reader of a topic must come to.

    With a receipt, its end offsets. Without one the end is open while the job may still publish; after its failure
    it is where the topic ends, and so it is when a completed job's receipt does not appear in time.

    Parameters
    ----------
    phase
        Tells what the job does now.
    receipt_deadline_s
        How long the receipt of a completed job may take to appear, in seconds.
    """

    def __init__(self, phase: Callable[[], Phase], receipt_deadline_s: float) -> None:
        self._ask_phase = phase
        self._receipt_deadline_s = receipt_deadline_s
        self._completed_since: float | None = None
        self._looked_at: float | None = None
        self._offsets: dict[int, int] | None = None
        self.phase = Phase.UNKNOWN
        self.records = JobRecords()
        self.watermarks: dict[int, tuple[int, int]] = {}
        """Partition -> first and next offset, at the last look."""

    def is_queued(self) -> bool:
        """Whether the job has not even been submitted; then there is no topic yet. Unknown counts as no."""
        try:
            return self._ask_phase() is Phase.QUEUED
        except ServiceUnavailable:
            return False

    def is_due(self, interval_s: float) -> bool:
        """Whether the last look is that long ago."""
        return self._looked_at is None or time.monotonic() - self._looked_at >= interval_s

    def look(self, topic: TopicView) -> None:
        """Bring phase, receipt and watermarks up to date.

        Raises
        ------
        ServiceUnavailable
            When Kafka does not answer; a job whose phase cannot be told counts as unknown.
        """
        try:
            self.phase = self._ask_phase()
        except ServiceUnavailable:
            self.phase = Phase.UNKNOWN
        # In this order: what a job published is visible before its receipt, and its receipt before its final phase.
        if self.records.receipt is None:
            self.records = topic.read_records()
        self.watermarks = topic.watermarks()
        self._offsets = self._known_end({partition: high for partition, (_, high) in self.watermarks.items()})
        self._looked_at = time.monotonic()

    def is_reached(self, positions: Mapping[int, int]) -> bool:
        """Whether a reader that stands at these offsets has read all that there will be of these partitions."""
        ends = self._offsets
        return ends is not None and all(offset >= ends.get(partition, 0) for partition, offset in positions.items())

    @property
    def receipt(self) -> Receipt | None:
        """The job's receipt, when there is one."""
        return self.records.receipt

    @property
    def is_known(self) -> bool:
        """Whether nothing more will be published."""
        return self._offsets is not None

    def _known_end(self, present: dict[int, int]) -> dict[int, int] | None:
        if self.receipt is not None:
            promised = {part.partition: part.end for part in self.receipt.partitions}
            return {partition: min(end, promised.get(partition, end)) for partition, end in present.items()}
        if self.phase in (Phase.ERROR, Phase.ABORTED):
            return present
        if self.phase is Phase.COMPLETED:
            self._completed_since = self._completed_since or time.monotonic()
            return present if time.monotonic() - self._completed_since >= self._receipt_deadline_s else None
        self._completed_since = None
        return None


def verdict(records: JobRecords, counts: Counts, phase: Phase) -> tuple[bool, str]:
    """Judge what was read.

    Parameters
    ----------
    records, counts
        What the job has said, and what a store holds.
    phase
        What the job does now.

    Returns
    -------
    tuple
        Whether it is complete, which only a receipt can prove, and a sentence that says so or what is missing.
    """
    receipt = records.receipt
    if receipt is None:
        return False, f"Partial: {counts.distinct:,} alerts were read, and {_why_no_receipt(records, phase)}."
    of = f"{counts.distinct:,} of {receipt.published:,}"
    if counts.distinct == receipt.published and not counts.corrupt:
        return True, f"{of}, complete."
    causes = [
        f"{number:,} {what}"
        for number, what in (
            (counts.corrupt, "messages are damaged"),
            (counts.trimmed, "messages had expired before they were read"),
        )
        if number
    ]
    return False, f"Partial: {of} alerts" + (f"; {', '.join(causes)}." if causes else ".")


def _why_no_receipt(records: JobRecords, phase: Phase) -> str:
    if records.cancelled is not None:
        return "the job was cancelled"
    if phase is Phase.ERROR or records.failure is not None:
        return "the job failed"
    ended = {Phase.ABORTED: "the job was ended", Phase.COMPLETED: "the job left no receipt"}
    return ended.get(phase, "there is no receipt yet")
