"""Folding a light curve: the period by hand, its fine tuning, and a suggestion with its periodogram."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from backend.light_curve import LightCurve
from backend.periods import FEWEST_DETECTIONS, FEWEST_IN_A_BAND, PeriodSuggestion, suggest_period

SUGGEST = "Suggest a period"
_LONGEST_D, _SHORTEST_D = 10_000.0, 0.001
_SURE, _LIKELY = 1e-4, 1e-2
_PERIODOGRAM_HEIGHT_PX = 130
_LINE, _MARK = "#5b8fb5", "#d98c3f"


def folding(object_id: str, curve: LightCurve) -> float | None:
    """The period to fold with, in days; None while there is none.

    The slider shifts the last detection against the first by up to a cycle: what a period of this precision is about,
    whatever its length.
    """
    period, tuning, asked = (f"{name}_{object_id}" for name in ("period", "period_tuning", "period_asked"))

    def suggest() -> None:
        st.session_state[asked] = True
        suggestion = _suggested(curve)
        if suggestion:
            _set(round(suggestion.period_d, 7))

    def scale(factor: float) -> None:
        _set(min(max((tuned_d() or 0.0) * factor, _SHORTEST_D), _LONGEST_D))

    def _set(period_d: float) -> None:
        st.session_state[period], st.session_state[tuning] = period_d, 0.0

    def tuned_d() -> float | None:
        return tuned_period_d(st.session_state.get(period), st.session_state.get(tuning, 0.0), _span_d(curve))

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.number_input(
            "Period (days)", _SHORTEST_D, _LONGEST_D, None, 0.001, "%.7f", key=period, width=170,
            placeholder="none yet", persist_state="page",
        )  # fmt: skip
        st.session_state.setdefault(tuning, 0.0)
        st.slider(
            "Fine tuning (cycles over the whole curve)", -1.0, 1.0, step=0.01, key=tuning, width=260,
            persist_state="page", disabled=st.session_state.get(period) is None,
        )  # fmt: skip
        st.button(SUGGEST, on_click=suggest, icon=":material/auto_awesome:", key=f"suggest_{object_id}")
        has_period = st.session_state.get(period) is not None
        twice = "An eclipsing binary with two like eclipses looks as if it had half its period."
        st.button("Halve", on_click=scale, args=(0.5,), disabled=not has_period, type="tertiary", help=twice)
        st.button("Double", on_click=scale, args=(2.0,), disabled=not has_period, type="tertiary", help=twice)
    period_d = tuned_d()
    if period_d is None and not st.session_state.get(asked):
        st.caption("Type a period, or let one be suggested.")
    elif period_d and st.session_state.get(tuning):
        st.caption(f"Folded with {period_d:.7f} days.")
    if st.session_state.get(asked):
        suggestion = _suggested(curve)
        st.caption(suggestion_text(suggestion, curve))
        if suggestion:
            description = "Periodogram: how much of the variation a sine of each period explains."
            st.altair_chart(periodogram_chart(suggestion, period_d), width="stretch", alt=description)
            st.caption(
                "What a sine of each period explains; dashed, the period in use. Curves of several waves decide on the"
                " suggestion, so that it need not be at the highest peak."
            )
    return period_d


def tuned_period_d(period_d: float | None, cycles: float, span_d: float) -> float | None:
    """The period with which so many cycles more fit into the span; the period itself where that is none."""
    if period_d is None or not cycles or span_d <= 0:
        return period_d
    number = span_d / period_d + cycles
    return span_d / number if number > 0 else period_d


def suggestion_text(suggestion: PeriodSuggestion | None, curve: LightCurve) -> str:
    """What was found, and how sure it is, in plain words."""
    if suggestion is None:
        return (
            f"A suggestion needs {FEWEST_DETECTIONS} detections with the sign of their difference, at least"
            f" {FEWEST_IN_A_BAND} in a band, from more than some hours: this curve has"
            f" {len(curve.detections)} detections."
        )
    chance, days = suggestion.false_alarm_probability, f"{suggestion.period_d:.6g} days"
    if chance < _SURE:
        sentences = [f"Suggested: {days}. Noise alone would fit as well in fewer than 1 of 10,000 cases."]
    elif chance < _LIKELY:
        sentences = [f"Suggested: {days}, likely: noise alone would fit as well in {chance:.1%} of cases."]
    else:
        sentences = [f"No period stands out. The best, {days}, is what noise alone gives in {chance:.0%} of cases."]
    if suggestion.is_doubled:
        sentences.append(
            "This is twice the fitted period: the variation is as large in g as in r, so that it is likely an eclipsing"
            " binary with two like eclipses. Halve it if you know better."
        )
    if suggestion.is_daily:
        sentences.append(
            "Take care: it is nearly a whole part of a day or two, as the false periods are that the nights themselves"
            " make."
        )
    if suggestion.rival_d is not None:
        sentences.append(f"{suggestion.rival_d:.6g} days fits almost as well.")
    return " ".join(sentences)


def periodogram_chart(suggestion: PeriodSuggestion, period_d: float | None) -> alt.LayerChart | alt.FacetChart:
    """Power against period, and where the chosen period lies."""
    found = suggestion.periodogram
    table = pd.DataFrame({"period": found.periods_d, "power": found.power})
    x = alt.X("period:Q", title="period (days)", scale=alt.Scale(type="log", nice=False), axis=alt.Axis(tickCount=6))
    tips = [alt.Tooltip("period:Q", title="period (days)", format=".6g"), alt.Tooltip("power:Q", format=".3f")]
    line = (
        alt.Chart(table)
        .mark_line(color=_LINE, strokeWidth=1, interpolate="linear")
        .encode(x=x, y=alt.Y("power:Q", title="power", axis=alt.Axis(tickCount=3)), tooltip=tips)
    )
    layers: list[alt.Chart] = [line]
    if period_d and min(found.periods_d) <= period_d <= max(found.periods_d):
        mark = alt.Chart(pd.DataFrame({"period": [period_d]})).mark_rule(color=_MARK, strokeDash=[4, 3])
        layers.append(mark.encode(x=x))
    return alt.layer(*layers).properties(width="container", height=_PERIODOGRAM_HEIGHT_PX)


def _span_d(curve: LightCurve) -> float:
    return curve.detections[-1].mjd - curve.detections[0].mjd if curve.detections else 0.0


@st.cache_data(show_spinner=False, max_entries=100)
def _suggested(curve: LightCurve) -> PeriodSuggestion | None:
    return suggest_period(curve)
