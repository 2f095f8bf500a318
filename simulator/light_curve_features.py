"""Statistics of many light curves at once: the columns ``lc_features_g`` and ``lc_features_r``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulator import arrow_columns as columns
from simulator.arrow_columns import ArrowArray
from simulator.random_keys import Floats, Ints
from simulator.schema import LIGHT_CURVE_FEATURES

FEWEST_POINTS = 4
_NEEDS_ONE_POINT = ("mean", "weighted_mean", "median", "amplitude", "beyond_1_std", "cusum", "percent_amplitude")


@dataclass(frozen=True)
class Points:
    """Detections in one band, of many light curves; ``row`` says of which."""

    row: Ints
    jd: Floats
    mag: Floats
    error: Floats


class _Grouped:
    """Sums and order statistics of points, per light curve."""

    def __init__(self, points: Points, count: int) -> None:
        self.points, self.count = points, count
        self.number = np.bincount(points.row, minlength=count).astype(np.float64)
        order = np.lexsort((points.mag, points.row))
        self._sorted_mag = np.append(points.mag[order], np.nan)
        self._begin = np.cumsum(self.number).astype(np.int64) - self.number.astype(np.int64)

    def sum(self, values: Floats) -> Floats:
        return np.bincount(self.points.row, weights=values, minlength=self.count).astype(np.float64)

    def mean(self, values: Floats) -> Floats:
        return self.sum(values) / self.number

    def quantile(self, share: float) -> Floats:
        """Magnitude below which a share of the points lies (nearest point)."""
        at = self._begin + np.round(share * np.maximum(self.number - 1, 0)).astype(np.int64)
        return np.where(self.number > 0, self._sorted_mag[at], np.nan)


def features_of(points: Points, count: int) -> tuple[dict[str, Floats], Ints]:
    """The features of each of ``count`` light curves, NaN where there are too few points, and their lengths."""
    with np.errstate(divide="ignore", invalid="ignore"):
        grouped = _Grouped(points, count)
        features = _features(grouped)
    too_few = grouped.number < FEWEST_POINTS
    for name, values in features.items():
        lacking = grouped.number < 1 if name in _NEEDS_ONE_POINT else too_few
        values[lacking | ~np.isfinite(values)] = np.nan
    return features, grouped.number.astype(np.int64)


def _features(grouped: _Grouped) -> dict[str, Floats]:
    points, number, row = grouped.points, grouped.number, grouped.points.row
    weight = points.error**-2.0
    mean = grouped.mean(points.mag)
    weighted_mean = grouped.sum(weight * points.mag) / grouped.sum(weight)
    residual = points.mag - mean[row]
    variance = grouped.sum(residual**2) / (number - 1)
    deviation = np.sqrt(variance)
    scaled = residual / deviation[row]
    low, q10, q40, median, q60, q90, high = (grouped.quantile(q) for q in (0.0, 0.1, 0.4, 0.5, 0.6, 0.9, 1.0))
    from_median = np.abs(points.mag - median[row])
    age = points.jd - grouped.mean(points.jd)[row]
    age_2 = grouped.sum(age**2)
    slope = grouped.sum(age * residual) / age_2
    noise_2 = grouped.sum((residual - slope[row] * age) ** 2) / (number - 2)
    weighted_age = points.jd - (grouped.sum(weight * points.jd) / grouped.sum(weight))[row]
    weighted_age_2 = grouped.sum(weight * weighted_age**2)
    fit_slope = grouped.sum(weight * weighted_age * (points.mag - weighted_mean[row])) / weighted_age_2
    fit_residual = points.mag - weighted_mean[row] - fit_slope[row] * weighted_age
    chi2 = grouped.sum(weight * (points.mag - weighted_mean[row]) ** 2) / (number - 1)
    pull = (points.mag - weighted_mean[row]) / points.error
    return {
        "mean": mean,
        "weighted_mean": weighted_mean,
        "standard_deviation": deviation,
        "median": median,
        "amplitude": 0.5 * (high - low),
        "beyond_1_std": grouped.mean((np.abs(scaled) > 1.0).astype(np.float64)),
        "cusum": (high - low) / (deviation * np.sqrt(number)) * 0.5,
        "inter_percentile_range_10": q90 - q10,
        "kurtosis": grouped.mean(scaled**4) - 3.0,
        "linear_trend": slope,
        "linear_trend_sigma": np.sqrt(noise_2 / age_2),
        "linear_trend_noise": np.sqrt(noise_2),
        "linear_fit_slope": fit_slope,
        "linear_fit_slope_sigma": weighted_age_2**-0.5,
        "linear_fit_reduced_chi2": grouped.sum(weight * fit_residual**2) / (number - 2),
        "magnitude_percentage_ratio_40_5": (q60 - q40) / (high - low),
        "magnitude_percentage_ratio_20_10": (q60 - q40) / (q90 - q10),
        "maximum_slope": np.abs(slope) + 2.0 * np.sqrt(noise_2 / age_2),
        "median_absolute_deviation": grouped.mean(from_median),
        "median_buffer_range_percentage_10": grouped.mean((from_median < 0.05 * (high - low)[row]).astype(np.float64)),
        "percent_amplitude": np.maximum(high - median, median - low),
        "mean_variance": deviation / mean,
        "anderson_darling_normal": 0.2 + 0.3 * np.abs(grouped.mean(scaled**3)),
        "chi2": chi2,
        "skew": grouped.mean(scaled**3),
        "stetson_K": grouped.mean(np.abs(pull)) / np.sqrt(grouped.mean(pull**2)),
    }


def features_array(features: dict[str, Floats], is_null: npt.NDArray[np.bool_]) -> ArrowArray:
    """A features column; the fields are null where marked (the broker has both null and NaN for 'none')."""
    valid = columns.validity(~is_null)
    return columns.struct_of(
        LIGHT_CURVE_FEATURES, {name: columns.numbers(values, pa.float64(), valid) for name, values in features.items()}
    )
