"""Alerts by night and classes in few bytes: those of seven years must fit one message of Kafka."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any


def short_counts(counts: Mapping[tuple[date, str, str], int]) -> dict[str, Any]:
    """The counts as ``backend/class_counts.py`` reads them.

    Returns
    -------
    dict
        ``classes``: each pair of ``finkclass`` and ``tnsclass`` once; ``nights``: night -> pairs of a place in that
        list, from 0, and a number of alerts.
    """
    classes = sorted({(finkclass, tnsclass) for _, finkclass, tnsclass in counts})
    places = {pair: place for place, pair in enumerate(classes)}
    nights: dict[str, list[tuple[int, int]]] = {}
    for (night, finkclass, tnsclass), alerts in sorted(counts.items()):
        nights.setdefault(str(night), []).append((places[finkclass, tnsclass], alerts))
    return {"classes": classes, "nights": nights}
