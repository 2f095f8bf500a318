"""Light curves of simulated variable stars: as bright and as often visited as in the simulated archive."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from backend.light_curve import LightCurve, light_curve
from simulator.kinds import Kind
from simulator.light_curves import Sources, mag_of_flux, period_d, reference_mag_in
from simulator.measurements import photometry_of, quadrant_of
from simulator.population import slots_of, sources_at
from simulator.survey import RHYTHMS, exposures_of, survey_fields

FIRST_NIGHT = 2800
"""2024-09-01."""
SEED = 3
SLOTS = 20_000
"""Of the night whose stars are looked at."""


class Variable(NamedTuple):
    """A star with what the survey saw of it."""

    period_d: float
    curve: LightCurve


def simulated_variables(kind: Kind, count: int, nights: int, *, fewest_detections: int = 30) -> list[Variable]:
    """The first stars of a kind with so many detections in a season."""
    there = sources_at(SEED, FIRST_NIGHT, slots_of(FIRST_NIGHT, 0, SLOTS))
    _, first = np.unique(there.keys, return_index=True)
    stars = there.take(np.sort(first)).take(np.flatnonzero(there.kind[np.sort(first)] == kind))
    periods = period_d(stars)
    found: list[Variable] = []
    for row in range(len(periods)):
        curve = light_curve(_visits(stars.take(np.array([row])), nights))
        if len(curve.detections) >= fewest_detections:
            found.append(Variable(float(periods[row]), curve))
        if len(found) == count:
            return found
    raise AssertionError(f"only {len(found)} of {len(periods)} such stars have {fewest_detections} detections")


def _visits(star: Sources, nights: int) -> list[dict[str, Any]]:
    """Each visit, as an alert or its history tells of it."""
    fields = survey_fields()
    rhythm = RHYTHMS[int(fields.group[star.field_index[0]])]
    visited = np.arange(FIRST_NIGHT, FIRST_NIGHT + nights)
    visited = visited[visited % rhythm.period == int(fields.phase[star.field_index[0]]) % rhythm.period]
    night, number = (grid.ravel() for grid in np.meshgrid(visited, np.arange(rhythm.exposures)))
    many = star.take(np.zeros(len(night), dtype=np.int64))
    rcid, _, _ = quadrant_of(many.x_deg, many.y_deg)
    exposures = exposures_of(1, night, number, many.field_index, rcid)
    measured = photometry_of(many, exposures)
    magnitudes = mag_of_flux(np.abs(measured.flux))
    errors = 1.0857 * measured.flux_error / np.abs(measured.flux)
    references = reference_mag_in(many, exposures.fid)
    visits = []
    for row, detected in enumerate(measured.detected):
        visit = {
            "jd": float(exposures.jd[row]),
            "fid": int(exposures.fid[row]),
            "diffmaglim": exposures.diffmaglim[row],
        }
        if detected:
            visit |= {"magpsf": float(magnitudes[row]), "sigmapsf": float(errors[row])}
            visit |= {"isdiffpos": "t" if measured.flux[row] > 0 else "f"}
            visit |= {"magnr": float(references[row]), "sigmagnr": 0.02, "distnr": 0.3, "rb": 0.9}
        visits.append(visit)
    return visits
