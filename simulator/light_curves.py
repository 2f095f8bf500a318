"""Light curves: the difference flux of each kind of object against time.

Fluxes are in units of a source of magnitude 25, differences are against the survey's reference image: a variable star
is brighter or fainter than there, a transient is all new.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from simulator.kinds import Kind
from simulator.random_keys import Floats, Ints, Keys, uniform
from simulator.survey import JD_OF_NIGHT_ZERO

FLUX_ZERO_MAG = 25.0
_PERIODS_D = {
    Kind.RR_LYRAE: (0.28, 0.75),
    Kind.ECLIPSING_BINARY: (0.24, 4.0),
    Kind.LONG_PERIOD_VARIABLE: (90.0, 480.0),
    Kind.PULSATOR: (0.06, 25.0),
    Kind.UNCATALOGUED_VARIABLE: (0.3, 40.0),
}
_EVENT_AFTER_NIGHTS = {
    Kind.SUPERNOVA_IA: (4.0, 12.0),
    Kind.SUPERNOVA_II: (4.0, 14.0),
    Kind.KILONOVA: (3.0, 6.0),
    Kind.MICROLENSING: (40.0, 50.0),
}
_PEAK_STEP_D = 0.25
_LATEST_PEAK_D = 60.0
_NO_FLUX = 1e-9


@dataclass(frozen=True)
class Sources:
    """Objects as parallel arrays, one element an object."""

    kind: Ints
    keys: Keys
    uid: Ints
    first_night: Ints
    """The night on which its place on the sky became its own."""
    field_index: Ints
    x_deg: Floats
    y_deg: Floats
    ra_deg: Floats
    dec_deg: Floats
    reference_mag: Floats
    """Magnitude in r of what the reference image shows there (the star, the nucleus, the host)."""

    def take(self, rows: Ints) -> Sources:
        """The objects with the given indices."""
        return Sources(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def flux_of_mag(mag: Floats) -> Floats:
    """Flux of a magnitude."""
    return np.power(10.0, -0.4 * (mag - FLUX_ZERO_MAG))


def mag_of_flux(flux: Floats) -> Floats:
    """Magnitude of a positive flux."""
    return -2.5 * np.log10(flux) + FLUX_ZERO_MAG


def colour(kind: Ints, keys: Keys) -> Floats:
    """g - r of the reference source."""
    centre = np.array([0.6, 0.3, 0.7, 1.7, 0.3, 1.2, 0.2, 0.4, 0.8] + [0.6] * (len(Kind) - 9))
    return centre[kind] + uniform(keys, "colour", -0.2, 0.2)


def reference_mag_in(sources: Sources, fid: Ints) -> Floats:
    """Magnitude of the reference source in a band."""
    share = np.choose(fid - 1, (1.0, 0.0, -0.4))
    return sources.reference_mag + share * colour(sources.kind, sources.keys)


def difference_flux(sources: Sources, jd: Floats, fid: Ints) -> Floats:
    """Noiseless difference flux of each object at a time, in a band; 0 for what has no light curve of its own."""
    flux = np.zeros(len(jd))
    for kind, curve in _CURVES.items():
        rows = np.flatnonzero(sources.kind == kind)
        if len(rows):
            flux[rows] = curve(sources.take(rows), jd[rows], fid[rows])
    return flux


def _of_variation(sources: Sources, fid: Ints, brightening_mag: Floats) -> Floats:
    """Difference flux of a source that is brighter than its reference by so many magnitudes."""
    return flux_of_mag(reference_mag_in(sources, fid)) * (10.0 ** (0.4 * brightening_mag) - 1.0)


def _phase(sources: Sources, jd: Floats, period: Floats) -> Floats:
    return ((jd - 2458000.0) / period + uniform(sources.keys, "phase")) % 1.0


def period_d(sources: Sources) -> Floats:
    """Period in days of what has one; NaN for other kinds."""
    low = np.full(len(Kind), np.nan)
    high = np.full(len(Kind), np.nan)
    for kind, (shortest, longest) in _PERIODS_D.items():
        low[kind], high[kind] = np.log(shortest), np.log(longest)
    return np.exp(uniform(sources.keys, "period", low[sources.kind], high[sources.kind]))


def _rr_lyrae(sources: Sources, jd: Floats, fid: Ints) -> Floats:
    phase = _phase(sources, jd, period_d(sources))
    amplitude = uniform(sources.keys, "amplitude", 0.35, 1.1) * np.choose(fid - 1, (1.3, 0.95, 0.75))
    rise = 0.15
    shape = np.where(phase < rise, phase / rise, 1.0 - (np.maximum(phase - rise, 0.0) / (1.0 - rise)) ** 0.7)
    return _of_variation(sources, fid, amplitude * (shape - 0.38))


def _eclipsing_binary(sources: Sources, jd: Floats, fid: Ints) -> Floats:
    period = period_d(sources)
    phase = _phase(sources, jd, period)
    depth = uniform(sources.keys, "depth", 0.25, 1.1)
    ratio = uniform(sources.keys, "ratio", 0.4, 1.0)
    contact = -0.5 * depth * np.cos(4.0 * np.pi * phase)
    width = 0.05
    from_primary, from_secondary = np.minimum(phase, 1.0 - phase), np.abs(phase - 0.5)
    primary, secondary = np.exp(-((from_primary / width) ** 4)), np.exp(-((from_secondary / width) ** 4))
    detached = 0.06 - depth * np.maximum(primary, ratio * secondary)
    return _of_variation(sources, fid, np.where(period < 0.8, contact, detached))


def _long_period(sources: Sources, jd: Floats, fid: Ints) -> Floats:
    phase = _phase(sources, jd, period_d(sources))
    amplitude = np.exp(uniform(sources.keys, "amplitude", np.log(0.3), np.log(3.5)))
    amplitude *= np.choose(fid - 1, (1.3, 1.0, 0.7))
    return _of_variation(sources, fid, 0.5 * amplitude * (np.sin(2 * np.pi * phase) + 0.2 * np.sin(4 * np.pi * phase)))


def _wandering(sources: Sources, jd: Floats, shortest_d: float, longest_d: float) -> Floats:
    """A red-noise walk of about unit size: waves of many periods, the slower the stronger."""
    periods = np.geomspace(shortest_d, longest_d, 6)
    strengths = np.sqrt(periods / periods.sum())
    total = np.zeros(len(jd))
    for number, (period, strength) in enumerate(zip(periods, strengths, strict=True)):
        offset = uniform(sources.keys, f"wave {number}")
        stretched = period * uniform(sources.keys, f"stretch {number}", 0.8, 1.25)
        total += 1.4 * strength * np.sin(2.0 * np.pi * ((jd - 2458000.0) / stretched + offset))
    return total


def _active_galaxy(sources: Sources, jd: Floats, fid: Ints) -> Floats:
    size = uniform(sources.keys, "amplitude", 0.2, 0.75) * np.choose(fid - 1, (1.2, 1.0, 0.85))
    return _of_variation(sources, fid, size * _wandering(sources, jd, 25.0, 1500.0))


def _young_star(sources: Sources, jd: Floats, fid: Ints) -> Floats:
    size = uniform(sources.keys, "amplitude", 0.15, 0.7) * np.choose(fid - 1, (1.2, 1.0, 0.8))
    return _of_variation(sources, fid, size * _wandering(sources, jd, 1.5, 120.0))


def _uncatalogued(sources: Sources, jd: Floats, fid: Ints) -> Floats:
    amplitude = uniform(sources.keys, "amplitude", 0.12, 0.6) * np.choose(fid - 1, (1.2, 1.0, 0.8))
    return _of_variation(sources, fid, amplitude * np.sin(2.0 * np.pi * _phase(sources, jd, period_d(sources))))


def _pulsator(sources: Sources, jd: Floats, fid: Ints) -> Floats:
    phase = _phase(sources, jd, period_d(sources))
    amplitude = uniform(sources.keys, "amplitude", 0.15, 0.6) * np.choose(fid - 1, (1.3, 1.0, 0.8))
    return _of_variation(sources, fid, amplitude * (np.sin(2 * np.pi * phase) + 0.3 * np.sin(4 * np.pi * phase)))


def _cataclysmic(sources: Sources, jd: Floats, fid: Ints) -> Floats:
    recurrence = np.exp(uniform(sources.keys, "recurrence", np.log(14.0), np.log(90.0)))
    age = _phase(sources, jd, recurrence) * recurrence
    height = uniform(sources.keys, "height", 2.2, 4.8)
    plateau = uniform(sources.keys, "plateau", 2.0, 8.0)
    brightening = height * np.clip(np.minimum(age / 0.8, 1.0 - (age - plateau) / 6.0), 0.0, 1.0)
    return _of_variation(sources, fid, brightening)


def event_jd(sources: Sources) -> Floats:
    """Time of each transient's event: the explosion, the merger, the closest approach of a lens; NaN for the rest."""
    earliest = np.full(len(Kind), np.nan)
    latest = np.full(len(Kind), np.nan)
    for kind, (first, last) in _EVENT_AFTER_NIGHTS.items():
        earliest[kind], latest[kind] = first, last
    after = uniform(sources.keys, "start", earliest[sources.kind], latest[sources.kind])
    return JD_OF_NIGHT_ZERO + sources.first_night + after


def peaks_of(sources: Sources) -> tuple[Floats, Floats]:
    """Time (JD, to a quarter of a day) and magnitude of each transient's maximum in r; NaN for other kinds."""
    peak_jd, peak_flux = event_jd(sources), np.full(len(sources.kind), np.nan)
    rows = np.flatnonzero(~np.isnan(peak_jd))
    transients, event, red = sources.take(rows), peak_jd[rows], np.full(len(rows), 2)
    peak_flux[rows] = difference_flux(transients, event, red)
    for after_d in np.arange(_PEAK_STEP_D, _LATEST_PEAK_D, _PEAK_STEP_D):
        flux = difference_flux(transients, event + after_d, red)
        brighter = np.flatnonzero(flux > peak_flux[rows])
        peak_jd[rows[brighter]], peak_flux[rows[brighter]] = event[brighter] + after_d, flux[brighter]
    return peak_jd, mag_of_flux(np.maximum(peak_flux, _NO_FLUX))


def _age_d(sources: Sources, jd: Floats) -> Floats:
    return jd - event_jd(sources)


def _peak_flux(sources: Sources, brightest: float, faintest: float) -> Floats:
    """Flux at maximum: the fainter the more, as in a volume."""
    reach = uniform(sources.keys, "peak") ** 0.4
    return flux_of_mag(brightest + (faintest - brightest) * reach)


def _supernova_ia(sources: Sources, jd: Floats, fid: Ints) -> Floats:
    age = _age_d(sources, jd)
    stretch = uniform(sources.keys, "stretch", 0.85, 1.15)
    rise_d = np.choose(fid - 1, (16.5, 18.0, 18.0)) * stretch
    rise = np.clip(age / rise_d, 0.0, 1.0) ** 2
    since_peak = np.maximum(age - rise_d, 0.0) / stretch
    decline = np.exp(-((since_peak / np.choose(fid - 1, (17.0, 23.0, 26.0))) ** 1.4)) * 0.93 + 0.07 * np.exp(
        -since_peak / 45.0
    )
    bump = np.choose(fid - 1, (0.0, 0.16, 0.3)) * np.exp(-(((since_peak - 24.0) / 8.0) ** 2))
    return _peak_flux(sources, 16.2, 19.6) * np.where(age < rise_d, rise, decline + bump)


def _supernova_ii(sources: Sources, jd: Floats, fid: Ints) -> Floats:
    age = _age_d(sources, jd)
    rise = 1.0 - np.exp(-np.maximum(age, 0.0) / 2.2)
    plateau_d = uniform(sources.keys, "plateau", 60.0, 95.0)
    fading: Floats = 10.0 ** (-0.4 * np.maximum(age, 0.0) * np.choose(fid - 1, (0.022, 0.006, 0.003)))
    end = 0.06 + 0.94 / (1.0 + np.exp((age - plateau_d) / 4.0))
    return _peak_flux(sources, 16.8, 19.4) * rise * fading * end


def _kilonova(sources: Sources, jd: Floats, fid: Ints) -> Floats:
    age = _age_d(sources, jd)
    rise = np.clip(age / 0.6, 0.0, 1.0)
    per_day = np.choose(fid - 1, (0.75, 0.5, 0.35))
    return _peak_flux(sources, 17.2, 19.2) * rise * 10.0 ** (-0.4 * per_day * np.maximum(age - 0.6, 0.0))


def _microlensing(sources: Sources, jd: Floats, fid: Ints) -> Floats:
    crossing_d = uniform(sources.keys, "crossing", 12.0, 25.0)
    closest = uniform(sources.keys, "closest", 0.05, 0.5)
    distance_2 = closest**2 + (_age_d(sources, jd) / crossing_d) ** 2
    magnification = (distance_2 + 2.0) / np.sqrt(distance_2 * (distance_2 + 4.0))
    # The reference was taken when nothing was lensed: the wings leave no trace in the difference.
    return flux_of_mag(reference_mag_in(sources, fid)) * (magnification - 1.0)


_CURVES: dict[Kind, Callable[[Sources, Floats, Ints], Floats]] = {
    Kind.RR_LYRAE: _rr_lyrae,
    Kind.ECLIPSING_BINARY: _eclipsing_binary,
    Kind.LONG_PERIOD_VARIABLE: _long_period,
    Kind.ACTIVE_GALAXY: _active_galaxy,
    Kind.YOUNG_STAR: _young_star,
    Kind.CATACLYSMIC: _cataclysmic,
    Kind.PULSATOR: _pulsator,
    Kind.UNCATALOGUED_VARIABLE: _uncatalogued,
    Kind.SUPERNOVA_IA: _supernova_ia,
    Kind.SUPERNOVA_II: _supernova_ii,
    Kind.KILONOVA: _kilonova,
    Kind.MICROLENSING: _microlensing,
}
