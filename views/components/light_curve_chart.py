"""The chart of a light curve: bands told apart by shape and colour, brighter upwards."""

from __future__ import annotations

from collections import Counter
from typing import Any

import altair as alt
import pandas as pd

from backend.light_curve import JD_OF_MJD_0
from backend.shown_light_curve import (
    Quantity,
    ShownCurve,
    ShownPoint,
    TimeAxis,
    phase_of,
    time_of_mjd,
    time_text_of,
)
from views.components.wording import counted

BANDS = ("g", "r", "i")
COLOURS = ("#2e9b60", "#d9483b", "#9068c4")
SHAPES = ("circle", "square", "diamond")
HEIGHT_PX = 350
_CURSOR = "#8a8a8a"
_CYCLES = 2
_HOURS_BELOW_D = 4.0
"""Dates on the axis have hours for a light curve of so many days or less."""
_COLUMNS = ("x", "band", "value", "low", "high", "doubtful", "limit", "mjd", "date", "measured", "rb", "drb", "candid")


def light_curve_chart(
    shown: ShownCurve, title: str = "", cursor_mjd: float | None = None
) -> alt.LayerChart | alt.FacetChart:
    """Magnitude or flux against time or phase, with errors, and upper limits as hollow triangles that point down.

    Parameters
    ----------
    cursor_mjd
        Where a vertical rule stands: the alert that is looked at beside the chart.
    """
    table = _table(shown)
    legend = alt.Legend(orient="top", symbolOpacity=1, symbolSize=70, symbolStrokeWidth=1.5)
    bands = alt.Color("band:N", title=None, scale=alt.Scale(domain=BANDS, range=COLOURS), legend=legend)
    shapes = alt.Shape("band:N", title=None, scale=alt.Scale(domain=BANDS, range=SHAPES), legend=legend)
    time, quantity = _time(shown), shown.choice.quantity
    scale = alt.Scale(zero=False, reverse=quantity is not Quantity.FLUX, padding=12)
    value = alt.Y("value:Q", title=_value_title(quantity), scale=scale)

    detections = alt.Chart(table[~table["limit"]]).encode(x=time, color=bands)
    good = alt.datum.doubtful == False  # noqa: E712 - a Vega expression
    tips = _tooltips(quantity)
    errors = detections.mark_rule().encode(
        y=alt.Y("low:Q", scale=scale, title=_value_title(quantity)),
        y2="high:Q",
        opacity=alt.condition(good, alt.value(0.6), alt.value(0.25)),
    )
    points = detections.encode(y=value, shape=shapes, tooltip=tips)
    measured = points.transform_filter(good).mark_point(filled=True, size=55, opacity=0.9)
    doubtful = points.transform_filter(alt.datum.doubtful == True).mark_point(  # noqa: E712
        filled=False, size=50, opacity=0.45
    )
    limits = (
        alt.Chart(table[table["limit"]])
        .mark_point(shape="triangle-down", filled=False, size=40, opacity=0.55)
        .encode(x=time, y=value, color=bands, tooltip=tips[:4])
    )
    layers = [limits, errors, doubtful, measured, *_rules(shown, time, scale, cursor_mjd)]
    return alt.layer(*layers).properties(
        title=title, width="container", height=HEIGHT_PX, description=light_curve_description(shown, title)
    )


def light_curve_facts(shown: ShownCurve) -> str:
    """What the chart shows and what it does not, in words."""
    facts = [counted(len(shown.detections), "detection")]
    if shown.limits:
        facts.append(f"{counted(len(shown.limits), 'upper limit')} (5 sigma, hollow triangles)")
    doubtful = sum(point.is_doubtful for point in shown.detections)
    if doubtful:
        facts.append(f"{doubtful:,} with a score below {shown.choice.least_score:.2f} pale and hollow")
    if shown.hidden:
        facts.append(f"{shown.hidden:,} with a score below {shown.choice.least_score:.2f} hidden")
    if shown.without_value:
        why = "no sign of the difference"
        if shown.choice.quantity is Quantity.APPARENT:
            why = "no reference or sign, or a negative total"
        facts.append(f"{counted(shown.without_value, 'detection')} left out: {why}")
    if shown.limits_without_value:
        facts.append(f"{counted(shown.limits_without_value, 'upper limit')} left out: no reference in the band")
    return " · ".join(facts)


def light_curve_description(shown: ShownCurve, title: str = "") -> str:
    """The chart for a screen reader."""
    quantity = shown.choice.quantity
    what = f"Light curve{f' of {title}' if title else ''}: {quantity.value} in {quantity.unit}"
    if shown.choice.period_d:
        what += f", folded with a period of {shown.choice.period_d:.6g} days"
    detections = shown.detections
    if not detections:
        return f"{what}. No detections, {counted(len(shown.limits), 'upper limit')}."
    numbers = Counter(point.band for point in detections)
    in_bands = ", ".join(f"{numbers[band]:,} in {band}" for band in BANDS if band in numbers)
    in_order = sorted(detections, key=lambda point: point.value, reverse=quantity is Quantity.FLUX)
    brightest, faintest = in_order[0], in_order[-1]
    days = f"{time_of_mjd(detections[0].mjd):%Y-%m-%d} to {time_of_mjd(detections[-1].mjd):%Y-%m-%d}"
    return (
        f"{what}. {counted(len(detections), 'detection')} ({in_bands}) and "
        f"{counted(len(shown.limits), 'upper limit')}, {days}. Brightest {_measured_text(brightest, quantity)} in "
        f"{brightest.band}, faintest {_measured_text(faintest, quantity)} in {faintest.band}."
    )


def _table(shown: ShownCurve) -> pd.DataFrame:
    """A row for each mark; folded, each point is there in every cycle."""
    rows = [_row(point, x, shown.choice.quantity) for point in shown.points for x in _places(point, shown)]
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    return table.astype({"doubtful": bool, "limit": bool})


def _row(point: ShownPoint, x: float | str, quantity: Quantity) -> tuple[Any, ...]:
    error = point.error or 0.0
    return (
        x,
        point.band,
        point.value,
        point.value - error,
        point.value + error,
        point.is_doubtful,
        point.is_limit,
        f"{point.mjd:.5f}",
        f"{time_of_mjd(point.mjd):%Y-%m-%d %H:%M:%S}",
        _measured_text(point, quantity),
        *("–" if score is None else f"{score:.3f}" for score in (point.rb, point.drb)),
        "–" if point.candid is None else str(point.candid),  # as text: it has more digits than a number of JavaScript
    )


def _places(point: ShownPoint, shown: ShownCurve) -> list[float | str]:
    if point.phase is not None:
        return [point.phase + cycle for cycle in range(_CYCLES)]
    return [_place(point.mjd, shown.choice.time_axis)]


def _place(mjd: float, axis: TimeAxis) -> float | str:
    if axis is TimeAxis.DATE:
        return time_text_of(mjd, axis)
    return mjd if axis is TimeAxis.MJD else mjd + JD_OF_MJD_0


def _time(shown: ShownCurve) -> alt.X:
    """The axis of time, or of phase over two cycles."""
    choice = shown.choice
    if choice.period_d:
        title = f"phase, period {choice.period_d:.7g} days from MJD {shown.epoch_mjd:.5f}"
        return alt.X("x:Q", axis=alt.Axis(title=title), scale=alt.Scale(domain=[0, _CYCLES], nice=False))
    if choice.time_axis is TimeAxis.DATE:
        span_d = shown.points[-1].mjd - shown.points[0].mjd if shown.points else 0.0
        labels = alt.Axis(
            title="date (UTC)",
            format="%Y-%m-%d" if span_d > _HOURS_BELOW_D else "%m-%d %H:%M",
            labelOverlap=True,
            tickCount=6,
        )
        return alt.X("x:T", axis=labels, scale=alt.Scale(type="utc", nice=False, padding=12))
    days = alt.Axis(title=f"{choice.time_axis.value} (days, UTC)", labelExpr="replace(datum.label, /,/g, '')")
    return alt.X("x:Q", axis=days, scale=alt.Scale(zero=False, nice=False, padding=12))


def _value_title(quantity: Quantity) -> str:
    return f"{quantity.value} ({quantity.unit})"


def _tooltips(quantity: Quantity) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("mjd:N", title="MJD"),
        alt.Tooltip("date:N", title="date (UTC)"),
        alt.Tooltip("band:N"),
        alt.Tooltip("measured:N", title=quantity.value),
        alt.Tooltip("rb:N"),
        alt.Tooltip("drb:N"),
        alt.Tooltip("candid:N"),
    ]


def _rules(shown: ShownCurve, time: alt.X, scale: alt.Scale, cursor_mjd: float | None) -> list[alt.Chart]:
    """Where the flux is the reference's, and the cursor."""
    rules = []
    if shown.choice.quantity is Quantity.FLUX and shown.points:
        level = alt.Chart(pd.DataFrame({"value": [0.0]})).mark_rule(color=_CURSOR, opacity=0.5)
        rules.append(level.encode(y=alt.Y("value:Q", scale=scale)))
    if cursor_mjd is not None and shown.points:
        period_d = shown.choice.period_d
        at: list[float | str] = [_place(cursor_mjd, shown.choice.time_axis)]
        if period_d:
            phase = phase_of(cursor_mjd, period_d, shown.epoch_mjd)
            at = [phase + cycle for cycle in range(_CYCLES)]
        cursor = alt.Chart(pd.DataFrame({"x": at})).mark_rule(color=_CURSOR, strokeDash=[5, 4], strokeWidth=1.5)
        rules.append(cursor.encode(x=time))
    return rules


def _measured_text(point: ShownPoint, quantity: Quantity) -> str:
    digits = 2 if quantity is Quantity.FLUX else 3
    if point.error is None:
        sign = "<" if quantity is Quantity.FLUX else ">"
        return f"{sign} {point.value:,.{digits}f} {quantity.unit}"
    return f"{point.value:,.{digits}f} ± {point.error:,.{digits}f} {quantity.unit}"
