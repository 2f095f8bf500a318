"""Apparent magnitudes and fluxes: as an independent computation has them, for every spelling of the sign."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.light_curve import Detection, UpperLimit, light_curve, sign_of_difference
from backend.photometry import (
    apparent_limit_mag,
    apparent_magnitude_mag,
    difference_flux_ujy,
    flux_of_magnitude_ujy,
    magnitude_of_flux_mag,
)

FIELDS = ("jd", "fid", "magpsf", "sigmapsf", "isdiffpos", "magnr", "sigmagnr")
magnitudes = st.floats(10, 22)
errors = st.floats(0.001, 0.5)


def detection(magnitude: float, error: float, *, is_positive: bool | None, reference: float | None) -> Detection:
    return Detection(60_000.0, "g", magnitude, error, is_positive, reference, 0.02)


def real_visits() -> Iterator[dict[str, Any]]:
    """Every visit of the real archive, of alerts and of their histories."""
    folder = os.environ.get("REAL_ALERTS_DIR")
    if not folder and os.environ.get("CI") == "true":
        pytest.fail("CI must set REAL_ALERTS_DIR, the folder of real alerts.")
    if not folder:
        pytest.skip("REAL_ALERTS_DIR, the folder of real alerts, is not set.")
    for file in sorted((Path(folder) / "archive").rglob("*.parquet")):
        alerts = pq.ParquetFile(file).read(columns=["candidate", "prv_candidates"])
        own: Any = alerts["candidate"].combine_chunks()
        history: Any = alerts["prv_candidates"].combine_chunks()
        for visits in (own, history.flatten()):
            if pa.types.is_struct(visits.type):
                yield from pa.table({name: visits.field(name) for name in FIELDS}).to_pylist()


def test_apparent_magnitudes_of_real_alerts_are_those_of_an_independent_computation() -> None:
    ours, theirs = [], []
    for visit in real_visits():
        curve = light_curve([visit])
        known = [visit[name] for name in ("magpsf", "sigmapsf", "magnr", "sigmagnr")]
        if not curve.detections or any(value is None or not value > -99 for value in known):
            continue
        measured = apparent_magnitude_mag(curve.detections[0])
        ours.append((math.nan, math.nan) if measured is None else tuple(measured))
        theirs.append((*known, 1 if visit["isdiffpos"] in ("t", "1") else -1))
    magpsf, sigmapsf, magnr, sigmagnr, sign = np.array(theirs).T
    # In units of the reference the sum is 1 + change, and no zero point is needed.
    change = sign * np.exp((magnr - magpsf) * np.log(10) / 2.5)
    total = np.where(change > -1, 1 + change, np.nan)
    expected = magnr - 2.5 * np.log10(total)
    expected_error = np.sqrt(sigmagnr**2 + (change * sigmapsf) ** 2) / total
    got, got_error = np.array(ours).T
    assert len(got) > 10_000
    assert set(np.sign(change)) == {-1.0, 1.0}
    assert 0 < np.isnan(expected).sum() < 0.5 * len(expected)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(got_error, expected_error, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("spelled", "is_positive"),
    [(each, True) for each in ("t", "1", "true", "T", "True", True, 1, 1.0)]
    + [(each, False) for each in ("f", "0", "false", "F", "False", False, 0, 0.0)]
    + [(each, None) for each in (None, "", "null", "nan", "?", math.nan, 2, -999.0)],
)
def test_every_spelling_of_the_sign_is_known(spelled: object, is_positive: bool | None) -> None:
    assert sign_of_difference(spelled) is is_positive


@given(magnitudes, errors, magnitudes)
def test_the_sign_says_whether_the_object_is_brighter_than_its_reference(
    magnitude: float, error: float, reference: float
) -> None:
    brighter = apparent_magnitude_mag(detection(magnitude, error, is_positive=True, reference=reference))
    fainter = apparent_magnitude_mag(detection(magnitude, error, is_positive=False, reference=reference))
    assert brighter is not None
    assert brighter.value <= min(reference, magnitude)
    assert (fainter is None) == (magnitude <= reference)
    if fainter is not None:
        assert fainter.value >= reference
        # The two fluxes lie as far above the reference as below.
        middle = (flux_of_magnitude_ujy(brighter.value) + flux_of_magnitude_ujy(fainter.value)) / 2
        assert middle == pytest.approx(flux_of_magnitude_ujy(reference), rel=1e-9)


@given(magnitudes, errors)
def test_flipping_the_sign_flips_the_flux_and_keeps_its_error(magnitude: float, error: float) -> None:
    up, down = (difference_flux_ujy(detection(magnitude, error, is_positive=s, reference=None)) for s in (True, False))
    assert up is not None
    assert down is not None
    assert up.value == -down.value > 0
    assert up.error == down.error
    assert up.value / up.error == pytest.approx(1.0857 / error, rel=1e-4)


@given(magnitudes, magnitudes)
def test_a_visit_without_detection_may_be_a_little_brighter_than_the_reference(limit: float, reference: float) -> None:
    brightest = apparent_limit_mag(UpperLimit(60_000.0, "g", limit), reference)
    assert brightest is not None
    assert brightest <= min(limit, reference)
    as_detection = apparent_magnitude_mag(detection(limit, 0.2, is_positive=True, reference=reference))
    assert as_detection is not None
    assert brightest == pytest.approx(as_detection.value, abs=1e-9)


@given(magnitudes)
def test_a_flux_and_its_magnitude_are_the_same(magnitude: float) -> None:
    assert magnitude_of_flux_mag(flux_of_magnitude_ujy(magnitude)) == pytest.approx(magnitude, abs=1e-9)


def test_the_flux_of_the_ab_zero_point_is_3631_jansky() -> None:
    assert flux_of_magnitude_ujy(0) == pytest.approx(3631e6)
    assert flux_of_magnitude_ujy(23.9) == pytest.approx(1.0, rel=2e-3)


@pytest.mark.parametrize(("is_positive", "reference"), [(None, 18.0), (True, None), (False, 19.0)])
def test_without_sign_or_reference_or_with_nothing_left_there_is_no_apparent_magnitude(
    is_positive: bool | None, reference: float | None
) -> None:
    assert apparent_magnitude_mag(detection(18.0, 0.1, is_positive=is_positive, reference=reference)) is None


def test_no_reference_gives_no_apparent_limit_and_no_light_no_magnitude() -> None:
    assert apparent_limit_mag(UpperLimit(60_000.0, "g", 20.0), None) is None
    assert magnitude_of_flux_mag(0.0) is None
    assert magnitude_of_flux_mag(-3.0) is None
