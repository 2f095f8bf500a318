"""Choosing classes, with the alerts that each has in the chosen nights."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from backend.alert_classes import FINK, SIMBAD, TNS, UNKNOWN, fixed_labels
from views.components.draft import CLASSES

_ORDER = (FINK, UNKNOWN, SIMBAD, TNS)


def class_picker(counts: Mapping[str, int]) -> tuple[str, ...]:
    """The chosen labels; none means all.

    Parameters
    ----------
    counts
        Label -> alerts of the chosen nights; empty when nobody has counted.
    """
    chosen = st.session_state[CLASSES]
    labels = sorted({*fixed_labels(), *counts, *chosen}, key=lambda label: _rank(label, counts))
    return tuple(
        st.multiselect(
            "Classes",
            labels,
            key=CLASSES,
            format_func=lambda label: f"{label} · {counts[label]:,}" if label in counts else label,
            placeholder="All classes",
            select_all=False,
            help="An alert is selected when its class or its TNS type is among these. The number counts the alerts of "
            "the chosen nights.",
        )
    )


def _rank(label: str, counts: Mapping[str, int]) -> tuple[int, int, str]:
    group = next((place for place, prefix in enumerate(_ORDER) if label.startswith(prefix)), len(_ORDER))
    return group, -counts.get(label, 0), label
