"""What a reader in the background tells of itself: what it does, how far it is, how long it will take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from backend.alert_sink import ReadCounts


class IngestState(StrEnum):
    """What a reader does."""

    READING = "reading"
    WAITING = "waiting"
    STOPPED = "stopped"
    DONE = "done"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Whether the reader has ended."""
        return self in (IngestState.STOPPED, IngestState.DONE, IngestState.FAILED)


@dataclass(frozen=True, slots=True)
class IngestProgress:
    """How far a reader is: one moment, never changed."""

    state: IngestState = IngestState.WAITING
    read: int = 0
    """Messages that were read, in this and earlier runs."""
    distinct: int = 0
    duplicates: int = 0
    corrupt: int = 0
    trimmed: int = 0
    published: int | None = None
    """Distinct alerts that the receipt promises; None before there is one."""
    total_messages: int | None = None
    """Messages that were read or lie on the topic to be read."""
    behind: int | None = None
    """Messages that lie on the topic and are not read yet."""
    rate_per_s: float = 0.0
    complete: bool = False
    message: str = ""
    """One sentence: the verdict, or why it waits or failed."""

    @property
    def remaining_s(self) -> float | None:
        """Until all that lies on the topic is read, in seconds; None while that cannot be told."""
        return self.behind / self.rate_per_s if self.behind is not None and self.rate_per_s > 0 else None


def counted(progress: IngestProgress, counts: ReadCounts) -> IngestProgress:
    """The progress with what a sink has."""
    return replace(
        progress,
        read=counts.messages,
        distinct=counts.distinct,
        duplicates=counts.duplicates,
        corrupt=counts.corrupt,
        trimmed=counts.trimmed,
    )
