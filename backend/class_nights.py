"""The statistics of an archive as arrays, an entry for each class in each night; and where their sample is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from backend.alert_classes import WantedClasses
from backend.models import Content

Integers = NDArray[np.int64]
SERVICE = "the statistics"
"""As users know them, in errors."""
EPOCH = date(1970, 1, 1).toordinal()


def night_numbers(nights: Iterable[date]) -> Integers:
    """Nights as days since 1970, which is how dates are kept in arrays."""
    return np.fromiter((night.toordinal() - EPOCH for night in nights), np.int64)


def night_of(number: int) -> date:
    """The night of a number."""
    return date.fromordinal(int(number) + EPOCH)


@dataclass(frozen=True)
class SampleFile:
    """A file of the sample.

    Attributes
    ----------
    path
        Where it is, in the file system of the statistics.
    nights
        The nights, in days since 1970, whose sample it is.
    replaced
        Other nights that are in it; they were counted again since.
    """

    path: str
    nights: frozenset[int]
    replaced: frozenset[int] = frozenset()


@dataclass(frozen=True)
class ClassNights:
    """Alerts per night and class, in the order of these two.

    Attributes
    ----------
    classes
        The pairs of ``finkclass`` and ``tnsclass`` that there are.
    night
        Of each entry: the night, in days since 1970.
    kind
        The class, as its place in `classes`.
    alerts, sampled
        All alerts; those that are in the sample.
    size_bytes
        Bytes of all alerts in each content, in the order of `Content`: an array of entries x contents.
    """

    classes: tuple[tuple[str, str], ...]
    night: Integers
    kind: Integers
    alerts: Integers
    sampled: Integers
    size_bytes: Integers

    def of_nights(self, nights: Sequence[date]) -> ClassNights:
        """The entries of these nights."""
        chosen = np.isin(self.night, night_numbers(nights))
        return self if chosen.all() else self.where(chosen)

    def of_classes(self, wanted: WantedClasses) -> ClassNights:
        """The entries of the wanted classes: one of the two is among the chosen ones, or none is chosen."""
        if not wanted.finkclasses and not wanted.tnsclasses:
            return self
        finkclasses, tnsclasses = set(wanted.finkclasses), set(wanted.tnsclasses)
        chosen = [fink in finkclasses or tns in tnsclasses for fink, tns in self.classes]
        return self.where(np.array(chosen, dtype=bool)[self.kind])

    def where(self, chosen: NDArray[np.bool_]) -> ClassNights:
        """Some of the entries."""
        return replace(self, **{f.name: getattr(self, f.name)[chosen] for f in fields(self) if f.name != "classes"})

    def distinct_nights(self) -> Integers:
        """The nights, each once, in order."""
        nights: Integers = self.night[np.diff(self.night, prepend=-1) != 0]
        return nights

    def every_night(self) -> tuple[date, ...]:
        """The nights that have alerts, in order."""
        return tuple(night_of(number) for number in np.unique(self.night[self.alerts > 0]))

    def tnsclasses(self) -> frozenset[str]:
        """The values that ``tnsclass`` takes."""
        return frozenset(tnsclass for _, tnsclass in self.classes)

    def by_class(self) -> dict[tuple[str, str], int]:
        """Alerts of each class that has some."""
        totals = np.bincount(self.kind, self.alerts, minlength=len(self.classes))
        return {pair: int(total) for pair, total in zip(self.classes, totals, strict=True) if total}

    def total_bytes(self, content: Content) -> int:
        """Bytes of all alerts in a content."""
        return int(self.size_bytes[:, list(Content).index(content)].sum())


def no_class_nights() -> ClassNights:
    """Statistics of nothing."""
    none = np.empty(0, np.int64)
    return ClassNights((), none, none, none, none, np.empty((0, len(Content)), np.int64))
