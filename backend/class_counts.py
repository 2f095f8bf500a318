"""Alerts by night and classes, as receipts and verifications carry them: short, for seven years are one message."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

from backend.frozen import Frozen


class ClassCount(Frozen):
    """Published alerts of one night and class."""

    night: date
    finkclass: str
    tnsclass: str
    alerts: int


def short_form(counts: tuple[ClassCount, ...]) -> dict[str, Any]:
    """The counts as a job writes them.

    Returns
    -------
    dict
        ``classes``: each pair of ``finkclass`` and ``tnsclass`` once; ``nights``: night -> pairs of a place in that
        list, from 0, and a number of alerts.
    """
    places: dict[tuple[str, str], int] = {}
    nights: dict[str, list[tuple[int, int]]] = {}
    for count in counts:
        place = places.setdefault((count.finkclass, count.tnsclass), len(places))
        nights.setdefault(count.night.isoformat(), []).append((place, count.alerts))
    return {"classes": list(places), "nights": nights}


def _long_form(given: Any) -> Any:
    """From the short form; what is none is left to the checks that follow, as receipts of earlier versions are."""
    return tuple(_each(given)) if isinstance(given, dict) else given


def _each(short: dict[str, Any]) -> Iterator[dict[str, Any]]:
    try:
        for night, alerts_of_classes in short["nights"].items():
            for place, alerts in alerts_of_classes:
                finkclass, tnsclass = short["classes"][place]
                yield {"night": night, "finkclass": finkclass, "tnsclass": tnsclass, "alerts": alerts}
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"not counts by night and classes: {error!r}") from error


ClassCounts = Annotated[tuple[ClassCount, ...], BeforeValidator(_long_form), PlainSerializer(short_form)]
"""Counts that are read and written in the short form."""
