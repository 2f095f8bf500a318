"""The light curve of an object: each visit once, whatever tells of it."""

from __future__ import annotations

from typing import Any

import pytest

from backend.light_curve import Detection, UpperLimit, light_curve

JD = 2_460_000.5
MJD = 60_000.0


def _visit(day: float, magpsf: float | None, fid: int = 1, **more: Any) -> dict[str, Any]:
    return {"jd": JD + day, "fid": fid, "magpsf": magpsf, "sigmapsf": 0.1, "diffmaglim": 20.5, **more}


def test_a_detection_in_several_histories_is_there_once() -> None:
    alerts = [
        {"candidate": _visit(1, 18.0), "prv_candidates": [_visit(0, 18.5)]},
        {"candidate": _visit(2, 17.5), "prv_candidates": [_visit(0, 18.5), _visit(1, 18.0)]},
    ]
    assert light_curve(alerts).detections == (
        Detection(MJD, "g", 18.5, 0.1),
        Detection(MJD + 1, "g", 18.0, 0.1),
        Detection(MJD + 2, "g", 17.5, 0.1),
    )


def test_a_visit_without_a_magnitude_is_an_upper_limit() -> None:
    curve = light_curve([{"candidate": _visit(1, 18.0), "prv_candidates": [_visit(0, None, fid=2)]}])
    assert curve.upper_limits == (UpperLimit(MJD, "r", 20.5),)


def test_flat_contents_work_too_and_bands_at_the_same_time_are_two_visits() -> None:
    curve = light_curve([_visit(0, 18.0), _visit(0, 17.0, fid=2), _visit(0, 18.0)])
    assert [(d.band, d.magnitude_mag) for d in curve.detections] == [("g", 18.0), ("r", 17.0)]


@pytest.mark.parametrize("nothing", [None, float("nan"), -999.0])
def test_every_spelling_of_no_value_is_no_measurement(nothing: float | None) -> None:
    curve = light_curve([_visit(0, nothing, diffmaglim=nothing), _visit(1, 18.0, sigmapsf=nothing)])
    assert curve.detections == (Detection(MJD + 1, "g", 18.0, 0.0),)
    assert curve.upper_limits == ()


def test_no_alert_gives_an_empty_curve() -> None:
    assert light_curve([]) == ((), ())


def test_sign_reference_and_scores_come_with_a_detection() -> None:
    more = {"isdiffpos": "f", "magnr": 17.0, "sigmagnr": 0.02, "distnr": 0.3, "rb": 0.8, "drb": 0.9, "candid": 7}
    (found,) = light_curve([{"candidate": _visit(0, 18.0, **more)}]).detections
    assert found == Detection(MJD, "g", 18.0, 0.1, False, 17.0, 0.02, 0.3, 0.8, 0.9, 7)


def test_what_a_history_leaves_out_is_taken_from_the_alert() -> None:
    own = _visit(0, 18.0, isdiffpos="1", magnr=17.0, rb=0.8, drb=0.9, candid=7)
    # The same measurement, with single precision and without drb.
    past = _visit(0, 18.000001, isdiffpos="t", magnr=17.0, rb=0.8, candid=None)
    for alerts in ([own, past], [past, own]):
        (found,) = light_curve(alerts).detections
        assert (found.is_positive, found.drb, found.candid) == (True, 0.9, 7)


def test_two_measurements_of_a_visit_do_not_share_their_scores() -> None:
    better, worse = _visit(0, 18.0, rb=0.5), _visit(0, 18.3, sigmapsf=0.2, rb=0.9, drb=0.9)
    (found,) = light_curve([worse, better]).detections
    assert (found.magnitude_mag, found.rb, found.drb) == (18.0, 0.5, None)
