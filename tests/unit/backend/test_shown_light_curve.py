"""What is shown of a light curve: each quantity, doubtful points, phase, and the table that is downloaded."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.light_curve import Detection, LightCurve, UpperLimit
from backend.photometry import flux_of_magnitude_ujy
from backend.shown_light_curve import (
    LightCurveChoice,
    Quantity,
    TimeAxis,
    light_curve_csv,
    phase_of,
    shown_light_curve,
    time_of_mjd,
)

OBJECT = "ZTF24aaaaaab"
CURVE = LightCurve(
    (
        Detection(60_000.25, "g", 18.0, 0.1, True, 17.0, 0.02, 0.2, rb=0.9, drb=0.3, candid=2_800_000_000_000_000_001),
        Detection(60_001.25, "r", 18.5, 0.1, False, 18.0, 0.02, 0.3, rb=0.4),
        Detection(60_002.25, "r", 17.5, 0.1, False, 18.0, 0.02, 0.4),
        Detection(60_003.25, "g", 18.0, 0.1),
    ),
    (UpperLimit(59_999.0, "g", 20.0), UpperLimit(59_998.0, "i", 19.0)),
)


def table(choice: LightCurveChoice) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(light_curve_csv(shown_light_curve(CURVE, choice), OBJECT))))


def test_the_difference_magnitude_is_what_was_measured() -> None:
    shown = shown_light_curve(CURVE)
    assert [point.value for point in shown.detections] == [18.0, 18.5, 17.5, 18.0]
    assert [point.value for point in shown.limits] == [19.0, 20.0]
    assert (shown.hidden, shown.without_value, shown.limits_without_value) == (0, 0, 0)


def test_apparent_magnitudes_say_how_many_have_none() -> None:
    shown = shown_light_curve(CURVE, LightCurveChoice(Quantity.APPARENT))
    # Brighter than the reference; fainter; negative in total; without a reference.
    assert [point.value for point in shown.detections] == pytest.approx([16.636, 19.082], abs=1e-3)
    assert shown.without_value == 2
    assert [(point.band, round(point.value, 3)) for point in shown.limits] == [("g", 16.934)]
    assert shown.limits_without_value == 1


def test_a_flux_is_negative_where_the_object_faded() -> None:
    shown = shown_light_curve(CURVE, LightCurveChoice(Quantity.FLUX))
    assert [point.value > 0 for point in shown.detections] == [True, False, False]
    assert shown.without_value == 1
    assert shown.limits[-1].value == pytest.approx(flux_of_magnitude_ujy(20.0))


def test_low_scores_are_marked_or_hidden_by_drb_and_else_by_rb() -> None:
    marked = shown_light_curve(CURVE, LightCurveChoice(least_score=0.5))
    assert [point.is_doubtful for point in marked.detections] == [True, True, False, False]
    assert marked.hidden == 0
    hidden = shown_light_curve(CURVE, LightCurveChoice(least_score=0.5, hides_doubtful=True))
    assert [point.mjd for point in hidden.detections] == [60_002.25, 60_003.25]
    assert (hidden.hidden, len(hidden.limits)) == (2, 2)


def test_a_reference_too_far_away_is_said_for_apparent_magnitudes_only() -> None:
    far = LightCurve((CURVE.detections[0]._replace(reference_distance_arcsec=7.5),), ())
    assert shown_light_curve(far, LightCurveChoice(Quantity.APPARENT)).reference_arcsec == 7.5
    assert shown_light_curve(far).reference_arcsec is None
    assert shown_light_curve(CURVE, LightCurveChoice(Quantity.APPARENT)).reference_arcsec is None


def test_folding_counts_from_the_first_detection() -> None:
    shown = shown_light_curve(CURVE, LightCurveChoice(period_d=2.0))
    assert shown.epoch_mjd == 60_000.25
    assert [point.phase for point in shown.detections] == pytest.approx([0, 0.5, 0, 0.5])
    assert all(0 <= (point.phase or 0) < 1 for point in shown.limits)


@given(st.floats(50_000, 70_000), st.floats(0.05, 1000), st.integers(-20, 20))
def test_a_phase_returns_after_whole_periods(mjd: float, period_d: float, cycles: int) -> None:
    difference = phase_of(mjd + cycles * period_d, period_d, 55_000.0) - phase_of(mjd, period_d, 55_000.0)
    assert min(abs(difference), 1 - abs(difference)) < 1e-5


def test_the_table_has_units_in_its_names_and_every_shown_point() -> None:
    rows = table(LightCurveChoice())
    assert list(rows[0]) == [
        "objectId", "mjd_d", "band", "kind", "difference_magnitude_mag", "error_mag", "rb", "drb", "candid",
        "is_doubtful",
    ]  # fmt: skip
    assert [row["kind"] for row in rows] == ["upper limit"] * 2 + ["detection"] * 4
    assert rows[2] == {
        "objectId": OBJECT, "mjd_d": "60000.250000", "band": "g", "kind": "detection",
        "difference_magnitude_mag": "18.00000", "error_mag": "0.1", "rb": "0.9", "drb": "0.3",
        "candid": "2800000000000000001", "is_doubtful": "false",
    }  # fmt: skip


def test_the_table_follows_what_is_shown() -> None:
    choice = LightCurveChoice(Quantity.FLUX, TimeAxis.DATE, least_score=0.5, hides_doubtful=True, period_d=0.5)
    rows = table(choice)
    assert list(rows[0])[1:7] == ["date_utc", "phase_cycles", "band", "kind", "difference_flux_ujy", "error_ujy"]
    assert [row["date_utc"] for row in rows if row["kind"] == "detection"] == ["2023-02-27T06:00:00.000Z"]
    assert table(LightCurveChoice(time_axis=TimeAxis.JD))[2]["jd_d"] == "2460000.750000"


def test_an_mjd_is_a_time_in_utc() -> None:
    assert time_of_mjd(51_544.5) == datetime(2000, 1, 1, 12, tzinfo=UTC)
    assert time_of_mjd(60_555.999999994).microsecond % 1000 == 0


def test_an_empty_curve_shows_nothing() -> None:
    shown = shown_light_curve(LightCurve((), ()), LightCurveChoice(Quantity.APPARENT, period_d=1.0))
    assert shown.points == ()
    assert len(light_curve_csv(shown, OBJECT).splitlines()) == 1
