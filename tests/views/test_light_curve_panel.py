"""The light curve of Inspect: quantities, axes, quality, folding, downloads; each says what it shows."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from backend.light_curve import Detection, LightCurve, UpperLimit
from backend.periods import Periodogram, PeriodSuggestion
from backend.shown_light_curve import LightCurveChoice, Quantity, TimeAxis, shown_light_curve
from simulator.kinds import Kind
from tests.support.simulated_variables import simulated_variables
from tests.views.looking import checked, click, labels, text
from views.components import light_curve_panel as panel
from views.components.folding import SUGGEST, suggestion_text, tuned_period_d
from views.components.light_curve_chart import light_curve_chart, light_curve_description, light_curve_facts

OBJECT = "ZTF24aaaaaab"
CURVE = LightCurve(
    (
        Detection(60_000.25, "g", 18.0, 0.1, True, 17.0, 0.02, 7.5, rb=0.9, drb=0.3, candid=2_800_000_000_000_000_001),
        Detection(60_001.25, "r", 18.5, 0.1, False, 18.0, 0.02, 7.5, rb=0.4),
        Detection(60_002.25, "r", 17.5, 0.1, False, 18.0, 0.02, 7.5),
    ),
    (UpperLimit(59_999.0, "g", 20.0),),
)


@pytest.fixture(scope="module")
def variable() -> tuple[float, LightCurve]:
    (star,) = simulated_variables(Kind.RR_LYRAE, 1, 60, fewest_detections=60)
    return star.period_d, star.curve


def _page() -> None:
    import streamlit as st  # noqa: PLC0415 - the page is a script of its own

    from views.components.light_curve_panel import light_curve_panel  # noqa: PLC0415

    light_curve_panel("ZTF24aaaaaab", st.session_state["curve"], st.session_state["cursor"])


def shown(curve: LightCurve, cursor_mjd: float | None = None) -> AppTest:
    app = AppTest.from_function(_page, default_timeout=30)
    app.session_state["curve"], app.session_state["cursor"] = curve, cursor_mjd
    return checked(app.run())


def choose(app: AppTest, key: str, value: Any) -> AppTest:
    widget = app.button_group(key=key) if key in (panel.QUANTITY, panel.TIME_AXIS) else None
    widget = widget or (app.slider(key=key) if key == panel.LEAST_SCORE else app.toggle(key=key))
    return checked(widget.set_value(value).run())


def spec(curve: LightCurve, choice: LightCurveChoice, cursor_mjd: float | None = None) -> dict[str, Any]:
    found: dict[str, Any] = light_curve_chart(shown_light_curve(curve, choice), "", cursor_mjd).to_dict()
    return found


def axis_title(chart: dict[str, Any], axis: str) -> str:
    encoding = chart["layer"][1]["encoding"][axis]
    return str(encoding.get("title") or encoding["axis"]["title"])


@pytest.fixture
def app_of_curve() -> AppTest:
    return shown(CURVE)


def test_a_curve_is_shown_as_it_was_measured(app_of_curve: AppTest) -> None:
    assert "3 detections · 1 upper limit (5 sigma, hollow triangles)" in text(app_of_curve)


def test_apparent_magnitudes_say_what_is_left_out_and_whose_light_it_may_be(app_of_curve: AppTest) -> None:
    choose(app_of_curve, panel.QUANTITY, Quantity.APPARENT)
    assert "1 detection left out: no reference or sign, or a negative total" in text(app_of_curve)
    assert "The reference source is 7.5″ away" in text(app_of_curve)


def test_alerts_without_signs_say_why_there_is_no_flux() -> None:
    app = shown(LightCurve((Detection(60_000.0, "g", 18.0, 0.1),), ()))
    choose(app, panel.QUANTITY, Quantity.FLUX)
    assert "1 detection left out: no sign of the difference" in text(app)
    assert "None of the detections has a difference flux" in text(app)
    assert panel.LEAST_SCORE not in [slider.key for slider in app.slider]


def test_low_scores_are_marked_and_then_hidden(app_of_curve: AppTest) -> None:
    choose(app_of_curve, panel.LEAST_SCORE, 0.5)
    assert "2 with a score below 0.50 pale and hollow" in text(app_of_curve)
    choose(app_of_curve, panel.HIDES, True)
    assert "1 detection ·" in text(app_of_curve)
    assert "2 with a score below 0.50 hidden" in text(app_of_curve)


def test_nothing_to_show_is_said() -> None:
    assert "there is no light curve" in text(shown(LightCurve((), ())))


def test_a_suggested_period_is_the_stars_and_can_be_halved_doubled_and_tuned(
    variable: tuple[float, LightCurve],
) -> None:
    true_d, curve = variable
    app = shown(curve)
    assert SUGGEST not in labels(app)
    choose(app, panel.FOLDS, True)
    assert "Type a period, or let one be suggested." in text(app)
    assert "Halve" not in labels(app)
    click(app, SUGGEST)
    period = app.number_input(key=f"period_{OBJECT}")
    assert period.value == pytest.approx(true_d, rel=0.01)
    assert "Noise alone would fit as well in fewer than 1 of 10,000 cases" in text(app)
    suggested_d = period.value
    click(app, "Double")
    assert app.number_input(key=f"period_{OBJECT}").value == pytest.approx(2 * suggested_d)
    click(app, "Halve")
    checked(app.slider(key=f"period_tuning_{OBJECT}").set_value(1.0).run())
    span_d = curve.detections[-1].mjd - curve.detections[0].mjd
    tuned_d = span_d / (span_d / suggested_d + 1)
    assert f"Folded with {tuned_d:.7f} days." in text(app)


def test_period_and_tuning_are_kept_while_time_is_shown(app_of_curve: AppTest) -> None:
    assert not app_of_curve.button_group(key=panel.TIME_AXIS).disabled
    choose(app_of_curve, panel.FOLDS, True)
    assert app_of_curve.button_group(key=panel.TIME_AXIS).disabled
    checked(app_of_curve.number_input(key=f"period_{OBJECT}").set_value(0.5).run())
    checked(app_of_curve.slider(key=f"period_tuning_{OBJECT}").set_value(0.25).run())
    choose(app_of_curve, panel.FOLDS, False)
    choose(app_of_curve, panel.FOLDS, True)
    assert app_of_curve.number_input(key=f"period_{OBJECT}").value == 0.5
    assert app_of_curve.slider(key=f"period_tuning_{OBJECT}").value == 0.25


def test_too_few_detections_for_a_suggestion_are_said(app_of_curve: AppTest) -> None:
    choose(app_of_curve, panel.FOLDS, True)
    click(app_of_curve, SUGGEST)
    assert "A suggestion needs 10 detections" in text(app_of_curve)
    assert app_of_curve.number_input(key=f"period_{OBJECT}").value is None


def test_a_typed_period_folds(app_of_curve: AppTest) -> None:
    choose(app_of_curve, panel.FOLDS, True)
    checked(app_of_curve.number_input(key=f"period_{OBJECT}").set_value(0.5).run())
    assert "Type a period" not in text(app_of_curve)
    assert "Halve" in labels(app_of_curve)


@pytest.mark.parametrize(
    ("chance", "said"),
    [(1e-9, "fewer than 1 of 10,000"), (0.005, "likely: noise alone"), (0.4, "No period stands out. The best, 1 days")],
)
def test_how_sure_a_period_is_stands_in_plain_words(chance: float, said: str) -> None:
    suggestion = PeriodSuggestion(1.0, chance, 2, 0.5, True, True, 40, Periodogram((1.0,), (0.5,)))
    sentence = suggestion_text(suggestion, CURVE)
    assert said in sentence
    assert "twice the fitted period" in sentence
    assert "Take care" in sentence
    assert "0.5 days fits almost as well" in sentence


def test_fine_tuning_shifts_the_last_point_by_so_many_cycles() -> None:
    tuned = tuned_period_d(0.5, 0.25, 100.0)
    assert tuned is not None
    assert 100.0 / tuned == pytest.approx(200.25)
    assert tuned_period_d(None, 0.5, 100.0) is None
    assert tuned_period_d(0.5, 0.0, 100.0) == 0.5
    assert tuned_period_d(500.0, -1.0, 100.0) == 500.0


@pytest.mark.parametrize(
    ("choice", "across", "up", "is_reversed"),
    [
        (LightCurveChoice(), "MJD (days, UTC)", "difference magnitude (mag)", True),
        (LightCurveChoice(Quantity.APPARENT, TimeAxis.JD), "JD (days, UTC)", "apparent magnitude (mag)", True),
        (LightCurveChoice(Quantity.FLUX, TimeAxis.DATE), "date (UTC)", "difference flux (µJy)", False),
        (
            LightCurveChoice(period_d=0.5),
            "phase, period 0.5 days from MJD 60000.25000",
            "difference magnitude (mag)",
            True,
        ),
    ],
)
def test_axes_have_units_and_brighter_is_up(choice: LightCurveChoice, across: str, up: str, is_reversed: bool) -> None:
    chart = spec(CURVE, choice)
    assert (axis_title(chart, "x"), axis_title(chart, "y")) == (across, up)
    assert chart["layer"][1]["encoding"]["y"]["scale"]["reverse"] == is_reversed


def test_folded_points_and_cursor_are_there_in_both_cycles() -> None:
    chart = spec(CURVE, LightCurveChoice(period_d=2.0), cursor_mjd=60_001.25)
    tables = [[row["x"] for row in rows] for rows in chart["datasets"].values() if "x" in rows[0]]
    assert sorted(tables) == [[0, 1, 0.5, 1.5, 0, 1], [0.375, 1.375], [0.5, 1.5]]


@pytest.mark.parametrize("axis", list(TimeAxis))
def test_the_cursor_stands_where_its_alert_is(axis: TimeAxis) -> None:
    chart = spec(CURVE, LightCurveChoice(time_axis=axis), cursor_mjd=60_001.25)
    rows = [rows for rows in chart["datasets"].values() if "x" in rows[0]]
    (cursor,) = next(each for each in rows if list(each[0]) == ["x"])
    assert cursor["x"] in [row["x"] for each in rows if "band" in each[0] for row in each]
    assert len(spec(CURVE, LightCurveChoice(time_axis=axis))["layer"]) == len(chart["layer"]) - 1


def test_a_screen_reader_hears_the_numbers() -> None:
    said = light_curve_description(shown_light_curve(CURVE), OBJECT)
    assert said == (
        "Light curve of ZTF24aaaaaab: difference magnitude in mag. 3 detections (1 in g, 2 in r) and 1 upper limit, "
        "2023-02-25 to 2023-02-27. Brightest 17.500 ± 0.100 mag in r, faintest 18.500 ± 0.100 mag in r."
    )
    flux = light_curve_description(shown_light_curve(CURVE, LightCurveChoice(Quantity.FLUX, period_d=0.5)))
    assert "folded with a period of 0.5 days" in flux
    assert "Brightest 229.10 ± 21.10 µJy in g" in flux
    assert spec(CURVE, LightCurveChoice())["description"].startswith("Light curve")
    assert "No detections, 0 upper limits" in light_curve_description(shown_light_curve(LightCurve((), ())))


def test_table_and_pictures_are_offered(app_of_curve: AppTest) -> None:
    assert [button.proto.label for button in app_of_curve.get("download_button")] == ["CSV", "PNG", "SVG"]


def test_pictures_are_drawn_when_asked_for() -> None:
    curve = shown_light_curve(CURVE)
    assert panel.picture(curve, OBJECT, "png")().startswith(b"\x89PNG")
    svg = panel.picture(curve, OBJECT, "svg")().decode()
    assert svg.startswith("<svg")
    assert OBJECT in svg


def test_the_facts_name_limits_that_have_no_reference() -> None:
    curve = LightCurve(CURVE.detections, (UpperLimit(59_999.0, "i", 20.0),))
    facts = light_curve_facts(shown_light_curve(curve, LightCurveChoice(Quantity.APPARENT)))
    assert "1 upper limit left out: no reference in the band" in facts
