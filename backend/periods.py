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

from backend.harmonic_fits import Fit, Samples, amplitude_of, best_fit, fitted_curve
from backend.light_curve import LightCurve
from backend.photometry import difference_flux_ujy, flux_of_magnitude_ujy

FEWEST_DETECTIONS = 10
FEWEST_IN_A_BAND = 5
"""A sine and a mean have three free numbers: bands with fewer detections than this say nothing."""
SHORTEST_PERIOD_D = 0.05
MOST_FREQUENCIES = 100_000
MOST_PERIODOGRAM_POINTS = 600
LARGEST_RATIO_OF_ECLIPSES, WITH_EVEN_FLANKS = 1.2, 1.3
"""An eclipse takes the same share of the light in g and in r, a pulsation is a third larger in g: this is between, and
may be more where rise and fall are clearly alike."""
_TWO_HUMPS = 0.6
"""Share of the even harmonics' power above which a curve has two humps: it is a binary's whole period already."""
_SECOND_WAVE, _EVEN, _LOPSIDED = 0.2, 0.3, 0.7
"""Amplitude of the second wave, in units of the first, that says something of the shape; sines of its phase."""
_STEPS_PER_PEAK = 5
_FEWEST_STEPS_PER_PEAK = 3
_PEAKS = 60
"""Of so many peaks for up to 100 detections, of fewer for more: then the highest peak is the right one."""
_FEWEST_PEAKS = 12
_MULTIPLES = (0.5, 1 / 3, 2.0)
_STEPS_NEAR_PEAK = 9
_LEAST_ERROR = 0.05
"""Of a measurement, in standard deviations of the band: no model is better than this."""
_TRIES_PER_FREQUENCY = 30
_NUFFT = {"algorithm": "fasper"}


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
    is_daily: bool
    """Whether so many half cycles fit into a day: few phases are seen then, and aliases look like this."""
    is_doubled: bool
    """Whether twice the fitted period is given, because the variation looks like two equal eclipses."""
    detections: int
    periodogram: Periodogram


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
    best, samples = best_fit(samples, _candidates(frequencies, power, len(samples.days)))
    is_doubled = _is_half_of_a_binary(samples, best)
    return PeriodSuggestion(
        period_d=(2 if is_doubled else 1) / best.frequency_per_d,
        false_alarm_probability=_false_alarm_probability(samples, best, float(frequencies[-1])),
        harmonics=best.harmonics,
        rival_d=1 / best.rival_per_d if best.rival_per_d else None,
        is_daily=_is_daily(best.frequency_per_d, float(samples.days.max())),
        is_doubled=is_doubled,
        detections=len(samples.days),
        periodogram=_thinned(frequencies, power),
    )


def _samples(curve: LightCurve) -> Samples:
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
    return Samples(days - days.min(initial=np.inf) if len(days) else days, bands, values, weights, scales)


def _lomb_scargle(samples: Samples) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
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


def _is_half_of_a_binary(samples: Samples, fit: Fit) -> bool:
    """Whether the fit shows one eclipse where a binary has two in a period.

    Two equal eclipses repeat after half the period; nothing in the measurements can tell. What tells a binary from a
    pulsation is the colour: an eclipse takes the same share of the light in g and in r; and the shape: an eclipse
    begins as it ends, while a pulsation rises faster than it falls.
    """
    if not {"g", "r"} <= samples.scales.keys():
        return False
    curve, waves = fitted_curve(samples, fit)
    power = np.abs(waves) ** 2
    unevenness = _unevenness(waves)
    if power[1::2].sum() > _TWO_HUMPS * power.sum() or (unevenness or 0.0) > _LOPSIDED:
        return False
    green, red = (amplitude_of(samples, curve, band) * samples.scales[band] for band in ("g", "r"))
    is_even = unevenness is not None and unevenness < _EVEN
    largest = WITH_EVEN_FLANKS if is_even else LARGEST_RATIO_OF_ECLIPSES
    return red > 0 and 1 / largest < green / red < largest


def _is_daily(frequency_per_d: float, span_d: float) -> bool:
    """Whether a frequency is a whole number of half cycles a day, as near as the span can tell."""
    half_cycles = round(2 * frequency_per_d)
    return half_cycles > 0 and abs(frequency_per_d - half_cycles / 2) < 1 / span_d


def _unevenness(waves: NDArray[np.complex128]) -> float | None:
    """How much rise and fall differ, 0 to 1, by the phase of the second wave (Simon and Lee 1981, ApJ 248, 291).

    None where the second wave is too weak to tell.
    """
    if len(waves) < 2 or abs(waves[1]) < _SECOND_WAVE * abs(waves[0]):
        return None
    return abs(math.sin(float(np.angle(waves[1]) - 2 * np.angle(waves[0]))))


def _false_alarm_probability(samples: Samples, fit: Fit, highest_per_d: float) -> float:
    """The chance that independent errors alone are fitted so well somewhere among the frequencies.

    At one frequency the share that the fit leaves follows a beta distribution; the number of independent frequencies
    is estimated from span and range (VanderPlas 2018, ApJS 236, 16), times the harmonics and a number
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


def _misfit_of_mean(samples: Samples, band: str) -> float:
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
