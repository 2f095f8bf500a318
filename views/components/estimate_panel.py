"""What the request would bring, beside it and always in sight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from backend.models import Estimate
from views.components.night_chart import night_chart
from views.components.wording import counted, plain, size_text


def estimate_panel(estimate: Estimate, time: str = "") -> None:
    """Alerts and how sure that is, their share of the nights, volume and time; alerts per night; some of them."""
    st.metric("Alerts", _number(estimate), label_visibility="collapsed")
    st.caption(_facts(estimate, time))
    for sentence in estimate.not_counted:
        st.caption(plain(sentence))
    if estimate.nights_unknown:
        st.caption(f"{counted(len(estimate.nights_unknown), 'night')} not counted yet.")
    if not estimate.alerts and not estimate.nights_unknown:
        st.caption(_why_nothing(estimate))
    if estimate.counts:
        st.altair_chart(night_chart(estimate.counts), width="stretch")
    if estimate.examples:
        with st.expander(f"{counted(len(estimate.examples), 'alert')} that match"):
            _examples(estimate.examples)


def no_estimate(reason: str) -> None:
    """Why there is nothing to show."""
    st.metric("Alerts", "–", label_visibility="collapsed")
    st.caption(plain(reason))


def _number(estimate: Estimate) -> str:
    if estimate.at_most is not None:
        return f"≤ {counted(estimate.at_most, 'alert')}"
    return counted(estimate.alerts, "alert")


def _facts(estimate: Estimate, time: str) -> str:
    is_most = estimate.at_most is not None
    facts = [] if is_most else [_between(estimate), _share(estimate)]
    size_bytes = estimate.most_bytes if is_most else estimate.size_bytes
    facts.append(f"{'up to ' if is_most else ''}{size_text(size_bytes)}" if size_bytes else "")
    return " · ".join(fact for fact in (*facts, time) if fact)


def _between(estimate: Estimate) -> str:
    bounds = estimate.bounds
    if bounds is None or bounds.lowest == bounds.highest:
        return ""
    return f"between {bounds.lowest:,} and {bounds.highest:,}"


def _share(estimate: Estimate) -> str:
    if not estimate.alerts_of_nights or not estimate.alerts:
        return ""
    if estimate.alerts == estimate.alerts_of_nights:
        return "all of these nights"
    return f"{100 * estimate.alerts / estimate.alerts_of_nights:.3g} % of these nights"


def _why_nothing(estimate: Estimate) -> str:
    if not estimate.alerts_of_nights:
        return "These nights have no data."
    if estimate.bounds is not None and estimate.bounds.highest:
        sample = counted(estimate.sample_rows, "alert")
        return f"None of the {sample} in the sample of these nights matches; there may be so many nevertheless."
    return "No alert of these nights has one of the chosen classes."


def _examples(rows: Sequence[Mapping[str, Any]]) -> None:
    table = pd.DataFrame([{name.rpartition(".")[2]: value for name, value in row.items()} for row in rows])
    # A browser's numbers have 53 bits, an alert's has more.
    whole = [name for name in table.columns if table[name].map(lambda value: isinstance(value, int)).any()]
    table[whole] = table[whole].astype(str)
    st.dataframe(table, hide_index=True)
    st.caption("From the sample of the archive, always the same ones.")
