"""What of a light curve is shown: as magnitude or flux, against time or phase, with or without doubtful points."""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from backend.light_curve import JD_OF_MJD_0, Detection, LightCurve, UpperLimit
from backend.photometry import (
    OWN_REFERENCE_ARCSEC,
    Measured,
    apparent_limit_mag,
    apparent_magnitude_mag,
    difference_flux_ujy,
    flux_of_magnitude_ujy,
)

_MJD_0 = datetime(1858, 11, 17, tzinfo=UTC)


class Quantity(StrEnum):
    """What is shown of a measurement."""

    DIFFERENCE = "difference magnitude"
    APPARENT = "apparent magnitude"
    FLUX = "difference flux"

    @property
    def unit(self) -> str:
        """The unit, as it is written beside a number."""
        return "µJy" if self is Quantity.FLUX else "mag"


class TimeAxis(StrEnum):
    """How a time (UTC) is written."""

    MJD = "MJD"
    JD = "JD"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class LightCurveChoice:
    """What the user chose to see.

    Parameters
    ----------
    least_score
        Detections with a lower score (see `score_of`) are doubtful.
    hides_doubtful
        Whether doubtful detections are left away; else they are marked.
    period_d
        Fold with this period; None shows the time.
    """

    quantity: Quantity = Quantity.DIFFERENCE
    time_axis: TimeAxis = TimeAxis.MJD
    least_score: float = 0.0
    hides_doubtful: bool = False
    period_d: float | None = None


AS_MEASURED = LightCurveChoice()


class ShownPoint(NamedTuple):
    """One detection or upper limit, in the unit of the chosen quantity."""

    mjd: float
    phase: float | None
    band: str
    value: float
    error: float | None
    """None for an upper limit."""
    rb: float | None = None
    drb: float | None = None
    candid: int | None = None
    is_doubtful: bool = False

    @property
    def is_limit(self) -> bool:
        """Whether it is an upper limit."""
        return self.error is None


class ShownCurve(NamedTuple):
    """The points to draw, and how many there are not."""

    choice: LightCurveChoice
    points: tuple[ShownPoint, ...]
    epoch_mjd: float
    """Where the phase is 0: the first detection."""
    hidden: int
    """Doubtful detections that are left away."""
    without_value: int
    """Detections of which the chosen quantity cannot be told."""
    limits_without_value: int
    reference_arcsec: float | None
    """Usual distance of the reference source where it counts and is more than `OWN_REFERENCE_ARCSEC`."""

    @property
    def detections(self) -> tuple[ShownPoint, ...]:
        """The detections among the points."""
        return tuple(point for point in self.points if not point.is_limit)

    @property
    def limits(self) -> tuple[ShownPoint, ...]:
        """The upper limits among the points."""
        return tuple(point for point in self.points if point.is_limit)


def shown_light_curve(curve: LightCurve, choice: LightCurveChoice = AS_MEASURED) -> ShownCurve:
    """Apply what the user chose to a light curve."""
    times = [each.mjd for each in curve.detections or curve.upper_limits]
    epoch_mjd = min(times, default=0.0)
    measured = [(each, _measured(each, choice.quantity)) for each in curve.detections]
    points = [
        ShownPoint(
            each.mjd, _phase(each.mjd, epoch_mjd, choice), each.band, found.value, found.error, each.rb, each.drb,
            each.candid, _is_doubtful(each, choice),
        )
        for each, found in measured if found
    ]  # fmt: skip
    kept = [point for point in points if not (choice.hides_doubtful and point.is_doubtful)]
    references = _reference_magnitudes_mag(curve)
    limits = [
        ShownPoint(each.mjd, _phase(each.mjd, epoch_mjd, choice), each.band, value, None)
        for each in curve.upper_limits
        if (value := _limit(each, choice.quantity, references.get(each.band))) is not None
    ]
    return ShownCurve(
        choice,
        tuple(sorted((*kept, *limits), key=lambda point: (point.mjd, point.band))),
        epoch_mjd,
        hidden=len(points) - len(kept),
        without_value=len(measured) - len(points),
        limits_without_value=len(curve.upper_limits) - len(limits),
        reference_arcsec=_far_reference_arcsec(curve) if choice.quantity is Quantity.APPARENT else None,
    )


def score_of(detection: Detection) -> float | None:
    """How real a detection is, 0 to 1: ``drb`` or, where the alert has none (a history has none), ``rb``."""
    return detection.drb if detection.drb is not None else detection.rb


def phase_of(mjd: float, period_d: float, epoch_mjd: float) -> float:
    """Phase from 0 to 1 (excluded)."""
    return ((mjd - epoch_mjd) / period_d) % 1.0


def time_of_mjd(mjd: float) -> datetime:
    """The time (UTC) that an MJD means, to a thousandth of a second."""
    moment = _MJD_0 + timedelta(days=mjd)
    return moment.replace(microsecond=0) + timedelta(milliseconds=round(moment.microsecond / 1000))


def light_curve_csv(shown: ShownCurve, object_id: str) -> str:
    """The points as a table, one row a detection or upper limit, with the units in the names of the columns."""
    choice = shown.choice
    unit = choice.quantity.unit.replace("µ", "u").lower()
    time_name = {TimeAxis.MJD: "mjd_d", TimeAxis.JD: "jd_d", TimeAxis.DATE: "date_utc"}[choice.time_axis]
    phase_name = ["phase_cycles"] if choice.period_d else []
    quantity = f"{choice.quantity.value.replace(' ', '_')}_{unit}"
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    measured = [quantity, f"error_{unit}", "rb", "drb", "candid", "is_doubtful"]
    table.writerow(["objectId", time_name, *phase_name, "band", "kind", *measured])
    for point in shown.points:
        table.writerow(
            [
                object_id,
                time_text_of(point.mjd, choice.time_axis),
                *([f"{point.phase:.6f}"] if point.phase is not None else []),
                point.band,
                "upper limit" if point.is_limit else "detection",
                f"{point.value:.6g}" if choice.quantity is Quantity.FLUX else f"{point.value:.5f}",
                "" if point.error is None else f"{point.error:.4g}",
                *("" if score is None else f"{score:.4g}" for score in (point.rb, point.drb)),
                "" if point.candid is None else point.candid,
                "" if point.is_limit else str(point.is_doubtful).lower(),
            ]
        )
    return text.getvalue()


def time_text_of(mjd: float, axis: TimeAxis) -> str:
    """A time as the axis has it, to a second or better."""
    if axis is TimeAxis.DATE:
        return time_of_mjd(mjd).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"{mjd if axis is TimeAxis.MJD else mjd + JD_OF_MJD_0:.6f}"


def _measured(detection: Detection, quantity: Quantity) -> Measured | None:
    if quantity is Quantity.DIFFERENCE:
        return Measured(detection.magnitude_mag, detection.error_mag)
    return apparent_magnitude_mag(detection) if quantity is Quantity.APPARENT else difference_flux_ujy(detection)


def _limit(limit: UpperLimit, quantity: Quantity, reference_mag: float | None) -> float | None:
    if quantity is Quantity.DIFFERENCE:
        return limit.limit_mag
    if quantity is Quantity.FLUX:
        return flux_of_magnitude_ujy(limit.limit_mag)
    return apparent_limit_mag(limit, reference_mag)


def _is_doubtful(detection: Detection, choice: LightCurveChoice) -> bool:
    score = score_of(detection)
    return score is not None and score < choice.least_score


def _phase(mjd: float, epoch_mjd: float, choice: LightCurveChoice) -> float | None:
    return phase_of(mjd, choice.period_d, epoch_mjd) if choice.period_d else None


def _reference_magnitudes_mag(curve: LightCurve) -> dict[str, float]:
    """The usual reference magnitude of each band; an upper limit does not bring its own."""
    found: dict[str, list[float]] = {}
    for each in curve.detections:
        if each.reference_mag is not None:
            found.setdefault(each.band, []).append(each.reference_mag)
    return {band: statistics.median(values) for band, values in found.items()}


def _far_reference_arcsec(curve: LightCurve) -> float | None:
    usual = _median(each.reference_distance_arcsec for each in curve.detections)
    return usual if usual is not None and usual > OWN_REFERENCE_ARCSEC else None


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None
