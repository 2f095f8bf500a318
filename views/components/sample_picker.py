"""Choosing how many of the matching alerts are sent, for training sets."""

from __future__ import annotations

import streamlit as st

from backend.sample import Sample
from views.components.draft import ALL, FRACTION, MAX_ALERTS, PER_CLASS, SAMPLE
from views.components.entry import Entry
from views.components.problems import show_refusal

_LABELS = {ALL: "All that match", "fraction": "A fraction", "max_alerts": "At most", "per_class": "Per class"}


def sample_picker() -> Entry[Sample]:
    """None for all that match."""
    form = st.pills(
        "How many",
        list(_LABELS),
        key=SAMPLE,
        format_func=_LABELS.get,
        required=True,
        wrap=True,
        help="Of the alerts that match. The same request gives the same ones: they are chosen by a hash of candid.",
    )
    if form == "fraction":
        fraction = st.number_input(
            "Fraction of the alerts that match", 0.0, 1.0, key=FRACTION, value=None, step=0.05, format="%g", width=260
        )
        is_part = fraction is not None and 0 < fraction < 1
        return Entry(Sample(fraction=fraction)) if is_part else _refused("The fraction must lie between 0 and 1.")
    if form == "max_alerts":
        number = st.number_input("Alerts at most", 1, key=MAX_ALERTS, value=None, step=100, width=260)
        return Entry(Sample(max_alerts=number)) if number else _refused("Enter how many alerts at most.")
    if form == "per_class":
        number = st.number_input("Alerts of each class at most", 1, key=PER_CLASS, value=None, step=100, width=260)
        return Entry(Sample(per_class=number)) if number else _refused("Enter how many alerts of each class.")
    return Entry(None)


def _refused(problem: str) -> Entry[Sample]:
    show_refusal(problem)
    return Entry(None, problem)
