"""What is known of an alert: position, scores, and every other value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from backend.alert_queries import SCORES
from backend.alert_schema import Survey
from backend.sky_position import SkyPosition

_FRAMES = {"ra, dec (deg)": "ICRS", "ra, dec (h, deg)": "ICRS, sexagesimal", "l, b (deg)": "Galactic"}
_SENTINELS = frozenset({"", "null", "nan", "None", "Unknown"})


def alert_facts(alert: Mapping[str, Any], survey: Survey, position: SkyPosition | None) -> None:
    """Two tables, one below the other, for the meanings need the width: where it is and how it is scored, the rest."""
    st.subheader("Position and scores", anchor=False)
    _table({**_position(position), **{name: _number(alert.get(name)) for name in SCORES if name in alert}}, survey)
    st.subheader("All values of this alert", anchor=False)
    rest = {name: _text(value) for name, value in alert.items() if name not in SCORES}
    _table({name: value for name, value in rest.items() if value}, survey)


def _position(position: SkyPosition | None) -> dict[str, str]:
    if position is None:
        return {}
    return {
        "ra, dec (deg)": position.degrees,
        "ra, dec (h, deg)": position.sexagesimal,
        "l, b (deg)": position.galactic,
    }


def _table(values: Mapping[str, str], survey: Survey) -> None:
    meanings = [_meaning(name, survey) for name in values]
    frame = pd.DataFrame({"name": list(values), "value": list(values.values()), "meaning": meanings})
    wide = {"value": st.column_config.TextColumn(width=190)}
    st.dataframe(frame, hide_index=True, column_config=wide, height=33 * (min(len(frame), 9) + 1) + 2)


def _meaning(name: str, survey: Survey) -> str:
    if name in _FRAMES:
        return _FRAMES[name]
    field = survey.fields.get(name) or survey.fields.get(f"{survey.detection}.{name}")
    return field.description if field else ""


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) and math.isfinite(value) else "–"


def _text(value: Any) -> str:
    """Empty for every spelling of "no value"."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)) or value == -999:
        return ""
    text = f"{value:.7g}" if isinstance(value, float) and abs(value) < 1e6 else str(value)
    return "" if text in _SENTINELS else text
