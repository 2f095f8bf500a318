"""A season of one small patch of the survey: what a fit finds in the measurements is what the truth says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from astropy.timeseries import LombScargle

from simulator.kinds import Kind
from simulator.light_curves import Sources, mag_of_flux, peaks_of, period_d, reference_mag_in
from simulator.measurements import photometry_of, quadrant_of
from simulator.night import Simulation, detections_of
from simulator.population import NightSizes, slots_of, sources_at
from simulator.random_keys import keys_of
from simulator.survey import exposures_of, survey_fields

FIRST_NIGHT = 2800
"""2024-09-01."""
SEASON_NIGHTS = 150
DEEP_NIGHTS = 60
DEEP_FIELD = int(np.flatnonzero(survey_fields().group == 3)[0])
RED = 2


@dataclass(frozen=True)
class Curve:
    """What the survey measured of one object in r, where it saw it."""

    jd: np.ndarray
    total_mag: np.ndarray
    error: np.ndarray


def _curve(sources: Sources, row: int) -> Curve:
    """Two months of a deep field: ten visits a night, in turns in g and r."""
    source = sources.take(np.array([row]))
    nights, visits = (grid.ravel() for grid in np.meshgrid(FIRST_NIGHT + np.arange(DEEP_NIGHTS), np.arange(10)))
    many = source.take(np.zeros(len(nights), dtype=np.int64))
    rcid, _, _ = quadrant_of(many.x_deg, many.y_deg)
    exposures = exposures_of(1, nights, visits, many.field_index, rcid)
    measured = photometry_of(many, exposures)
    seen = measured.detected & (exposures.fid == RED)
    reference_flux = 10.0 ** (-0.4 * (reference_mag_in(many, exposures.fid) - 25.0))
    total = reference_flux[seen] + measured.flux[seen]
    return Curve(exposures.jd[seen], mag_of_flux(total), 1.0857 * measured.flux_error[seen] / total)


def _variables(kind: Kind, count: int) -> Sources:
    index = np.arange(count)
    zeros = np.zeros(count)
    return Sources(
        kind=np.full(count, int(kind)),
        keys=keys_of(11, index, int(kind)),
        uid=index,
        first_night=np.full(count, FIRST_NIGHT),
        field_index=np.full(count, DEEP_FIELD),
        x_deg=zeros,
        y_deg=zeros,
        ra_deg=zeros,
        dec_deg=zeros,
        reference_mag=np.full(count, 16.5),
    )


@pytest.mark.parametrize(
    ("kind", "terms", "range_d", "multiples"),
    [(Kind.RR_LYRAE, 3, (0.2, 1.0), (1.0,)), (Kind.ECLIPSING_BINARY, 2, (0.1, 4.5), (0.5, 1.0))],
)
def test_fitted_period_is_the_truths(
    kind: Kind, terms: int, range_d: tuple[float, float], multiples: tuple[float, ...]
) -> None:
    sources = _variables(kind, 20)
    true_d = period_d(sources)
    found_d = []
    for row in range(len(true_d)):
        curve = _curve(sources, row)
        assert len(curve.jd) > 60
        frequency = np.arange(1 / range_d[1], 1 / range_d[0], 0.2 / DEEP_NIGHTS)
        power = LombScargle(curve.jd, curve.total_mag, curve.error, nterms=terms).power(frequency, method="fastchi2")
        found_d.append(1 / frequency[np.argmax(power)])
    ratio = np.array(found_d) / true_d
    # The two eclipses of a period may look alike.
    is_found = np.any([np.abs(ratio / multiple - 1) < 5e-3 for multiple in multiples], axis=0)
    assert is_found.mean() >= 0.9, dict(zip(true_d, found_d, strict=True))


@pytest.fixture(scope="module")
def season() -> dict[str, np.ndarray]:
    """Every alert of a season in some hundred slots: object, kind, time, band, difference flux."""
    simulation = Simulation(3, NightSizes(3, 1400), "none")
    found: dict[str, list[np.ndarray]] = {name: [] for name in ("uid", "kind", "jd", "fid", "flux")}
    for night in range(FIRST_NIGHT, FIRST_NIGHT + SEASON_NIGHTS):
        seen = detections_of(simulation, night, 0, 1400)
        own = ~seen.is_once
        for name, values in (
            ("uid", seen.sources.uid), ("kind", seen.sources.kind), ("jd", seen.exposures.jd),
            ("fid", seen.exposures.fid), ("flux", seen.photometry.flux),
        ):  # fmt: skip
            found[name].append(values[own])
    return {name: np.concatenate(values) for name, values in found.items()}


@pytest.fixture(scope="module")
def supernovae() -> Sources:
    """The supernovae that the slots of the season show, once each."""
    parts = [
        sources_at(3, night, slots_of(night, 0, 1400)) for night in range(FIRST_NIGHT, FIRST_NIGHT + SEASON_NIGHTS)
    ]
    together = Sources(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])})
    _, first = np.unique(together.keys, return_index=True)
    chosen = together.take(first)
    return chosen.take(np.flatnonzero(np.isin(chosen.kind, (Kind.SUPERNOVA_IA, Kind.SUPERNOVA_II))))


def test_supernovae_of_a_season_rise_and_decline_as_supernovae_do(
    season: dict[str, np.ndarray], supernovae: Sources
) -> None:
    peak_jd, peak_mag = peaks_of(supernovae)
    complete = np.flatnonzero((peak_jd > 2457754.5 + FIRST_NIGHT + 20) & (peak_jd < 2457754.5 + FIRST_NIGHT + 100))
    rises, declines = [], []
    for row in complete:
        rows = np.flatnonzero((season["uid"] == supernovae.uid[row]) & (season["fid"] == RED))
        if len(rows) < 8 or peak_mag[row] > 19:
            continue
        age_d = season["jd"][rows] - peak_jd[row]
        below_peak_mag = mag_of_flux(season["flux"][rows]) - peak_mag[row]
        near = np.abs(age_d) < 4
        if near.sum() and supernovae.kind[row] == Kind.SUPERNOVA_IA:
            assert np.abs(np.median(below_peak_mag[near])) < 0.3
        rises.append(-age_d.min())
        late = (age_d > 25) & (age_d < 40)
        if late.any() and supernovae.kind[row] == Kind.SUPERNOVA_IA:
            declines.append(np.median(below_peak_mag[late]))
    assert len(rises) >= 8
    assert all(-5 < rise < 25 for rise in rises)
    assert len(declines) >= 3
    assert all(0.5 < decline < 2.5 for decline in declines)


def test_peak_of_the_truth_is_the_curves_maximum(supernovae: Sources) -> None:
    peak_jd, peak_mag = peaks_of(supernovae)
    assert len(peak_jd) > 20
    assert np.all((peak_mag > 16) & (peak_mag < 19.7))
    rise_d = peak_jd - (2457754.5 + supernovae.first_night)
    assert np.all((rise_d > 4) & (rise_d < 35))
