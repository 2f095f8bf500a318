"""The period of a variable star, suggested from its detections.

Two steps: Lomb-Scargle periodograms of the bands, added up (VanderPlas and Ivezić 2015, ApJ 812, 18), show where to
look; there, curves of several harmonics, with one shape and a mean of its own for each band, are fitted, and the
Bayesian information criterion decides how many harmonics the measurements bear. It is this that tells the period of a
saw-tooth or of two eclipses from its half and from its daily aliases.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from astropy.timeseries import LombScargle
from numpy.typing import NDArray

from backend.light_curve import LightCurve
from backend.photometry import difference_flux_ujy, flux_of_magnitude_ujy

FEWEST_DETECTIONS = 10
FEWEST_IN_A_BAND = 5
"""A sine and a mean have three free numbers: bands with fewer detections than this say nothing."""
SHORTEST_PERIOD_D = 0.05
MOST_FREQUENCIES = 100_000
MOST_PERIODOGRAM_POINTS = 600
LARGEST_RATIO_OF_ECLIPSES = 1.17
"""An eclipse takes the same share of the light in g and in r, a pulsation is a third larger in g: this is between."""
_TWO_HUMPS = 0.6
"""Share of the even harmonics' power above which a curve has two humps: it is a binary's whole period already."""
_STEPS_PER_PEAK = 5
_FEWEST_STEPS_PER_PEAK = 3
_REGULARITY = 1e-9
"""Where phases coincide the terms of a fit depend on each other: so much keeps the matrix invertible."""
_HARMONICS = (1, 2, 3, 4, 6, 8)
_PEAKS = 60
"""Of so many peaks for up to 100 detections, of fewer for more: then the highest peak is the right one."""
_FEWEST_PEAKS = 12
_MULTIPLES = (0.5, 1 / 3, 2.0)
_STEPS_NEAR_PEAK = 9
_LEAST_ERROR = 0.05
"""Of a measurement, in standard deviations of the band: no model is better than this."""
_NO_STRONG_EVIDENCE = 10.0
"""Criteria that differ by less leave both periods possible (Kass and Raftery 1995, JASA 90, 773)."""
_TRIES_PER_FREQUENCY = 10
_NUFFT = {"algorithm": "fasper"}
_NUMBERS_AT_ONCE = 400_000


class Periodogram(NamedTuple):
    """Power against period; of neighbouring frequencies the highest is kept."""

    periods_d: tuple[float, ...]
    power: tuple[float, ...]
    """Share of the variance, 0 to 1, that a sine of this period explains in the bands."""


class PeriodSuggestion(NamedTuple):
    """The period that explains the light curve best, and how sure it is."""

    period_d: float
    false_alarm_probability: float
    """The chance that noise alone has a period that fits so well."""
    harmonics: int
    rival_d: float | None
    """Another period, no multiple of this one, that fits almost as well; None without such."""
    is_doubled: bool
    """Whether twice the fitted period is given, because the variation looks like two equal eclipses."""
    detections: int
    periodogram: Periodogram


class _Samples(NamedTuple):
    """Difference fluxes: days since the first, band, value in standard deviations of the band from its mean, weight."""

    days: NDArray[np.float64]
    bands: NDArray[np.str_]
    values: NDArray[np.float64]
    weights: NDArray[np.float64]
    scales: dict[str, float]
    """Standard deviation of a band in units of its reference flux; empty without references."""


class _Fit(NamedTuple):
    """A curve of some harmonics."""

    frequency_per_d: float
    harmonics: int
    misfit: float
    rival_per_d: float | None


def suggest_period(curve: LightCurve) -> PeriodSuggestion | None:
    """Search the period of a light curve.

    Parameters
    ----------
    curve
        Its detections count, with the signs of their differences; upper limits do not.

    Returns
    -------
    PeriodSuggestion or None
        None where fewer than `FEWEST_DETECTIONS` can be used, or all lie within some hours.
    """
    samples = _samples(curve)
    if len(samples.days) < FEWEST_DETECTIONS or samples.days.max() < 2 * SHORTEST_PERIOD_D:
        return None
    frequencies, power = _lomb_scargle(samples)
    best = _best_fit(samples, _candidates(frequencies, power, len(samples.days)))
    is_doubled = _is_half_of_a_binary(samples, best)
    return PeriodSuggestion(
        period_d=(2 if is_doubled else 1) / best.frequency_per_d,
        false_alarm_probability=_false_alarm_probability(samples, best, float(frequencies[-1])),
        harmonics=best.harmonics,
        rival_d=1 / best.rival_per_d if best.rival_per_d else None,
        is_doubled=is_doubled,
        detections=len(samples.days),
        periodogram=_thinned(frequencies, power),
    )


def _samples(curve: LightCurve) -> _Samples:
    """Difference fluxes in units of the band's reference, or of the band's own spread where there is none."""
    found = [(each, flux) for each in curve.detections if (flux := difference_flux_ujy(each)) is not None]
    references: dict[str, float] = {}
    counts = {band: sum(each.band == band for each, _ in found) for band in {each.band for each, _ in found}}
    for band in counts:
        known = [each.reference_mag for each, _ in found if each.band == band and each.reference_mag is not None]
        if known:
            references[band] = flux_of_magnitude_ujy(float(np.median(known)))
    used = [(each, flux) for each, flux in found if counts[each.band] >= FEWEST_IN_A_BAND]
    days = np.array([each.mjd for each, _ in used], dtype=np.float64)
    bands = np.array([each.band for each, _ in used], dtype=np.str_)
    values = np.array([flux.value for _, flux in used], dtype=np.float64)
    errors = np.array([flux.error for _, flux in used], dtype=np.float64)
    scales: dict[str, float] = {}
    for band in np.unique(bands):
        rows = bands == band
        spread = float(values[rows].std()) or 1.0
        values[rows] = (values[rows] - values[rows].mean()) / spread
        errors[rows] /= spread
        if band in references:
            scales[str(band)] = spread / references[band]
    weights = 1 / (errors**2 + _LEAST_ERROR**2)
    return _Samples(days - days.min(initial=np.inf) if len(days) else days, bands, values, weights, scales)


def _lomb_scargle(samples: _Samples) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frequencies and the power of the bands together: the share of the variance that a sine in each explains."""
    span_d = float(samples.days.max())
    highest_per_d = min(1 / SHORTEST_PERIOD_D, MOST_FREQUENCIES / (_FEWEST_STEPS_PER_PEAK * span_d))
    steps = min(MOST_FREQUENCIES, math.ceil(_STEPS_PER_PEAK * span_d * highest_per_d))
    frequencies = np.linspace(1 / span_d, highest_per_d, steps)
    explained, total = np.zeros(steps), 0.0
    for band in np.unique(samples.bands):
        rows = samples.bands == band
        weights = samples.weights[rows]
        periodogram = LombScargle(samples.days[rows], samples.values[rows], 1 / np.sqrt(weights))
        power = periodogram.power(frequencies, method="fast", assume_regular_frequency=True, method_kwds=_NUFFT)
        about_mean = samples.values[rows] - np.average(samples.values[rows], weights=weights)
        variance = float((weights * about_mean**2).sum())
        explained += np.clip(np.nan_to_num(power), 0, 1) * variance
        total += variance
    return frequencies, explained / (total or 1.0)


def _candidates(frequencies: NDArray[np.float64], power: NDArray[np.float64], detections: int) -> NDArray[np.float64]:
    """Frequencies to fit: around the highest peaks, and the multiples of the highest of these."""
    inner = power[1:-1]
    peaks = np.flatnonzero((inner >= power[:-2]) & (inner >= power[2:])) + 1
    number = max(_FEWEST_PEAKS, min(_PEAKS, _PEAKS * 100 // detections))
    highest = frequencies[peaks[np.argsort(-power[peaks], kind="stable")][:number]]
    multiples = [highest[: number // 2] * factor for factor in _MULTIPLES]
    centres = np.unique(np.concatenate([highest, *multiples, frequencies[:1]]))
    centres = centres[(centres >= frequencies[0]) & (centres <= frequencies[-1])]
    step = frequencies[1] - frequencies[0]
    near: NDArray[np.float64] = (centres[:, None] + np.linspace(-step, step, _STEPS_NEAR_PEAK)).ravel()
    return near[near > 0]


def _best_fit(samples: _Samples, frequencies: NDArray[np.float64]) -> _Fit:
    """The frequency and number of harmonics with the best Bayesian information criterion."""
    count, means = len(samples.days), len(np.unique(samples.bands))
    harmonics = [number for number in _HARMONICS if number == 1 or count >= 3 * (means + 2 * number)]
    misfits = _misfits(samples, frequencies, harmonics)
    numbers = np.array(harmonics)[:, None]
    criteria = count * np.log(misfits / count) + (means + 2 * numbers + 1) * math.log(count)
    row, column = np.unravel_index(np.argmin(criteria), criteria.shape)
    frequency = frequencies[column]
    rivals = np.where(_is_other(frequencies, frequency, samples), criteria.min(axis=0), np.inf)
    rival = int(np.argmin(rivals))
    is_near = rivals[rival] < criteria[row, column] + _NO_STRONG_EVIDENCE
    rival_per_d = float(frequencies[rival]) if is_near else None
    return _Fit(float(frequency), harmonics[row], float(misfits[row, column]), rival_per_d)


def _is_other(frequencies: NDArray[np.float64], chosen_per_d: float, samples: _Samples) -> NDArray[np.bool_]:
    """Which frequencies are another peak than the chosen one, its multiples and its parts."""
    multiples = chosen_per_d * np.array([1 / 3, 0.5, 2 / 3, 1, 1.5, 2, 3])
    distances = np.abs(frequencies[:, None] - multiples).min(axis=1)
    return np.asarray(distances > 2 / samples.days.max())


def _misfits(samples: _Samples, frequencies: NDArray[np.float64], harmonics: list[int]) -> NDArray[np.float64]:
    """Weighted sum of squares that each number of harmonics (row) leaves at each frequency (column)."""
    means = len(np.unique(samples.bands))
    width = means + 2 * harmonics[-1]
    at_once = max(1, _NUMBERS_AT_ONCE // (len(samples.days) * width))
    parts: list[list[NDArray[np.float64]]] = [[] for _ in harmonics]
    everything = float((samples.weights * samples.values**2).sum())
    for start in range(0, len(frequencies), at_once):
        terms = _terms(samples, frequencies[start : start + at_once], harmonics[-1])
        weighted = terms * samples.weights
        normal = weighted @ np.swapaxes(terms, 1, 2)
        normal += _REGULARITY * samples.weights.sum() * np.eye(width)
        right = weighted @ samples.values
        for part, number in zip(parts, harmonics, strict=True):
            used = means + 2 * number
            solved = np.linalg.solve(normal[:, :used, :used], right[:, :used, None])[..., 0]
            part.append(np.maximum(everything - (solved * right[:, :used]).sum(axis=1), 1e-12 * everything + 1e-300))
    return np.stack([np.concatenate(part) for part in parts])


def _terms(samples: _Samples, frequencies: NDArray[np.float64], harmonics: int) -> NDArray[np.float64]:
    """The terms of the fit by frequency, term and measurement: a mean for each band, then cosine and sine in turns."""
    bands = np.unique(samples.bands)
    terms = np.empty((len(frequencies), len(bands) + 2 * harmonics, len(samples.days)))
    terms[:, : len(bands)] = samples.bands == bands[:, None]
    turn = np.exp(2j * np.pi * frequencies[:, None] * samples.days)
    turns = turn.copy()
    for number in range(harmonics):
        terms[:, len(bands) + 2 * number] = turns.real
        terms[:, len(bands) + 2 * number + 1] = turns.imag
        turns *= turn
    return terms


def _curve(samples: _Samples, fit: _Fit) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The fitted curve at each measurement, without the bands' means, and the power of each harmonic."""
    terms = _terms(samples, np.array([fit.frequency_per_d]), fit.harmonics)[0]
    weighted = terms * samples.weights
    normal = weighted @ terms.T + _REGULARITY * samples.weights.sum() * np.eye(len(terms))
    solved = np.linalg.solve(normal, weighted @ samples.values)
    first = len(terms) - 2 * fit.harmonics
    power = (solved[first:].reshape(-1, 2) ** 2).sum(axis=1)
    return solved[first:] @ terms[first:], power


def _is_half_of_a_binary(samples: _Samples, fit: _Fit) -> bool:
    """Whether the fit shows one eclipse where a binary has two in a period.

    Two equal eclipses repeat after half the period; nothing in the measurements can tell. What tells a binary from a
    pulsation is the colour: an eclipse takes the same share of the light in g and in r.
    """
    if not {"g", "r"} <= samples.scales.keys():
        return False
    values, power = _curve(samples, fit)
    if power[1::2].sum() > _TWO_HUMPS * power.sum():
        return False
    green, red = (_amplitude(samples, values, band) for band in ("g", "r"))
    return red > 0 and 1 / LARGEST_RATIO_OF_ECLIPSES**2 < green / red < LARGEST_RATIO_OF_ECLIPSES


def _amplitude(samples: _Samples, values: NDArray[np.float64], band: str) -> float:
    """How large the fitted variation is in a band, in units of its reference flux."""
    rows = samples.bands == band
    weights = samples.weights[rows]
    fitted = values[rows] - np.average(values[rows], weights=weights)
    measured = samples.values[rows] - np.average(samples.values[rows], weights=weights)
    return float((weights * fitted * measured).sum() / (weights * fitted**2).sum()) * samples.scales[band]


def _false_alarm_probability(samples: _Samples, fit: _Fit, highest_per_d: float) -> float:
    """The chance that independent errors alone are fitted so well somewhere among the frequencies.

    At one frequency the share that the fit leaves follows a beta distribution; the number of independent frequencies
    is estimated from span and range (VanderPlas 2018, ApJS 236, 16, section 7.2.2), times the harmonics and a number
    that trials with pure noise asked for: the choice of harmonics and of the best place within a peak are tries too.
    """
    means = len(np.unique(samples.bands))
    constant = sum(_misfit_of_mean(samples, band) for band in np.unique(samples.bands))
    left = min(1.0, fit.misfit / constant) if constant > 0 else 1.0
    half_freedom = (len(samples.days) - means - 2 * fit.harmonics) / 2
    if left <= 0 or half_freedom <= 0:
        return 1.0
    at_one = sum(
        math.exp(
            half_freedom * math.log(left)
            + math.lgamma(half_freedom + term)
            - math.lgamma(half_freedom)
            - math.lgamma(term + 1)
        )
        * (1 - left) ** term
        for term in range(fit.harmonics)
    )
    tries = max(1.0, float(samples.days.max()) * highest_per_d) * fit.harmonics * _TRIES_PER_FREQUENCY
    return float(-math.expm1(tries * math.log1p(-min(at_one, 1 - 1e-15))))


def _misfit_of_mean(samples: _Samples, band: str) -> float:
    rows = samples.bands == band
    mean = np.average(samples.values[rows], weights=samples.weights[rows])
    return float((samples.weights[rows] * (samples.values[rows] - mean) ** 2).sum())


def _thinned(frequencies: NDArray[np.float64], power: NDArray[np.float64]) -> Periodogram:
    """The highest power of each of some hundred equal steps in the logarithm of the period."""
    periods = 1 / frequencies
    edges = np.geomspace(periods[-1], periods[0], MOST_PERIODOGRAM_POINTS + 1)
    step = np.clip(np.searchsorted(edges, periods, side="right") - 1, 0, MOST_PERIODOGRAM_POINTS - 1)
    order = np.lexsort((-power, step))
    _, first = np.unique(step[order], return_index=True)
    kept = order[first]
    return Periodogram(tuple(periods[kept].tolist()), tuple(power[kept].tolist()))
