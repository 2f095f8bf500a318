"""Statistics made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from backend.class_nights import ClassNights, night_numbers
from backend.models import Content

SIZES = {Content.LIGHTCURVE: 1_000, Content.MEDIUM: 13_000, Content.CUTOUTS: 40_000, Content.FULL: 53_000}


class Entry(NamedTuple):
    """Alerts of one night and class; all are in the sample unless said otherwise."""

    night: date
    finkclass: str
    tnsclass: str
    alerts: int
    sampled: int | None = None


def class_nights(*entries: Entry) -> ClassNights:
    """The entries as the statistics hold them."""
    classes = sorted({(each.finkclass, each.tnsclass) for each in entries})
    ordered = sorted(entries, key=lambda each: (each.night, classes.index((each.finkclass, each.tnsclass))))
    return ClassNights(
        classes=tuple(classes),
        night=night_numbers(each.night for each in ordered),
        kind=_integers([classes.index((each.finkclass, each.tnsclass)) for each in ordered]),
        alerts=_integers([each.alerts for each in ordered]),
        sampled=_integers([each.alerts if each.sampled is None else each.sampled for each in ordered]),
        size_bytes=_integers([[each.alerts * SIZES[content] for content in Content] for each in ordered]),
    )


def _integers(values: Sequence[object]) -> np.ndarray:
    return np.array(values, dtype=np.int64)
