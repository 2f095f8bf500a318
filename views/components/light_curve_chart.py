"""The chart of a light curve: bands told apart by shape and colour, brighter upwards."""

from __future__ import annotations

import altair as alt
import pandas as pd

from backend.light_curve import LightCurve
from views.components.wording import counted

BANDS = ("g", "r", "i")
COLOURS = ("#2e9b60", "#d9483b", "#9068c4")
SHAPES = ("circle", "square", "diamond")
HEIGHT_PX = 350


def light_curve_chart(curve: LightCurve, title: str = "") -> alt.LayerChart | alt.FacetChart:
    """Magnitude against time, with errors, and upper limits as hollow triangles that point down."""
    legend = alt.Legend(orient="top", symbolOpacity=1, symbolSize=70)
    bands = alt.Color("band:N", title=None, scale=alt.Scale(domain=BANDS, range=COLOURS), legend=legend)
    days = alt.Axis(title="MJD (days, UTC)", labelExpr="replace(datum.label, /,/g, '')")
    time = alt.X("mjd:Q", axis=days, scale=alt.Scale(zero=False, nice=False, padding=12))
    magnitude = alt.Scale(zero=False, reverse=True, padding=12)

    detections = pd.DataFrame(
        [(d.mjd, d.band, d.magnitude_mag, d.magnitude_mag - d.error_mag, d.magnitude_mag + d.error_mag, d.error_mag)
         for d in curve.detections],
        columns=["mjd", "band", "magnitude", "bright", "faint", "error"],
    )  # fmt: skip
    points = alt.Chart(detections).encode(x=time, color=bands)
    measured = points.mark_point(filled=True, size=55, opacity=0.9).encode(
        y=alt.Y("magnitude:Q", title="difference magnitude (mag)", scale=magnitude),
        shape=alt.Shape("band:N", title=None, scale=alt.Scale(domain=BANDS, range=SHAPES), legend=legend),
        tooltip=[
            alt.Tooltip("mjd:Q", title="MJD", format=".5f"),
            alt.Tooltip("band:N"),
            alt.Tooltip("magnitude:Q", title="magnitude (mag)", format=".3f"),
            alt.Tooltip("error:Q", title="error (mag)", format=".3f"),
        ],
    )
    errors = points.mark_rule(opacity=0.6).encode(y=alt.Y("bright:Q", scale=magnitude), y2="faint:Q")

    limits = pd.DataFrame(curve.upper_limits, columns=["mjd", "band", "limit"])
    upper_limits = (
        alt.Chart(limits)
        .mark_point(shape="triangle-down", filled=False, size=40, opacity=0.55)
        .encode(
            x=time,
            y=alt.Y("limit:Q", scale=magnitude),
            color=bands,
            tooltip=[
                alt.Tooltip("mjd:Q", title="MJD", format=".5f"),
                alt.Tooltip("band:N"),
                alt.Tooltip("limit:Q", title="fainter than (mag)", format=".2f"),
            ],
        )
    )
    return alt.layer(upper_limits, errors, measured).properties(title=title, width="container", height=HEIGHT_PX)


def light_curve_facts(curve: LightCurve) -> str:
    """What the chart shows, in words."""
    facts = [counted(len(curve.detections), "detection")]
    if curve.upper_limits:
        facts.append(f"{counted(len(curve.upper_limits), 'upper limit')} (5 sigma, hollow triangles)")
    return " · ".join(facts)
