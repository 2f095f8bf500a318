"""Observing nights: ranges of them, both ends included."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from backend.frozen import Frozen

MAX_RANGES = 100
MAX_NIGHTS = 100_000
"""Of all ranges together, before any is written out night by night."""


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


def _not_too_many(ranges: tuple[NightRange, ...]) -> tuple[NightRange, ...]:
    nights = sum((each.stop - each.start).days + 1 for each in ranges)
    if nights > MAX_NIGHTS:
        raise ValueError(f"these are {nights:,} nights; there may be {MAX_NIGHTS:,}")
    return ranges


Nights = Annotated[
    tuple[NightRange, ...],
    BeforeValidator(_listed),
    Field(min_length=1, max_length=MAX_RANGES),
    AfterValidator(_not_too_many),
]
"""One range or several, in any order; they may overlap."""


def every_night(ranges: Iterable[NightRange]) -> tuple[date, ...]:
    """The nights of all ranges, each once, in order."""
    return tuple(sorted({night for each in ranges for night in each.nights()}))


def nights_text(ranges: Iterable[NightRange]) -> str:
    """Ranges: ``2024-09-01 – 2024-09-05, 2024-10-01``."""
    return ", ".join(str(each.start) if each.start == each.stop else f"{each.start} – {each.stop}" for each in ranges)
