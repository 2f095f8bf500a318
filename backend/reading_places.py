"""Where a reader stands in each partition of a topic, and what it passes over because it was read before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from backend.offset_ranges import OffsetRange, next_read, next_unread
from backend.raw_batch import TrimmedRange


class ReadingPlaces:
    """The positions of a reader; they only go forward.

    Parameters
    ----------
    partitions
        Those that are read.
    offsets
        Partition -> offset of the next message to read; 0 for the others.
    already_read
        Partition -> ranges of offsets that are passed over.
    """

    def __init__(
        self,
        partitions: Iterable[int],
        offsets: Mapping[int, int],
        already_read: Mapping[int, Sequence[OffsetRange]],
    ) -> None:
        self._already_read = already_read
        self._stops: dict[int, int] = {}
        self._trimmed: list[TrimmedRange] = []
        self.positions: dict[int, int] = {}
        for partition in partitions:
            self._move(partition, offsets.get(partition, 0))

    def begin_within(self, partition: int, low: int) -> None:
        """Move to the first message that the broker still holds; what was not read before is lost, and noted."""
        already, position = self._already_read.get(partition, ()), self.positions[partition]
        while position < low:
            lost_to = min(next_read(already, position) or low, low)
            self._trimmed.append(TrimmedRange(partition, position, lost_to))
            position = next_unread(already, lost_to)
        self._move(partition, position)

    def is_awaited(self, partition: int, offset: int) -> bool:
        """Whether a message was not read before."""
        return self.positions[partition] <= offset < self._stops.get(partition, offset + 1)

    def reach(self, partition: int, offset: int) -> None:
        """Stand at this offset, if that is forward."""
        self.positions[partition] = max(self.positions[partition], offset)

    def pass_over(self) -> dict[int, int]:
        """Go on behind what was read before, where that is reached; gives the new offsets of those partitions."""
        reached = {partition: stop for partition, stop in self._stops.items() if self.positions[partition] >= stop}
        for partition, stop in reached.items():
            self._move(partition, stop)
        return {partition: self.positions[partition] for partition in reached}

    @property
    def has_stops(self) -> bool:
        """Whether something ahead was read before."""
        return bool(self._stops)

    def take_trimmed(self) -> tuple[TrimmedRange, ...]:
        """What was lost since the last call."""
        lost, self._trimmed = tuple(self._trimmed), []
        return lost

    def _move(self, partition: int, offset: int) -> None:
        already = self._already_read.get(partition, ())
        position = next_unread(already, offset)
        self.positions[partition] = position
        self._stops.pop(partition, None)
        if (stop := next_read(already, position)) is not None:
            self._stops[partition] = stop
