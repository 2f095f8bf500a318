"""Choosing classes, with the alerts that each has in the chosen nights."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from backend.alert_classes import FINK, SIMBAD, TNS, UNKNOWN, class_choices, label_of, other_spellings
from views.components.counted_choice import chosen_again, with_count
from views.components.draft import CLASSES

_ORDER = (FINK, UNKNOWN, SIMBAD, TNS)


def class_picker(counts: Mapping[str, int], *, has_tns: bool = True) -> tuple[str, ...]:
    """The chosen labels; none means all.

    Parameters
    ----------
    counts
        Label -> alerts of the chosen nights; empty when nobody has counted.
    has_tns
        Whether alerts have TNS types; the page says why they are not there to choose.
    """
    known = {*class_choices((), ()), *counts}
    told = chosen_again(st.session_state[CLASSES], {class_text(label, {}): label for label in known})
    chosen = st.session_state[CLASSES] = list(dict.fromkeys(_today(label) for label in told))
    labels = sorted({*known, *chosen}, key=lambda label: _rank(label, counts))
    picked = st.multiselect(
        "Classes",
        labels,
        key=CLASSES,
        format_func=lambda label: class_text(label, counts),
        placeholder="All classes; type a part of a name, such as SN",
        select_all=False,
        wrap=True,
        help="An alert is selected when its class or its TNS type is among these. The number counts the alerts of "
        "the chosen nights.",
    )
    if counts and not has_tns:
        st.caption("No TNS types: there is no TNS catalogue to match with (setting TNS_CATALOGUE_URI).")
    return tuple(picked)


def class_text(label: str, counts: Mapping[str, int]) -> str:
    """A choice as it reads, with SIMBAD's other spellings, by which it is found too."""
    spelled = ", ".join((label, *other_spellings(label)))
    return with_count(spelled, counts.get(label))


def _today(label: str) -> str:
    """A SIMBAD type in an older spelling, from a request file, is the same choice."""
    return label_of(label.removeprefix(SIMBAD)) if label.startswith(SIMBAD) else label


def _rank(label: str, counts: Mapping[str, int]) -> tuple[int, int, str]:
    group = next((place for place, prefix in enumerate(_ORDER) if label.startswith(prefix)), len(_ORDER))
    return group, -counts.get(label, 0), label
