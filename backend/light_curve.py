"""The light curve of one object, from its alerts and their history."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

BANDS = {1: "g", 2: "r", 3: "i"}
JD_OF_MJD_0 = 2_400_000.5
POSITIVE = frozenset({"t", "true", "1"})
NEGATIVE = frozenset({"f", "false", "0"})
_SAME_MAG = 1e-4
"""Magnitudes closer than this are one measurement, sent with single and with double precision."""


class Detection(NamedTuple):
    """A measured difference magnitude, and what the survey says of it. Times are MJD (UTC, days)."""

    mjd: float
    band: str
    magnitude_mag: float
    error_mag: float
    is_positive: bool | None = None
    """Whether the object was brighter than in the reference image (``isdiffpos``)."""
    reference_mag: float | None = None
    reference_error_mag: float | None = None
    """Of the nearest source in the reference image (``magnr``, ``sigmagnr``)."""
    reference_distance_arcsec: float | None = None
    rb: float | None = None
    drb: float | None = None
    """Scores from 0 (artefact) to 1 (real)."""
    candid: int | None = None


class UpperLimit(NamedTuple):
    """A visit without a detection: the object was fainter than this (5 sigma). Times are MJD (UTC, days)."""

    mjd: float
    band: str
    limit_mag: float


class LightCurve(NamedTuple):
    """All detections and upper limits of an object, each once, in order of time."""

    detections: tuple[Detection, ...]
    upper_limits: tuple[UpperLimit, ...]


def light_curve(alerts: Iterable[Mapping[str, Any]]) -> LightCurve:
    """Collect the light curve from an object's alerts.

    Parameters
    ----------
    alerts
        Rows of any content: measurements flat (``magpsf``) or under ``candidate``, history under ``prv_candidates``
        where the content has it.

    Returns
    -------
    LightCurve
        A detection that appears in the histories of several alerts is there once, known by its time and band. Where
        these disagree (a source in two fields of one exposure), the smallest error counts, and the faintest limit;
        what one of them leaves out (a history has no ``drb``) is taken from another.
    """
    detections: dict[tuple[float, str], Detection] = {}
    limits: dict[tuple[float, str], UpperLimit] = {}
    for alert in alerts:
        for visit in (alert.get("candidate") or alert, *(alert.get("prv_candidates") or ())):
            _add(visit, detections, limits)
    only_limits = {key: limit for key, limit in limits.items() if key not in detections}
    return LightCurve(
        tuple(sorted(detections.values(), key=lambda each: each[:4])), tuple(sorted(only_limits.values()))
    )


def sign_of_difference(isdiffpos: object) -> bool | None:
    """Whether a difference is positive, in every spelling of the survey: ``t``, ``1``, true; None for no value."""
    spelled = str(isdiffpos).strip().lower().removesuffix(".0")
    return True if spelled in POSITIVE else False if spelled in NEGATIVE else None


def _add(
    visit: Mapping[str, Any],
    detections: dict[tuple[float, str], Detection],
    limits: dict[tuple[float, str], UpperLimit],
) -> None:
    """Note one visit: as a detection, as an upper limit where it has no magnitude, or not at all."""
    jd, band = visit.get("jd"), BANDS.get(visit.get("fid") or 0)
    if jd is None or band is None:
        return
    mjd = jd - JD_OF_MJD_0
    key = (round(mjd, 6), band)  # 0.1 s: the same visit, however it was rounded
    magnitude, limit = _value(visit.get("magpsf")), _value(visit.get("diffmaglim"))
    if magnitude is not None:
        found = _detection(mjd, band, magnitude, visit)
        detections[key] = _united(found, detections[key]) if key in detections else found
    elif limit is not None:
        at_most = UpperLimit(mjd, band, limit)
        limits[key] = min(at_most, limits.get(key, at_most), key=lambda each: (-each.limit_mag, each.mjd))


def _detection(mjd: float, band: str, magnitude_mag: float, visit: Mapping[str, Any]) -> Detection:
    return Detection(
        mjd,
        band,
        magnitude_mag,
        _value(visit.get("sigmapsf")) or 0.0,
        is_positive=sign_of_difference(visit.get("isdiffpos")),
        reference_mag=_value(visit.get("magnr")),
        reference_error_mag=_value(visit.get("sigmagnr")),
        reference_distance_arcsec=_value(visit.get("distnr")),
        rb=_value(visit.get("rb")),
        drb=_value(visit.get("drb")),
        candid=visit.get("candid"),
    )


def _united(first: Detection, second: Detection) -> Detection:
    """The better of two measurements of a visit, with what only the other one says where they are the same."""
    best, other = sorted((first, second), key=_preference)
    if abs(best.magnitude_mag - other.magnitude_mag) > _SAME_MAG:
        return best
    missing = {name: value for name, value in other._asdict().items() if getattr(best, name) is None}
    return best._replace(**missing)


def _preference(detection: Detection) -> tuple[float, float, float]:
    return detection.error_mag, detection.magnitude_mag, detection.mjd


def _value(number: float | None) -> float | None:
    """None for every spelling of "no value": null, NaN, and the survey's -999."""
    return None if number is None or math.isnan(number) or number <= -99 else number
