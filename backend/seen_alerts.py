"""Which alerts were there before, by their ids: eight bytes an alert, and no more than that grows with the topic."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]


class SeenAlerts:
    """A set of ids, in sorted arrays.

    Each array is more than twice as long as the next; shorter ones are merged. So there are few to look into, and each
    id is merged a few times only. It takes 8 bytes an id, and twice as much for the moment of the largest merge.
    """

    def __init__(self) -> None:
        self._arrays: list[Ids] = []

    def __len__(self) -> int:
        return sum(map(len, self._arrays))

    def new_among(self, ids: Ids) -> tuple[npt.NDArray[np.bool_], Ids]:
        """Which of these ids are neither here nor earlier among them.

        Returns
        -------
        tuple
            A mask for the ids, and the new ones, sorted; they are not added yet.
        """
        distinct, first = np.unique(ids, return_index=True)
        is_new = np.ones(len(distinct), np.bool_)
        for known in self._arrays:
            place = np.searchsorted(known, distinct)
            place[place == len(known)] = 0
            is_new &= known[place] != distinct
        mask = np.zeros(len(ids), np.bool_)
        mask[first[is_new]] = True
        return mask, distinct[is_new]

    def add(self, sorted_ids: Ids) -> None:
        """Add ids that are new, sorted."""
        if not len(sorted_ids):
            return
        merged: Any = sorted_ids
        while self._arrays and len(self._arrays[-1]) <= 2 * len(merged):
            merged = np.concatenate([self._arrays.pop(), merged])
            merged.sort(kind="stable")  # two sorted runs: a merge
        self._arrays.append(merged)
