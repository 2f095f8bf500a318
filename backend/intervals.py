"""How sure a number is that was counted in a stratified sample. Pure arithmetic."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]
Z_95 = 1.959964
"""Half-width of a 95 % interval, in standard deviations of a normal distribution."""
EXPECTED_IF_NONE_SEEN = -math.log(0.05)
"""Of a rare event that was not seen, at most so many were to be expected, at 95 % ("the rule of three")."""
LEAST_ROWS = 10
"""A stratum with fewer rows says too little by itself."""
PRIOR_ROWS = 2.0
"""The share of a class is drawn towards that of all classes as if so many more rows said so."""


class Interval(NamedTuple):
    """An estimated number and the bounds between which the true one lies with 95 %."""

    number: float
    lowest: int
    highest: int


def exactly(number: int) -> Interval:
    """The interval of a number that is known."""
    return Interval(number, number, number)


@dataclass(frozen=True)
class Strata:
    """A stratified sample and how many of its rows match, an entry per stratum.

    Attributes
    ----------
    alerts
        All alerts of the stratum.
    rows
        Alerts in the sample.
    matching
        Those of them that match.
    kind
        A number for what the stratum is one of, such as its class: strata of one kind lend each other their share
        of matching rows where the error of each is computed.
    """

    alerts: Numbers
    rows: Numbers
    matching: Numbers
    kind: Integers

    @classmethod
    def pooled(cls, alerts: Integers, rows: Integers, matching: Integers, kind: Integers) -> tuple[Strata, Integers]:
        """Strata of some `LEAST_ROWS` rows or more, where there are so many, and in which of them each entry is.

        Neighbouring entries of one kind are pooled, unless they have enough rows or all their alerts are in the sample.

        Parameters
        ----------
        alerts, rows, matching, kind
            An entry per class and night, in the order of the nights.
        """
        is_small = (rows < LEAST_ROWS) & (rows < alerts)
        stratum = np.empty(len(kind), np.int64)
        large = np.flatnonzero(~is_small)
        stratum[large] = np.arange(len(large))
        small = np.flatnonzero(is_small)
        small = small[np.argsort(kind[small].astype(np.uint16), kind="stable")]
        kinds, pools = _pools(kind[small], rows[small])
        stratum[small] = len(large) + pools
        sums = [np.bincount(stratum, values).astype(np.float64) for values in (alerts, rows, matching)]
        return cls(sums[0], sums[1], sums[2], np.concatenate((kind[large], kinds))), stratum

    def shares(self) -> Numbers:
        """Which part of each stratum matches, estimated; where there are no rows, as of all others together."""
        there = self.rows > 0
        weight = self.alerts[there] / self.rows[there]
        alerts = float(self.alerts[there].sum())
        overall = float((weight * self.matching[there]).sum()) / alerts if alerts else 0.0
        return np.where(there, self.matching / np.maximum(self.rows, 1), overall)

    def where(self, chosen: NDArray[np.bool_]) -> Strata:
        """Some of the strata."""
        return Strata(self.alerts[chosen], self.rows[chosen], self.matching[chosen], self.kind[chosen])


def _pools(kind: Integers, rows: Integers) -> tuple[Integers, Integers]:
    """Kind of each pool, and the pool of each entry; the entries are in the order of their kinds."""
    if not len(kind):
        return kind, kind
    starts = np.flatnonzero(np.diff(kind, prepend=-1))
    sizes = np.diff(starts, append=len(kind))
    totals = np.add.reduceat(rows, starts)
    before = np.repeat(np.cumsum(totals) - totals, sizes)
    number = np.maximum(totals // LEAST_ROWS, 1)
    pool = np.minimum((np.cumsum(rows) - before) // LEAST_ROWS, np.repeat(number - 1, sizes))
    return np.repeat(kind[starts], number), np.repeat(np.cumsum(number) - number, sizes) + pool


def matching_interval(strata: Strata) -> Interval:
    """The number of matching alerts in all strata, with its 95 % interval.

    A stratum whose alerts are all in the sample is counted exactly; one without rows may match or not. For the others
    the number is the sum of the strata's estimates; its variance takes the share of matching rows from all strata of
    the kind, since a single one may have ten rows. The interval is Wilson's, for as many rows as would give this
    variance in a simple random sample (Korn & Graubard 1998, Survey Methodology 24, 193; with Wilson's interval instead
    of Clopper and Pearson's).

    Returns
    -------
    Interval
        Its bounds are whole numbers, rounded outwards, and never contradict the rows of the sample.
    """
    seen = float(strata.matching.sum())
    excluded = float((strata.rows - strata.matching).sum())
    uncertain = strata.where((strata.rows > 0) & (strata.rows < strata.alerts))
    exact = seen - float(uncertain.matching.sum())
    unknown = float(strata.alerts[strata.rows == 0].sum())
    lowest, highest = _bounds(uncertain)
    return Interval(
        number=float((strata.alerts * strata.shares()).sum()),
        lowest=max(math.floor(exact + lowest), round(seen)),
        highest=min(math.ceil(exact + highest + unknown), round(float(strata.alerts.sum()) - excluded)),
    )


def _bounds(strata: Strata) -> tuple[float, float]:
    alerts = float(strata.alerts.sum())
    if not alerts:
        return 0.0, 0.0
    number = float((strata.alerts * strata.shares()).sum())
    if not strata.matching.any():
        return 0.0, min(_most_unseen(strata), alerts)
    if (strata.matching == strata.rows).all():
        return max(alerts - _most_unseen(strata), 0.0), alerts
    share = number / alerts
    low, high = _wilson(share, share * (1 - share) * alerts**2 / _variance(strata, share))
    return low * alerts, high * alerts


def _most_unseen(strata: Strata) -> float:
    """So many alerts, spread over the strata like all alerts, would leave no trace in the sample once in 20 times."""
    alerts = float(strata.alerts.sum())
    trace = -np.log1p(-strata.rows / strata.alerts)
    return EXPECTED_IF_NONE_SEEN * alerts / float((strata.alerts * trace).sum())


def _variance(strata: Strata, share: float) -> float:
    """Of the estimated number, with the correction for drawing from a finite stratum."""
    weight = strata.alerts / strata.rows
    alerts, matching, rows = (
        np.bincount(strata.kind, values) for values in (strata.alerts, weight * strata.matching, strata.rows)
    )
    of_kind = (rows * matching / np.maximum(alerts, 1) + PRIOR_ROWS * share) / (rows + PRIOR_ROWS)
    p = of_kind[strata.kind]
    return float((strata.alerts * (strata.alerts - strata.rows) * p * (1 - p) / strata.rows).sum())


def _wilson(share: float, rows: float) -> tuple[float, float]:
    """Wilson's interval of a share, for a number of rows that need not be whole."""
    z2 = Z_95**2
    centre = (share + z2 / (2 * rows)) / (1 + z2 / rows)
    half = Z_95 / (1 + z2 / rows) * math.sqrt(share * (1 - share) / rows + z2 / (4 * rows**2))
    return max(centre - half, 0.0), min(centre + half, 1.0)
