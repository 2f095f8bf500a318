"""Ranges of offsets, against sets of offsets."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from backend.offset_ranges import OffsetRange, merged, next_read, next_unread, unread
from backend.reading_places import ReadingPlaces

END = 30
RANGES = st.lists(st.tuples(st.integers(0, END), st.integers(0, END)).map(lambda pair: OffsetRange(*pair)), max_size=8)
OFFSETS = st.integers(0, END)


def offsets_of(ranges: Iterable[OffsetRange]) -> set[int]:
    return {offset for each in ranges for offset in range(each.begin, each.end)}


@given(RANGES, OFFSETS, OFFSETS)
def test_they_say_what_a_set_of_offsets_says(ranges: list[OffsetRange], offset: int, end: int) -> None:
    joined, read = merged(ranges), offsets_of(ranges)
    assert offsets_of(joined) == read
    assert all(before.end < after.begin for before, after in itertools.pairwise(joined))
    assert next_unread(joined, offset) == min(set(range(offset, 2 * END)) - read)
    begins = [each.begin for each in joined if each.begin >= offset]
    assert next_read(joined, offset) == (min(begins) if begins else None)
    assert unread(joined, offset, end) == len(set(range(offset, end)) - read)


@given(RANGES, OFFSETS, st.integers(1, 7))
def test_a_reader_takes_each_unread_message_once(ranges: list[OffsetRange], begin: int, step: int) -> None:
    already = merged(ranges)
    places = ReadingPlaces([0], {0: begin}, {0: already})
    taken: list[int] = []
    while places.positions[0] < END:
        delivered = range(places.positions[0], min(places.positions[0] + step, END))
        awaited = [offset for offset in delivered if places.is_awaited(0, offset)]
        taken += awaited
        places.reach(0, awaited[-1] + 1)
        places.pass_over()
    assert taken == sorted(set(range(begin, END)) - offsets_of(already))


@given(RANGES, OFFSETS, OFFSETS)
def test_what_retention_removed_is_lost_where_it_was_not_read(ranges: list[OffsetRange], begin: int, low: int) -> None:
    already = merged(ranges)
    places = ReadingPlaces([0], {0: begin}, {0: already})
    places.begin_within(0, low)
    lost = offsets_of(OffsetRange(each.begin, each.end) for each in places.take_trimmed())
    assert lost == set(range(begin, low)) - offsets_of(already)
    assert places.positions[0] == next_unread(already, max(begin, low))
    assert places.take_trimmed() == ()
