"""What is said of the chosen alert: only what it tells, whatever spelling "no value" has."""

from __future__ import annotations

import math
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.views.looking import checked, text
from views.components.alert_steps import mjd_of

JD = 2_460_555.5  # 2024-09-02 00:00 UTC


def steps(alerts: list) -> None:
    """The page of the tests."""
    from views.components.alert_steps import alert_steps  # noqa: PLC0415 - AppTest runs the body alone

    alert_steps(alerts)


def said_of(**alert: Any) -> str:
    app = AppTest.from_function(steps, kwargs={"alerts": [{"candid": 1, **alert}]})
    return text(checked(app.run()))


def test_time_band_and_magnitude_are_said() -> None:
    said = said_of(jd=JD + 0.25, fid=2, magpsf=18.416, sigmapsf=0.051)
    assert "Alert 1 of 1 · 2024-09-02 06:00 UTC · r · 18.42 ± 0.05 mag" in said
    assert "MJD 60555.25000 · candid 1" in said


@pytest.mark.parametrize("nothing", [None, math.nan, -999.0])
def test_what_the_alert_does_not_tell_is_left_out(nothing: float | None) -> None:
    said = said_of(jd=nothing, fid=None, magpsf=nothing, sigmapsf=nothing)
    assert set(said.splitlines()) == {"Alert 1 of 1", "candid 1"}


def test_a_magnitude_without_its_error_stands_alone() -> None:
    assert "18.42 mag" in said_of(jd=JD, fid=1, magpsf=18.42, sigmapsf=-999.0)


@pytest.mark.parametrize("jd", [1e300, -1e300, math.inf, "2460555.5", 0.0])
def test_a_time_that_is_none_is_no_time(jd: Any) -> None:
    assert mjd_of({"jd": jd}) is None
    assert "MJD" not in said_of(jd=jd)
