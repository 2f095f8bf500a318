"""The light curve of one object, from its alerts and their history."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

BANDS = {1: "g", 2: "r", 3: "i"}
JD_OF_MJD_0 = 2_400_000.5


class Detection(NamedTuple):
    """A measured difference magnitude. Times are MJD (UTC, days)."""

    mjd: float
    band: str
    magnitude_mag: float
    error_mag: float


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
        these disagree (a source in two fields of one exposure), the smallest error counts, and the faintest limit.
    """
    detections: dict[tuple[float, str], Detection] = {}
    limits: dict[tuple[float, str], UpperLimit] = {}
    for alert in alerts:
        for visit in (alert.get("candidate") or alert, *(alert.get("prv_candidates") or ())):
            _add(visit, detections, limits)
    only_limits = {key: limit for key, limit in limits.items() if key not in detections}
    return LightCurve(tuple(sorted(detections.values())), tuple(sorted(only_limits.values())))


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
        found = Detection(mjd, band, magnitude, _value(visit.get("sigmapsf")) or 0.0)
        detections[key] = min(found, detections.get(key, found), key=_preference)
    elif limit is not None:
        at_most = UpperLimit(mjd, band, limit)
        limits[key] = min(at_most, limits.get(key, at_most), key=lambda each: (-each.limit_mag, each.mjd))


def _preference(detection: Detection) -> tuple[float, float, float]:
    return detection.error_mag, detection.magnitude_mag, detection.mjd


def _value(number: float | None) -> float | None:
    """None for every spelling of "no value": null, NaN, and the survey's -999."""
    return None if number is None or math.isnan(number) or number <= -99 else number
