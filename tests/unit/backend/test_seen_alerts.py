"""Which alerts came before: the same as a set says."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backend.seen_alerts import SeenAlerts

IDS = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 30)


@given(st.lists(st.lists(IDS, max_size=40), max_size=30))
def test_it_says_what_a_set_says(batches: list[list[int]]) -> None:
    seen, known = SeenAlerts(), set[int]()
    for batch in batches:
        mask, new = seen.new_among(np.array(batch, np.int64))
        expected = [candid not in known and candid not in batch[:place] for place, candid in enumerate(batch)]
        assert mask.tolist() == expected
        assert new.tolist() == sorted(set(batch) - known)
        seen.add(new)
        known.update(batch)
        assert len(seen) == len(known)


def test_many_batches_are_in_few_arrays() -> None:
    seen = SeenAlerts()
    for start in range(0, 200_000, 200):
        seen.add(np.arange(start, start + 200))
    assert len(seen) == 200_000
    assert len(seen._arrays) <= 10
    assert not seen.new_among(np.arange(0, 200_000, 7))[0].any()
