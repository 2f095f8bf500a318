"""How the charts of Browse are drawn; each takes what `backend.alert_charts` counted."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from backend.alert_charts import OTHERS
from backend.light_curve import BANDS as LETTERS
from backend.sky_map import MapBox, galactic_plane, map_place
from views.components.light_curve_chart import BANDS, COLOURS

BRUSH = "brush"
HEIGHT_PX, _HIGH_PX = 280, 400
_GRID = "#8a8a8a"
_SCHEME = "blues"


def night_bars(counted: pd.DataFrame) -> alt.Chart:
    """Alerts a night, stacked by class."""
    frame = counted.assign(night=pd.to_datetime(counted["night"]), until=pd.to_datetime(counted["until"]))
    sums = frame.groupby("class")["alerts"].sum().sort_values(ascending=False)
    classes = [*(name for name in sums.index if name != OTHERS), *([OTHERS] if OTHERS in sums.index else [])]
    frame = frame.assign(rank=frame["class"].map(classes.index)).sort_values(["night", "rank"])
    frame["top"] = frame.groupby("night")["alerts"].cumsum()
    frame["foot"] = frame["top"] - frame["alerts"]
    totals = f"{counted['alerts'].sum():,} alerts from {counted['night'].min()} to {counted['until'].max()}"
    brush = alt.selection_interval(name=BRUSH, encodings=["x"])
    chart: alt.Chart = (
        alt.Chart(frame, description=f"Bars: alerts per night by class; {totals}.")
        .mark_rect()
        .encode(
            x=alt.X("night:T", title="night (UTC)", scale=alt.Scale(type="utc"), axis=alt.Axis(tickCount=5)),
            x2="until:T",
            y=alt.Y("top:Q", title="alerts", axis=alt.Axis(tickCount=4, format="~s")),
            y2="foot:Q",
            color=alt.Color("class:N", title=None, sort=classes, legend=_legend(columns=2, labelLimit=78)),
            tooltip=[
                alt.Tooltip("utcyearmonthdate(night):T", title="night"),
                alt.Tooltip("class:N"),
                alt.Tooltip("alerts:Q", format=","),
            ],
        )
        .add_params(brush)
        .properties(height=HEIGHT_PX)
    )
    return chart


def magnitude_bars(counted: pd.DataFrame) -> alt.Chart:
    """Alerts a magnitude and band, bright at the left as in the filter above."""
    frame = counted.assign(band=counted["fid"].map(lambda number: LETTERS.get(number, str(number))))
    brush = alt.selection_interval(name=BRUSH, encodings=["x"])
    bands = alt.Scale(domain=list(BANDS), range=list(COLOURS))
    ends = f"from {counted['bright'].min():.1f} to {counted['faint'].max():.1f} mag"
    chart: alt.Chart = (
        alt.Chart(frame, description=f"Bars: alerts by difference magnitude and band, {ends}.")
        .mark_rect(opacity=0.55)
        .encode(
            x=alt.X(
                "bright:Q",
                title="magnitude (mag)",
                scale=alt.Scale(zero=False, nice=False),
                axis=alt.Axis(tickCount=6),
            ),
            x2="faint:Q",
            y=alt.Y("alerts:Q", title="alerts", axis=alt.Axis(tickCount=4, format="~s")),
            y2=alt.datum(0),
            color=alt.Color("band:N", title=None, scale=bands, legend=_legend()),
            tooltip=[
                alt.Tooltip("band:N"),
                alt.Tooltip("bright:Q", title="from (mag)", format=".2f"),
                alt.Tooltip("faint:Q", title="to (mag)", format=".2f"),
                alt.Tooltip("alerts:Q", format=","),
            ],
        )
        .add_params(brush)
        .properties(height=HEIGHT_PX)
    )
    return chart


def sky_map(counted: pd.DataFrame, box: MapBox, *, is_dark: bool = False) -> alt.LayerChart:
    """Alerts a cell of the sky, right ascension to the left, with the plane of the Galaxy.

    Parameters
    ----------
    is_dark
        Whether the page is: what is many stands out from the ground.
    """
    scales = {
        "x": alt.Scale(domain=[box.x_min, box.x_max], nice=False, zero=False),
        "y": alt.Scale(domain=[box.y_min, box.y_max], nice=False, zero=False),
    }
    x, y = (alt.X("x:Q", axis=None, scale=scales["x"]), alt.Y("y:Q", axis=None, scale=scales["y"]))
    brush = alt.selection_interval(name=BRUSH)
    counts = (
        alt.Chart(counted)
        .mark_rect(clip=True)
        .encode(
            x=x,
            x2="x2:Q",
            y=y,
            y2="y2:Q",
            color=_counts("alerts", is_dark),
            tooltip=[
                alt.Tooltip("ra:Q", title="RA (deg)", format=".1f"),
                alt.Tooltip("dec:Q", title="Dec (deg)", format="+.1f"),
                alt.Tooltip("alerts:Q", format=","),
            ],
        )
        .add_params(brush)
    )
    lines = alt.Chart(_sky_lines()).encode(x=x, y=y, detail="line:N", order="place:Q")
    thin = {"clip": True, "color": _GRID}
    grid = lines.transform_filter("datum.kind == 'grid'").mark_line(strokeWidth=0.5, opacity=0.6, **thin)
    plane = lines.transform_filter("datum.kind == 'plane'").mark_line(strokeWidth=1.2, strokeDash=[5, 3], **thin)
    marks = alt.Chart(_sky_marks()).mark_text(clip=True, color=_GRID, fontSize=10).encode(x=x, y=y, text="text:N")
    description = (
        f"Map of the sky in Aitoff's projection, right ascension to the left, 12 h in the middle: "
        f"{counted['alerts'].sum():,} alerts; the dashed line is the plane of the Galaxy."
    )
    return alt.layer(counts, grid, plane, marks).properties(height=HEIGHT_PX, description=description)


def cells(
    counted: pd.DataFrame,
    across: str,
    upwards: str,
    noun: str,
    reversed_axes: str = "",
    *,
    selectable: bool = False,
    is_dark: bool = False,
) -> alt.Chart:
    """Cells of two numbers, of stronger colour where there are more.

    Parameters
    ----------
    across, upwards
        Titles of the axes.
    reversed_axes
        ``x``, ``y`` or both: magnitudes, which grow to the left and downwards.
    selectable
        Whether a part can be chosen.
    is_dark
        As for `sky_map`.
    """
    frame = counted.rename(columns={"alerts": noun})
    scales = {axis: alt.Scale(zero=False, nice=False, reverse=axis in reversed_axes) for axis in "xy"}
    chart: alt.Chart = (
        alt.Chart(frame, description=f"Cells: {noun} by {across} and {upwards}.")
        .mark_rect()
        .encode(
            x=alt.X("x:Q", title=across, scale=scales["x"]),
            x2="x2:Q",
            y=alt.Y("y:Q", title=upwards, scale=scales["y"]),
            y2="y2:Q",
            color=_counts(noun, is_dark),
            tooltip=[
                alt.Tooltip("x:Q", title=across, format=".4~g"),
                alt.Tooltip("y:Q", title=upwards, format=".4~g"),
                alt.Tooltip(f"{noun}:Q", format=","),
            ],
        )
        .properties(height=_HIGH_PX)
    )
    return chart.add_params(alt.selection_interval(name=BRUSH)) if selectable else chart


def _legend(**more: Any) -> alt.Legend:
    return alt.Legend(orient="bottom", offset=4, symbolOpacity=1, **more)


def _counts(noun: str, is_dark: bool) -> alt.Color:
    legend = _legend(gradientLength=120, gradientThickness=8, format="~s", tickCount=3, titleOrient="left")
    return alt.Color(f"{noun}:Q", scale=alt.Scale(type="log", scheme=_SCHEME, reverse=is_dark), legend=legend)


def _sky_lines() -> pd.DataFrame:
    """The border, meridians each four hours, parallels each 30 degrees, and the plane of the Galaxy."""
    dec = np.linspace(-90, 90, 61)
    ra = np.linspace(0, 360, 121)
    lines = [("grid", np.full_like(dec, meridian), dec) for meridian in range(0, 361, 60)]
    lines += [("grid", ra, np.full_like(ra, parallel)) for parallel in (-60, -30, 0, 30, 60)]
    lines.append(("plane", *galactic_plane()))
    frames = []
    for number, (kind, ra_deg, dec_deg) in enumerate(lines):
        x, y = map_place(ra_deg, dec_deg)
        frames.append(pd.DataFrame({"kind": kind, "line": number, "place": range(len(x)), "x": x, "y": y}))
    return pd.concat(frames, ignore_index=True)


def _sky_marks() -> pd.DataFrame:
    hours = (4, 8, 12, 16, 20)
    x, y = map_place([15 * hour for hour in hours], [0.0] * len(hours))
    return pd.DataFrame({"x": x, "y": y - 0.07, "text": [f"{hour}h" for hour in hours]})
