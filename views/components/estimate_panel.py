"""What the request would bring, beside it and always in sight."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from backend.alert_classes import UNKNOWN
from backend.models import Estimate
from views.components.wording import counted, plain, size_text

_CHART_HEIGHT_PX = 300
_LABELLED_NIGHTS = 7
_SHOWN_CLASSES = 5
_OTHERS = "others"


def estimate_panel(estimate: Estimate) -> None:
    """Alerts, their share of the nights, the volume, and alerts per night stacked by class."""
    bound = "" if estimate.is_exact else "≤ "
    st.metric("Alerts", f"{bound}{counted(estimate.alerts, 'alert')}", label_visibility="collapsed")
    st.caption(_facts(estimate))
    if not estimate.is_exact:
        st.caption("Conditions and hand-picked fields are not counted yet: the numbers are upper bounds.")
    if estimate.nights_unknown:
        st.caption(f"{counted(len(estimate.nights_unknown), 'night')} not counted yet.")
    if estimate.counts:
        st.altair_chart(_night_chart(estimate), width="stretch")
    if not estimate.alerts and not estimate.nights_unknown:
        st.caption(_why_nothing(estimate))


def _facts(estimate: Estimate) -> str:
    bound = "" if estimate.is_exact else "up to "
    return " · ".join(part for part in (_share(estimate), f"{bound}{size_text(estimate.size_bytes)}") if part)


def _share(estimate: Estimate) -> str:
    if not estimate.alerts_of_nights:
        return ""
    if estimate.alerts == estimate.alerts_of_nights:
        return "all of these nights"
    return f"{100 * estimate.alerts / estimate.alerts_of_nights:.3g} % of these nights"


def _why_nothing(estimate: Estimate) -> str:
    if not estimate.alerts_of_nights:
        return "These nights have no data."
    return "No alert of these nights has one of the chosen classes."


def _night_chart(estimate: Estimate) -> alt.Chart:
    counts = pd.DataFrame(
        [(each.night.isoformat(), _class_of(each.finkclass, each.tnsclass), each.alerts) for each in estimate.counts],
        columns=["night", "class", "alerts"],
    )
    frequent = list(counts.groupby("class")["alerts"].sum().nlargest(_SHOWN_CLASSES).index)
    counts["class"] = counts["class"].where(counts["class"].isin(frequent), _OTHERS)
    counts = counts.groupby(["night", "class"])["alerts"].sum().reset_index()
    counts["rank"] = counts["class"].map([*frequent, _OTHERS].index)
    is_short = counts["night"].nunique() <= _LABELLED_NIGHTS
    nights = alt.Axis(labelExpr="slice(datum.label, 5)", labelAngle=0, labels=is_short, ticks=is_short)
    classes = alt.Legend(orient="bottom", columns=1, labelLimit=120, offset=4)
    chart: alt.Chart = (
        alt.Chart(counts)
        .mark_bar()
        .encode(
            x=alt.X("night:O", title=None, axis=nights),
            y=alt.Y("alerts:Q", title=None, axis=alt.Axis(tickCount=3, format="~s")),
            color=alt.Color("class:N", title=None, sort=[*frequent, _OTHERS], legend=classes),
            order="rank:Q",
            tooltip=["night", "class", alt.Tooltip("alerts:Q", format=",")],
        )
        .properties(height=_CHART_HEIGHT_PX)
    )
    return chart


def _class_of(finkclass: str, tnsclass: str) -> str:
    return tnsclass if finkclass == UNKNOWN and tnsclass != UNKNOWN else finkclass


def no_estimate(reason: str) -> None:
    """Why there is nothing to show."""
    st.metric("Alerts", "–", label_visibility="collapsed")
    st.caption(plain(reason))
