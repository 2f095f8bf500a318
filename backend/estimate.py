"""What a request would bring, from the statistics. Pure: the counts are handed in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from backend.alert_classes import FINK, FINK_CLASSES, SIMBAD, TNS, UNKNOWN, WantedClasses
from backend.models import ArchiveNights, ClassCount, Content, Estimate, NightClass

SCALAR_BYTES = 9
"""A number in Avro with the mark that it is not null."""
CANDIDATE_BYTES = 600
"""The measurements of one detection, all 103."""
STAMPS = ("cutoutScience", "cutoutTemplate", "cutoutDifference")


def estimate(
    rows: Sequence[NightClass],
    nights: Sequence[date],
    known: ArchiveNights,
    wanted: WantedClasses,
    content: Content | tuple[str, ...],
    *,
    has_conditions: bool,
) -> Estimate:
    """Sum up the statistics of the chosen nights and classes.

    Parameters
    ----------
    rows
        The statistics of the chosen nights.
    nights
        The nights asked for.
    known
        The nights with data, and whether statistics exist at all.
    wanted
        The chosen classes; none: all.
    content
        What is sent.
    has_conditions
        Conditions are not counted: with them, the numbers are upper bounds.
    """
    chosen = [row for row in rows if _is_wanted(row, wanted)]
    with_data = set(known.nights)
    without_data = tuple(night for night in nights if night not in with_data)
    return Estimate(
        alerts=sum(row.alerts for row in chosen),
        alerts_of_nights=sum(row.alerts for row in rows),
        size_bytes=sum(_size_bytes(row, content) for row in chosen),
        counts=tuple(
            ClassCount(night=r.night, finkclass=r.finkclass, tnsclass=r.tnsclass, alerts=r.alerts) for r in chosen
        ),
        nights_without_data=without_data if known.is_known else (),
        nights_unknown=() if known.is_known else tuple(nights),
        is_exact=known.is_known and not has_conditions,
    )


def counts_by_label(rows: Iterable[NightClass]) -> dict[str, int]:
    """Alerts by label, as a user chooses classes; an alert has a label for each of its two classes."""
    counts: dict[str, int] = {}
    for row in rows:
        labels = [_fink_label(row.finkclass)] + ([row.tnsclass] if row.tnsclass.startswith(TNS) else [])
        for label in labels:
            counts[label] = counts.get(label, 0) + row.alerts
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def mean_sizes(rows: Sequence[NightClass]) -> dict[Content, float]:
    """Mean bytes of an alert in each content; empty where there are no alerts."""
    alerts = sum(row.alerts for row in rows)
    if not alerts:
        return {}
    return {content: sum(row.size_bytes[content] for row in rows) / alerts for content in Content}


def _fink_label(finkclass: str) -> str:
    if finkclass == UNKNOWN:
        return UNKNOWN
    return (FINK if finkclass in FINK_CLASSES else SIMBAD) + finkclass


def _is_wanted(row: NightClass, wanted: WantedClasses) -> bool:
    if not wanted.finkclasses and not wanted.tnsclasses:
        return True
    return row.finkclass in wanted.finkclasses or row.tnsclass in wanted.tnsclasses


def _size_bytes(row: NightClass, content: Content | tuple[str, ...]) -> int:
    """Measured for the ready-made contents; for fields by hand put together from their parts."""
    if isinstance(content, Content):
        return row.size_bytes[content]
    sizes = row.size_bytes
    stamp = (sizes[Content.FULL] - sizes[Content.MEDIUM]) // len(STAMPS)
    history = max(sizes[Content.MEDIUM] - sizes[Content.LIGHTCURVE] - CANDIDATE_BYTES * row.alerts, 0)
    special = {"prv_candidates": history, "candidate": CANDIDATE_BYTES * row.alerts, **dict.fromkeys(STAMPS, stamp)}
    return sum(
        special.get(field.split(".")[0] if field.startswith("cutout") else field, SCALAR_BYTES * row.alerts)
        for field in content
    )
