"""Observing nights: ranges of them, both ends included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from backend.frozen import Frozen

MAX_RANGES = 100


class NightRange(Frozen):
    """Consecutive observing nights, both ends included."""

    start: date
    stop: date

    @model_validator(mode="after")
    def _start_before_stop(self) -> Self:
        if self.stop < self.start:
            raise ValueError(f"the last night ({self.stop}) lies before the first ({self.start})")
        return self

    def nights(self) -> tuple[date, ...]:
        """Each night of the range, in order."""
        return tuple(self.start + timedelta(days=n) for n in range((self.stop - self.start).days + 1))


def _listed(value: Any) -> Any:
    """One range may stand for a list of one."""
    return (value,) if isinstance(value, (dict, NightRange)) else value


Nights = Annotated[tuple[NightRange, ...], BeforeValidator(_listed), Field(min_length=1, max_length=MAX_RANGES)]
"""One range or several, in any order; they may overlap."""


def every_night(ranges: Iterable[NightRange]) -> tuple[date, ...]:
    """The nights of all ranges, each once, in order."""
    return tuple(sorted({night for each in ranges for night in each.nights()}))


def nights_text(ranges: Iterable[NightRange]) -> str:
    """Ranges: ``2024-09-01 – 2024-09-05, 2024-10-01``."""
    return ", ".join(str(each.start) if each.start == each.stop else f"{each.start} – {each.stop}" for each in ranges)


def ranges_of(nights: Sequence[date], among: Sequence[date]) -> tuple[NightRange, ...]:
    """The fewest ranges that hold these of the nights in `among`, and no other of them; both in order."""
    wanted, ranges = set(nights), []
    start = stop = None
    for night in among:
        if night in wanted:
            start, stop = start or night, night
        elif start is not None and stop is not None:
            ranges.append(NightRange(start=start, stop=stop))
            start = None
    if start is not None and stop is not None:
        ranges.append(NightRange(start=start, stop=stop))
    return tuple(ranges)
