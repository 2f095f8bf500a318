"""Curves of several harmonics, fitted to the measurements of all bands at once: one shape, a mean and scale a band."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_HARMONICS = (1, 2, 3, 4, 6, 8)
_REGULARITY = 1e-9
"""Where phases coincide the terms of a fit depend on each other: so much keeps the matrix invertible."""
_FITTED_WITH_SCALES, _SCALINGS = 25, 2
_WEIGHT_OF_SIMPLICITY = 1.5
"""Half more than the criterion's own: an alias with clustered phases is fitted by many harmonics, whatever it is."""
_NO_STRONG_EVIDENCE = 10.0
"""Criteria that differ by less leave both periods possible (Kass and Raftery 1995, JASA 90, 773)."""
_NUMBERS_AT_ONCE = 400_000


class Samples(NamedTuple):
    """Difference fluxes: days since the first, band, value in standard deviations of the band from its mean, weight."""

    days: NDArray[np.float64]
    bands: NDArray[np.str_]
    values: NDArray[np.float64]
    weights: NDArray[np.float64]
    scales: dict[str, float]
    """Standard deviation of a band in units of its reference flux; empty without references."""


class Fit(NamedTuple):
    """A curve of some harmonics."""

    frequency_per_d: float
    harmonics: int
    misfit: float
    rival_per_d: float | None


def best_fit(samples: Samples, frequencies: NDArray[np.float64]) -> tuple[Fit, Samples]:
    """The best fit, and the measurements with their bands scaled to its one shape.

    The bands' amplitudes are first taken from their scatter, which depends on the phases that were seen; for the most
    promising frequencies they are then fitted as well.
    """
    numbers = _harmonics_for(samples)
    criteria = _criteria(_misfits(samples, frequencies, numbers), numbers, samples).min(axis=0)
    scaled: list[tuple[float, Fit, Samples]] = []
    for place in np.argsort(criteria, kind="stable")[:_FITTED_WITH_SCALES]:
        own, found = samples, _fit_at(samples, float(frequencies[place]), numbers)
        for _ in range(_SCALINGS):
            own = _scaled_to_one_shape(own, found[1])
            found = _fit_at(own, float(frequencies[place]), numbers)
        scaled.append((*found, own))
    criterion, best, best_samples = min(scaled, key=lambda each: each[0])
    is_other = _is_other(np.array([fit.frequency_per_d for _, fit, _ in scaled]), best.frequency_per_d, samples)
    rivals = [each for each, other in zip(scaled, is_other, strict=True) if other]
    rival = min(rivals, key=lambda each: each[0], default=None)
    if rival and rival[0] < criterion + _NO_STRONG_EVIDENCE:
        best = best._replace(rival_per_d=rival[1].frequency_per_d)
    return best, best_samples


def _harmonics_for(samples: Samples) -> list[int]:
    """How many harmonics so many measurements bear: three for each number that is fitted."""
    count, means = len(samples.days), len(np.unique(samples.bands))
    return [number for number in _HARMONICS if number == 1 or count >= 3 * (means + 2 * number)]


def _criteria(misfits: NDArray[np.float64], numbers: list[int], samples: Samples) -> NDArray[np.float64]:
    """The information criterion of each number of harmonics (row) at each frequency (column); lower is better.

    A fit that comes closer to the measurements than their errors gains nothing by it.
    """
    count, means = len(samples.days), len(np.unique(samples.bands))
    fitted = means + 2 * np.array(numbers)[:, None] + 1
    return np.asarray(count * np.log(1 + misfits / count) + _WEIGHT_OF_SIMPLICITY * fitted * math.log(count))


def _fit_at(samples: Samples, frequency_per_d: float, numbers: list[int]) -> tuple[float, Fit]:
    """The best number of harmonics at a frequency, with its criterion."""
    misfits = _misfits(samples, np.array([frequency_per_d]), numbers)
    criteria = _criteria(misfits, numbers, samples)[:, 0]
    row = int(np.argmin(criteria))
    return float(criteria[row]), Fit(frequency_per_d, numbers[row], float(misfits[row, 0]), None)


def _scaled_to_one_shape(samples: Samples, fit: Fit) -> Samples:
    """Measurements in units of the amplitude that the fitted curve has in their band; misfits stay what they are."""
    curve, _ = fitted_curve(samples, fit)
    factors = {str(band): amplitude_of(samples, curve, str(band)) for band in np.unique(samples.bands)}
    factors = {band: min(max(factor, 0.5), 2.0) for band, factor in factors.items()}
    factor = np.array([factors[str(band)] for band in samples.bands])
    scales = {band: scale * factors[band] for band, scale in samples.scales.items()}
    return samples._replace(values=samples.values / factor, weights=samples.weights * factor**2, scales=scales)


def _is_other(frequencies: NDArray[np.float64], chosen_per_d: float, samples: Samples) -> NDArray[np.bool_]:
    """Which frequencies are another peak than the chosen one, its multiples and its parts."""
    multiples = chosen_per_d * np.array([1 / 3, 0.5, 2 / 3, 1, 1.5, 2, 3])
    distances = np.abs(frequencies[:, None] - multiples).min(axis=1)
    return np.asarray(distances > 2 / samples.days.max())


def _misfits(samples: Samples, frequencies: NDArray[np.float64], harmonics: list[int]) -> NDArray[np.float64]:
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


def _terms(samples: Samples, frequencies: NDArray[np.float64], harmonics: int) -> NDArray[np.float64]:
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


def fitted_curve(samples: Samples, fit: Fit) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    """The fitted curve at each measurement, without the bands' means, and the amplitude and phase of each harmonic."""
    terms = _terms(samples, np.array([fit.frequency_per_d]), fit.harmonics)[0]
    weighted = terms * samples.weights
    normal = weighted @ terms.T + _REGULARITY * samples.weights.sum() * np.eye(len(terms))
    solved = np.linalg.solve(normal, weighted @ samples.values)
    waves = solved[len(terms) - 2 * fit.harmonics :]
    return waves @ terms[-len(waves) :], waves[::2] - 1j * waves[1::2]


def amplitude_of(samples: Samples, curve: NDArray[np.float64], band: str) -> float:
    """How large the variation of a band is, in units of the fitted curve."""
    rows = samples.bands == band
    weights = samples.weights[rows]
    fitted = curve[rows] - np.average(curve[rows], weights=weights)
    measured = samples.values[rows] - np.average(samples.values[rows], weights=weights)
    power = float((weights * fitted**2).sum())
    return float((weights * fitted * measured).sum()) / power if power > 0 else 1.0
