"""What a read of a topic gives: messages as they are, and where the reader stands after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class TrimmedRange(NamedTuple):
    """Offsets that retention removed before they were read: from ``begin`` up to, without, ``end``."""

    partition: int
    begin: int
    end: int


class RawMessage(Protocol):
    """A message of the Kafka client."""

    def value(self) -> bytes | None:
        """Return the Avro bytes."""

    def partition(self) -> int:
        """Return the partition it comes from."""

    def offset(self) -> int:
        """Return its place in the partition."""


@dataclass(slots=True)
class RawBatch:
    """Messages in the order of reading; parallel lists, because there are many."""

    values: list[bytes | None] = field(default_factory=list)
    partitions: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    size_bytes: int = 0
    positions: dict[int, int] = field(default_factory=dict)
    """Partition -> offset of the next message to read, after this batch."""
    trimmed: tuple[TrimmedRange, ...] = ()

    @property
    def messages(self) -> int:
        """How many there are."""
        return len(self.offsets)

    def add(self, messages: Sequence[RawMessage]) -> int:
        """Append messages, and return their size in bytes."""
        values = [message.value() for message in messages]
        size = sum(len(value) for value in values if value)
        self.values += values
        self.partitions += [message.partition() for message in messages]
        self.offsets += [message.offset() for message in messages]
        self.size_bytes += size
        return size
