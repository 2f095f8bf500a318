"""A measured figure beside its goal and its peer, and the arithmetic that makes it. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """What a figure is counted in."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "µs"
    ALERTS_PER_S = "alerts/s"
    MB_PER_S = "MB/s"
    RATIO = "×"
    PERCENT = "%"
    GIB = "GiB"
    CORES = "cores"


_DECIMALS = {Unit.ALERTS_PER_S: 0, Unit.MILLISECONDS: 0, Unit.MB_PER_S: 0, Unit.RATIO: 2, Unit.GIB: 2, Unit.CORES: 2}


def written(value: float, unit: Unit) -> str:
    """The value with its unit, as precise as it is worth."""
    return f"{value:,.{_DECIMALS.get(unit, 1)}f} {unit}"


@dataclass(frozen=True)
class Goal:
    """The bound that was promised, itself included."""

    value: float
    is_upper: bool

    def is_met_by(self, value: float) -> bool:
        """Whether the value lies on the right side."""
        return value <= self.value if self.is_upper else value >= self.value


def at_most(value: float) -> Goal:
    """The figure must not be above `value`."""
    return Goal(value, is_upper=True)


def at_least(value: float) -> Goal:
    """The figure must not be below `value`."""
    return Goal(value, is_upper=False)


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes
    ----------
    section, what
        Which benchmark it belongs to, and what was measured.
    values
        One value a run; the median counts.
    goal
        What was promised; None: it is told, not promised.
    peer, peer_values
        What stands beside it, measured in the same run; empty: nothing.
    note
        What one must know to read it.
    """

    section: str
    what: str
    unit: Unit
    values: tuple[float, ...]
    goal: Goal | None = None
    peer: str = ""
    peer_values: tuple[float, ...] = ()
    note: str = ""

    @property
    def ours(self) -> float:
        """The median."""
        return statistics.median(self.values)

    @property
    def of_peer(self) -> float | None:
        """The peer's median; None without a peer."""
        return statistics.median(self.peer_values) if self.peer_values else None

    @property
    def is_met(self) -> bool | None:
        """Whether the median keeps the promise; None when nothing was promised."""
        return None if self.goal is None else self.goal.is_met_by(self.ours)

    @property
    def times_better(self) -> float | None:
        """How many times better than the peer: faster, or sooner; None for what is neither, and without a peer."""
        if not self.of_peer or not self.ours:
            return None
        if self.unit in (Unit.ALERTS_PER_S, Unit.MB_PER_S):
            return self.ours / self.of_peer
        return self.of_peer / self.ours if self.unit in (Unit.SECONDS, Unit.MILLISECONDS) else None


@dataclass(frozen=True)
class Sample:
    """What a look at the broker showed.

    Attributes
    ----------
    time_s
        Since the submission.
    messages
        On the topic, by its partitions' end offsets.
    broker_cpu_s
        Processor time that the broker has used since it started.
    """

    time_s: float
    messages: int
    broker_cpu_s: float


@dataclass(frozen=True)
class Steady:
    """The even part of a transfer: how fast, and how many processors the broker used meanwhile."""

    alerts_per_s: float
    broker_cores: float


def steady(samples: Sequence[Sample], head: int) -> Steady:
    """The speed between the look that first shows more than `head` messages and the one that first shows all.

    Raises
    ------
    ValueError
        There are no two such looks: too few alerts to tell a speed from.
    """
    last_count = samples[-1].messages if samples else 0
    begin = next((sample for sample in samples if sample.messages > head), None)
    if begin is None or begin.messages == last_count:
        raise ValueError(f"Of {last_count:,} alerts, no speed can be told after the first {head:,}.")
    end = next(sample for sample in samples if sample.messages == last_count)
    lasted_s = end.time_s - begin.time_s
    return Steady((last_count - begin.messages) / lasted_s, (end.broker_cpu_s - begin.broker_cpu_s) / lasted_s)


def spread(values: Sequence[float]) -> float:
    """How far the largest lies above the smallest, in per cent of the smallest."""
    return 100 * (max(values) / min(values) - 1)
