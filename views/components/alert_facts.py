"""What is known of an alert: position, scores, cross-matches, and every other value."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import pandas as pd
import streamlit as st

from backend.alert_schema import Field, Survey
from backend.alert_scores import alert_scores
from backend.cross_matches import cross_matches
from backend.sky_position import SkyPosition
from views.components.fact_table import Fact, fact_table
from views.components.style import SIDE_BY_SIDE

_VISIBLE_ROWS, _ROW_PX = 9, 33


def alert_facts(values: Mapping[str, Any], survey: Survey, position: SkyPosition | None) -> None:
    """Where it is, what classifiers and catalogues say, and then all.

    Parameters
    ----------
    values
        As `backend.alert_values.alert_values` gives them.
    """
    if position:
        _position(position)
    with st.container(key=f"{SIDE_BY_SIDE}_facts"):
        left, right = st.columns(2, gap="large")
    with left:
        _scores(values, survey)
    with right:
        _matches(values)
    st.subheader("All values of this alert", anchor=False)
    _table(values, survey)


def _position(position: SkyPosition) -> None:
    st.subheader("Position", anchor=False)
    notations = {
        "ra, dec (ICRS, degrees)": position.degrees,
        "ra, dec (ICRS, h and deg)": position.sexagesimal,
        "l, b (galactic, degrees)": position.galactic,
    }
    for place, (label, text) in zip(st.columns(len(notations), gap="small"), notations.items(), strict=True):
        with place:
            st.caption(label)
            st.code(text, language=None)
    st.caption(f"In {position.constellation} · {position.from_galactic_plane_deg:.1f}° from the galactic plane")


def _scores(values: Mapping[str, Any], survey: Survey) -> None:
    st.subheader("Scores", anchor=False)
    scores = alert_scores(values, survey)
    for has_scale, of_kind in groupby(scores, key=lambda score: score.share is not None):
        facts = [Fact(score.name, f"{score.value:.3f}", score.meaning, score.share) for score in of_kind]
        fact_table("From 0 to 1" if has_scale else "Anomaly", facts)
    if not scores:
        st.caption("This alert has no scores.")


def _matches(values: Mapping[str, Any]) -> None:
    st.subheader("Cross-matches", anchor=False)
    matches = cross_matches(values)
    for group, of_group in groupby(matches, key=lambda match: match.group):
        fact_table(group, [Fact(match.catalogue, match.text) for match in of_group])
    if not matches:
        st.caption("No catalogue knows anything here, as far as this content tells.")


def _table(values: Mapping[str, Any], survey: Survey) -> None:
    fields = [_field(path, survey) for path in values]
    frame = pd.DataFrame(
        {
            "name": list(values),
            "value": [_text(value) for value in values.values()],
            "unit": [field.unit if field else "" for field in fields],
            "meaning": [field.description if field else "" for field in fields],
        }
    )
    config = {
        "name": st.column_config.TextColumn(width="medium"),
        "value": st.column_config.TextColumn(width=190),
        "unit": st.column_config.TextColumn(width="small"),
        "meaning": st.column_config.TextColumn(width="large"),
    }
    height = _ROW_PX * (min(len(frame), _VISIBLE_ROWS) + 1) + 2
    st.dataframe(frame, hide_index=True, placeholder="", column_config=config, height=height)


def _field(path: str, survey: Survey) -> Field | None:
    return survey.fields.get(path) or survey.fields.get(f"{survey.detection}.{path}")


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.5f}" if abs(value) >= 1e6 else f"{value:.7g}"
    return str(value)
