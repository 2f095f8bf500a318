"""What a job says that it published; the reader compares what arrived with it."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from backend.class_counts import ClassCounts
from backend.frozen import Frozen
from backend.nights import NightRange


class ColumnDrift(Frozen):
    """Where a column of the archive is not as the survey has it today.

    Attributes
    ----------
    absent
        Nights that do not have it: null was sent.
    converted
        What was done -> the nights: ``struct -> null``, ``double -> float``, ``rfscore -> rf_snia_vs_nonia``.
    """

    column: str
    absent: tuple[NightRange, ...] = ()
    converted: dict[str, tuple[NightRange, ...]] = Field(default_factory=dict)


class PartitionCount(Frozen):
    """Messages of one partition of the topic, from the broker after the write."""

    partition: int
    begin: int
    end: int


class UnreadableFile(Frozen):
    """A file of the archive that could not be read."""

    file: str
    reason: str


class OversizeAlert(Frozen):
    """An alert that is larger than a message may be, and was therefore not published."""

    candid: int
    size_bytes: int


class Receipt(BaseModel):
    """What the job says it published; the reader compares what arrived with it.

    Unknown fields are kept: an older reader accepts the receipt of a newer job.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    topic: str
    published: int
    messages: int
    counts: ClassCounts = ()
    partitions: tuple[PartitionCount, ...] = ()
    nights_used: tuple[date, ...] = ()
    nights_missing: tuple[date, ...] = ()
    files_unreadable: tuple[UnreadableFile, ...] = ()
    too_large: tuple[OversizeAlert, ...] = ()
    repeated: int = 0
    """Rows of the archive that were left out because another one has the same ``candid``."""
    share_read: float = 0.0
    """Bytes read, in all passes, as a share of the files' bytes."""
    drift: tuple[ColumnDrift, ...] = ()
    tns_catalogue: str = ""
    """Version of the catalogue that ``tnsclass`` comes from; empty when there was none."""
    schema_fingerprint: str = ""
    note: str = ""
    """Why nothing was published, when nothing was."""
    executors: int = 0
    """Executors that the job had when it ended; 0: the driver itself did the work."""
    cores: int = 0
    """Cores that it worked with when it ended; 0: an earlier job, which did not say."""
    request: dict[str, Any] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    timings_s: dict[str, float] = Field(default_factory=dict)

    @property
    def gaps(self) -> int:
        """Files and alerts that should be there and are not."""
        return len(self.files_unreadable) + len(self.too_large)
