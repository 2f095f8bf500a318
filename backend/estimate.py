"""What a request would bring, from the statistics of the archive. Pure: what they say is handed in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from backend.alert_classes import TNS, WantedClasses, label_of
from backend.class_counts import ClassCount
from backend.class_nights import ClassNights, Integers, night_of
from backend.intervals import Interval, Numbers, Strata, exactly, matching_interval
from backend.models import ArchiveNights, Bounds, Content, Estimate
from backend.sample import Sample

SCALAR_BYTES = 9
"""A number in Avro with the mark that it is not null."""
CANDIDATE_BYTES = 600
"""The measurements of one detection, all 103."""
STAMPS = ("cutoutScience", "cutoutTemplate", "cutoutDifference")
MOST_COUNTS = 5_000
"""Of so many numbers per night and class, the seldom classes become `OTHERS`."""
LEAST_CLASSES = 3
"""But of so many the number stands alone in any case; thousands of nights are too narrow to tell more of them apart."""
OTHERS = "others"
_CLASS_COUNTS = TypeAdapter(tuple[ClassCount, ...])


class Looked(NamedTuple):
    """What the sample says of the conditions and the region.

    Attributes
    ----------
    matching
        Matching rows of each entry of the chosen nights and classes; None: all match, there is nothing to fulfil.
    examples
        Values of some matching rows.
    not_counted
        A sentence for each condition that the sample cannot tell of.
    """

    matching: Integers | None = None
    examples: tuple[dict[str, Any], ...] = ()
    not_counted: tuple[str, ...] = ()


NOTHING_ASKED = Looked()


def estimate(
    of_nights: ClassNights,
    nights: Sequence[date],
    known: ArchiveNights,
    wanted: WantedClasses,
    content: Content | tuple[str, ...],
    looked: Looked = NOTHING_ASKED,
    sample: Sample | None = None,
) -> Estimate:
    """Sum up the statistics of the chosen nights and classes.

    Parameters
    ----------
    of_nights
        The statistics of the chosen nights.
    nights
        The nights asked for.
    known
        The nights with data, and whether statistics exist at all.
    wanted
        The chosen classes; none: all.
    content
        What is sent.
    looked
        How many rows of the sample match, in the order of ``of_nights.of_classes(wanted)``.
    sample
        Which part of the matching alerts is sent.
    """
    chosen = of_nights.of_classes(wanted)
    sent, numbers = _sent(chosen, looked.matching, sample)
    per_alert = _bytes_per_alert(chosen, content)
    size = float((numbers * per_alert).sum())
    alerts = round(sent.number)
    lowest = 0 if looked.not_counted else sent.lowest
    is_known = known.is_known
    with_data = set(known.nights)
    return Estimate(
        alerts=alerts,
        alerts_of_nights=int(of_nights.alerts.sum()),
        size_bytes=round(size),
        bytes_per_alert=size / sent.number if sent.number else _mean(per_alert, chosen.alerts),
        bounds=None if lowest == sent.highest else Bounds(lowest=lowest, highest=sent.highest),
        counts=_counts(chosen, numbers, alerts),
        sample_rows=int(chosen.sampled.sum()),
        matching_rows=int((chosen.sampled if looked.matching is None else looked.matching).sum()),
        examples=looked.examples,
        not_counted=looked.not_counted,
        nights_without_data=tuple(night for night in nights if night not in with_data) if is_known else (),
        nights_unknown=() if is_known else tuple(nights),
        is_exact=is_known and lowest == sent.highest,
    )


def counts_by_label(rows: ClassNights) -> dict[str, int]:
    """Alerts by label, as a user chooses classes, the most frequent first; an alert counts for each of its classes."""
    counts: dict[str, int] = {}
    for (finkclass, tnsclass), alerts in rows.by_class().items():
        labels = [label_of(finkclass)] + ([tnsclass] if tnsclass.startswith(TNS) else [])
        for label in labels:
            counts[label] = counts.get(label, 0) + alerts
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def mean_sizes(rows: ClassNights) -> dict[Content, float]:
    """Mean bytes of an alert in each content; empty where there are no alerts."""
    alerts = int(rows.alerts.sum())
    return {content: rows.total_bytes(content) / alerts for content in Content} if alerts else {}


def estimated_alerts(chosen: ClassNights, rows: Integers) -> Numbers:
    """Alerts that each column of `rows` (entries x columns), rows of the sample, stands for."""
    weight = chosen.alerts / np.maximum(chosen.sampled, 1)
    alerts: Numbers = weight @ rows
    return alerts


def _sent(chosen: ClassNights, matching: Integers | None, sample: Sample | None) -> tuple[Interval, Numbers]:
    """How many alerts are sent in all, and of each entry."""
    if sample is None or sample.per_class is None:
        matched, numbers = _matched(chosen, matching)
        sent = Interval(*(_part(number, sample) for number in matched))
        return sent, numbers * (sent.number / matched.number if matched.number else 0.0)
    finkclasses = sorted({finkclass for finkclass, _ in chosen.classes})
    of_kind = np.array([finkclasses.index(finkclass) for finkclass, _ in chosen.classes], np.int64)[chosen.kind]
    totals, numbers = np.zeros(3), np.zeros(len(of_kind))
    for number in np.unique(of_kind):
        of_class = of_kind == number
        matched, of_entries = _matched(chosen.where(of_class), None if matching is None else matching[of_class])
        totals += np.minimum(matched, sample.per_class)
        numbers[of_class] = of_entries * min(1.0, sample.per_class / matched.number if matched.number else 0.0)
    return Interval(float(totals[0]), round(totals[1]), round(totals[2])), numbers


def _matched(chosen: ClassNights, matching: Integers | None) -> tuple[Interval, Numbers]:
    """How many alerts match in all, and of each entry."""
    if matching is None:
        return exactly(int(chosen.alerts.sum())), chosen.alerts.astype(np.float64)
    strata, stratum = Strata.pooled(chosen.alerts, chosen.sampled, matching, chosen.kind)
    return matching_interval(strata), chosen.alerts * strata.shares()[stratum]


def _part(matching: float, sample: Sample | None) -> Any:
    """How many of so many matching alerts are sent: as the job takes them, of whole numbers a whole one."""
    if sample is None or sample.per_class is not None:
        return matching
    if sample.max_alerts is not None:
        return min(matching, sample.max_alerts)
    assert sample.fraction is not None
    return round(sample.fraction * matching)


def _bytes_per_alert(chosen: ClassNights, content: Content | tuple[str, ...]) -> Numbers:
    """Of each entry: measured for the ready-made contents; for fields by hand put together from their parts."""
    alerts = np.maximum(chosen.alerts, 1)
    if isinstance(content, Content):
        return chosen.size_bytes[:, list(Content).index(content)] / alerts
    mean = {each: chosen.size_bytes[:, n] / alerts for n, each in enumerate(Content)}
    stamp = (mean[Content.FULL] - mean[Content.MEDIUM]) / len(STAMPS)
    history = np.maximum(mean[Content.MEDIUM] - mean[Content.LIGHTCURVE] - CANDIDATE_BYTES, 0)
    one = np.ones(len(alerts))
    parts = {"prv_candidates": history, "candidate": CANDIDATE_BYTES * one, **dict.fromkeys(STAMPS, stamp)}
    names = (field.split(".")[0] if field.startswith("cutout") else field for field in content)
    return sum((parts.get(name, SCALAR_BYTES * one) for name in names), start=0 * one)


def _mean(values: Numbers, weights: Integers) -> float:
    return float(np.average(values, weights=weights)) if weights.sum() else 0.0


def _counts(chosen: ClassNights, numbers: Numbers, alerts: int) -> tuple[ClassCount, ...]:
    """Whole numbers per night and class that add up to `alerts`."""
    if not len(numbers):
        return ()
    first_of_night = np.diff(chosen.night, prepend=-1) != 0
    nights = [night_of(number) for number in chosen.night[first_of_night].tolist()]
    classes, kind = chosen.classes, chosen.kind
    if len(numbers) > MOST_COUNTS:
        classes, kind = _frequent(chosen, numbers, max(MOST_COUNTS // len(nights), LEAST_CLASSES))
    place = (np.cumsum(first_of_night) - 1) * len(classes) + kind
    whole = _rounded(np.bincount(place, numbers).astype(np.float64), alerts)
    shown = np.flatnonzero(whole)
    # All at once: there are thousands, and one by one they would take as long as all the rest.
    return _CLASS_COUNTS.validate_python(
        tuple(
            {
                "night": nights[place // len(classes)],
                "finkclass": classes[place % len(classes)][0],
                "tnsclass": classes[place % len(classes)][1],
                "alerts": number,
            }
            for place, number in zip(shown.tolist(), whole[shown].tolist(), strict=True)
        )
    )


def _frequent(chosen: ClassNights, numbers: Numbers, shown: int) -> tuple[tuple[tuple[str, str], ...], Integers]:
    """The most frequent classes, then `OTHERS`; and where among them the class of each entry is."""
    totals = np.bincount(chosen.kind, numbers, minlength=len(chosen.classes))
    frequent = np.argsort(-totals, kind="stable")[:shown]
    place = np.full(len(totals), len(frequent))
    place[frequent] = np.arange(len(frequent))
    return (*(chosen.classes[each] for each in frequent), (OTHERS, OTHERS)), place[chosen.kind]


def _rounded(numbers: Numbers, total: int) -> NDArray[np.int64]:
    """Whole numbers with this sum: those with the largest remainders are rounded up."""
    whole = np.floor(numbers).astype(np.int64)
    missing = int(np.clip(total - whole.sum(), 0, len(whole)))
    if missing:
        whole[np.argsort(whole - numbers, kind="stable")[:missing]] += 1
    return whole
