"""Estimated alerts per night, stacked by class."""

from __future__ import annotations

import altair as alt
import pandas as pd

from backend.alert_classes import UNKNOWN, label_of
from backend.class_counts import ClassCount

_HEIGHT_PX = 280
_LABELLED_NIGHTS = 7
_SHOWN_CLASSES = 5
_OTHERS = "others"


def night_chart(counts: tuple[ClassCount, ...]) -> alt.Chart:
    """A bar for each night; the most frequent classes have a colour of their own."""
    table = pd.DataFrame(
        [(each.night.isoformat(), _class_of(each.finkclass, each.tnsclass), each.alerts) for each in counts],
        columns=["night", "class", "alerts"],
    )
    sums = table[table["class"] != _OTHERS].groupby("class")["alerts"].sum()
    frequent = list(sums.nlargest(_SHOWN_CLASSES).index)
    table["class"] = table["class"].where(table["class"].isin(frequent), _OTHERS)
    table = table.groupby(["night", "class"])["alerts"].sum().reset_index()
    table["rank"] = table["class"].map([*frequent, _OTHERS].index)
    is_short = table["night"].nunique() <= _LABELLED_NIGHTS
    nights = alt.Axis(labelExpr="slice(datum.label, 5)", labelAngle=0, labels=is_short, ticks=is_short)
    classes = alt.Legend(orient="bottom", columns=1, labelLimit=200, offset=4)
    chart: alt.Chart = (
        alt.Chart(table)
        .mark_bar()
        .encode(
            x=alt.X("night:O", title=None, axis=nights),
            y=alt.Y("alerts:Q", title=None, axis=alt.Axis(tickCount=3, format="~s")),
            color=alt.Color("class:N", title=None, sort=[*frequent, _OTHERS], legend=classes),
            order="rank:Q",
            tooltip=["night", "class", alt.Tooltip("alerts:Q", format=",")],
        )
        .properties(height=_HEIGHT_PX)
    )
    return chart


def _class_of(finkclass: str, tnsclass: str) -> str:
    if finkclass == UNKNOWN and tnsclass != UNKNOWN:
        return tnsclass
    return finkclass if finkclass == _OTHERS else label_of(finkclass).partition(") ")[2] or finkclass
