"""Where a reader puts what it reads: what `backend.ingest` asks of a store, or of a folder of files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from backend.errors import CorruptAlert
from backend.raw_batch import TrimmedRange


@dataclass(frozen=True, slots=True)
class ReadCounts:
    """What was read; ``messages`` is the sum of ``distinct``, ``duplicates`` and ``corrupt``."""

    messages: int = 0
    distinct: int = 0
    duplicates: int = 0
    corrupt: int = 0
    trimmed: int = 0
    """Messages that retention removed before this reader came to them."""


class AlertSink(Protocol):
    """Keeps alerts, each ``candid`` once, and the offsets up to which they were read."""

    @property
    def counts(self) -> ReadCounts:
        """What it has."""

    def offsets(self) -> dict[int, int]:
        """Partition -> offset of the next message to read."""

    def prepare(self, topic: str, avro_schema: str, fingerprint: str, schema: pa.Schema) -> None:
        """Get ready for alerts of this schema.

        Raises
        ------
        InvalidRequest
            When it has those of another topic or schema already.
        """

    def append(
        self,
        table: pa.Table,
        offsets: Mapping[int, int],
        corrupt: Iterable[CorruptAlert] = (),
        trimmed: Iterable[TrimmedRange] = (),
    ) -> ReadCounts:
        """Take one batch, what it had that cannot be read, and the next offsets.

        Raises
        ------
        QuicklookError
            When the disk is full or fails; nothing of the batch is kept then.
        """
