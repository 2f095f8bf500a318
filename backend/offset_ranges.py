"""Which offsets of a partition were read: ranges in order, none touching another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class OffsetRange(NamedTuple):
    """Offsets from ``begin`` up to, without, ``end``."""

    begin: int
    end: int


def merged(ranges: Iterable[OffsetRange]) -> tuple[OffsetRange, ...]:
    """The same offsets as ranges in order; empty ones are left out, those that touch or overlap become one."""
    joined: list[OffsetRange] = []
    for each in sorted(each for each in ranges if each.begin < each.end):
        if joined and each.begin <= joined[-1].end:
            joined[-1] = OffsetRange(joined[-1].begin, max(joined[-1].end, each.end))
        else:
            joined.append(each)
    return tuple(joined)


def next_unread(ranges: Sequence[OffsetRange], offset: int) -> int:
    """The first offset, from this one on, that is in none of the merged ranges."""
    before = bisect_right(ranges, offset, key=lambda each: each.begin) - 1
    return max(offset, ranges[before].end) if before >= 0 else offset


def next_read(ranges: Sequence[OffsetRange], offset: int) -> int | None:
    """Where the next of the merged ranges begins, from this offset on; None when there is none."""
    after = bisect_right(ranges, offset - 1, key=lambda each: each.begin)
    return ranges[after].begin if after < len(ranges) else None


def unread(ranges: Sequence[OffsetRange], begin: int, end: int) -> int:
    """How many offsets from ``begin`` up to, without, ``end`` are in none of the merged ranges."""
    read = sum(max(0, min(each.end, end) - max(each.begin, begin)) for each in ranges)
    return max(0, end - begin) - read
