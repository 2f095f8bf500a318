"""Charts of what matches: per night, by magnitude, on the sky, in colour, and any two numbers; selecting narrows."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from backend.alert_charts import AlertCharts
from backend.alert_export import SURVEY
from backend.alert_filter import AlertFilter, ValueRange
from backend.alert_queries import AlertQueries
from backend.alert_schema import survey
from backend.alert_store import AlertStore
from backend.sky_map import WHOLE_SKY, MapBox
from views.components.alert_filter import narrow_to
from views.components.chart_drawings import BRUSH, cells, magnitude_bars, night_bars, sky_map

_OPEN, _KIND, _ACROSS, _UPWARDS = "charts_open", "charts_kind", "charts_across", "charts_upwards"
_DRAWN, _DRAWN_AT = "charts_drawn", "charts_drawn_at"
_REDRAWN_AFTER_S = 5.0
"""While alerts arrive, charts are not drawn anew with each of them."""
_OVERVIEW, _COLOURS, _NUMBERS = "Overview", "Colour", "Two numbers"
_PAIR = ("magpsf", "sigmapsf")


def alert_charts(store: AlertStore, queries: AlertQueries, chosen: AlertFilter, *, is_reading: bool) -> None:
    """The charts, counted anew only where what they show has changed."""
    with st.expander("Charts", icon=":material/bar_chart:", expanded=True, key=_OPEN, on_change="rerun") as box:
        if not box.open:
            return
        kinds = [_OVERVIEW, *([_COLOURS] if queries.has("fid") and queries.has("magpsf") else []), _NUMBERS]
        kind = st.segmented_control(
            "Charts", kinds, default=_OVERVIEW, key=_KIND, label_visibility="collapsed", required=True
        )
        counts, where = AlertCharts(store), (str(store.path), chosen)
        moment = (store.counts.distinct, is_reading)
        if kind == _OVERVIEW:
            _overview(counts, where, moment)
        elif kind == _COLOURS:
            frame = _counted(("colours", *where), moment, lambda: counts.colours(chosen))
            _shown(frame, lambda found: cells(found, "g − r, difference magnitudes (mag)", "r (mag)", "objects", "y"))
            st.caption("Each object with alerts in g and r: the mean of each band's difference magnitudes.")
        else:
            _two_numbers(counts, queries, where, moment)


def _overview(counts: AlertCharts, where: tuple[str, AlertFilter], moment: tuple[int, bool]) -> None:
    chosen = where[1]
    left, middle, right = st.columns([4, 3, 4], gap="medium")
    with left:
        frame = _counted(("nights", *where), moment, lambda: counts.nights(chosen))
        _shown(frame, night_bars, f"nights_{hash(chosen)}", _nights_selected)
    with middle:
        frame = _counted(("magnitudes", *where), moment, lambda: counts.magnitudes(chosen))
        _shown(frame, magnitude_bars, f"magnitudes_{hash(chosen)}", _magnitudes_selected)
    with right:
        frame = _counted(("sky", *where), moment, lambda: counts.sky(chosen))
        box = chosen.map_box or WHOLE_SKY
        _shown(frame, lambda found: sky_map(found, box), f"sky_{hash(chosen)}", _sky_selected)
    st.caption("Draw over bars, or over a part of the sky, to see only those alerts.")


def _two_numbers(
    counts: AlertCharts, queries: AlertQueries, where: tuple[str, AlertFilter], moment: tuple[int, bool]
) -> None:
    numeric = queries.numeric
    if not numeric:
        st.caption("These alerts have no numbers to compare.")
        return
    left, right = st.columns(2)
    preset = [numeric.index(name) if name in numeric else 0 for name in _PAIR]
    across = left.selectbox("Across", numeric, index=preset[0], key=_ACROSS)
    upwards = right.selectbox("Upwards", numeric, index=preset[1], key=_UPWARDS)
    frame = _counted(("plane", across, upwards, *where), moment, lambda: counts.plane(across, upwards, where[1]))
    titles = [_with_unit(name) for name in (across, upwards)]
    key = f"plane_{across}_{upwards}_{hash(where[1])}"
    reversed_axes = "".join(axis for axis, name in (("x", across), ("y", upwards)) if name == "magpsf")
    _shown(
        frame,
        lambda found: cells(found, titles[0], titles[1], "alerts", reversed_axes, selectable=True),
        key,
        lambda brush: _numbers_selected(brush, across, upwards),
    )


def _shown(
    frame: pd.DataFrame | None,
    drawn: Callable[[pd.DataFrame], Any],
    key: str | None = None,
    selected: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    if frame is None or not len(frame):
        st.caption("Nothing to draw: no alert matches, or none has these values.")
        return
    if key is None or selected is None:
        st.altair_chart(drawn(frame), width="stretch")
        return

    def on_select() -> None:
        if brush := st.session_state[key].selection.get(BRUSH):
            selected(brush)

    st.altair_chart(drawn(frame), width="stretch", key=key, on_select=on_select, selection_mode=BRUSH)


def _counted(
    what: tuple[Any, ...], moment: tuple[int, bool], count: Callable[[], pd.DataFrame | None]
) -> pd.DataFrame | None:
    """The frame that is shown already, while it is still true, or new enough while alerts arrive."""
    drawn: dict[str, tuple[Any, int, float, pd.DataFrame | None]] = st.session_state.setdefault(_DRAWN, {})
    distinct, is_reading = moment
    known = drawn.get(what[0])
    if known and known[0] == what:
        is_fresh = time.monotonic() - known[2] < _REDRAWN_AFTER_S
        if known[1] == distinct or (is_reading and is_fresh):
            return known[3]
    frame = count()
    drawn[what[0]] = (what, distinct, time.monotonic(), frame)
    return frame


def _with_unit(name: str) -> str:
    fields = survey(SURVEY).fields
    field = fields.get(name) or next((each for path, each in fields.items() if path.endswith(f".{name}")), None)
    return f"{name} ({field.unit})" if field and field.unit else name


def _nights_selected(brush: dict[str, Any]) -> None:
    first, last = (datetime.fromtimestamp(each / 1000, UTC).date() for each in sorted(brush["night"]))
    narrow_to(nights=(first, max(first, last)))


def _magnitudes_selected(brush: dict[str, Any]) -> None:
    bright, faint = sorted(brush["bright"])
    narrow_to(magnitudes=(round(bright, 1), round(faint, 1)))


def _sky_selected(brush: dict[str, Any]) -> None:
    (west, east), (south, north) = sorted(brush["x"]), sorted(brush["y"])
    narrow_to(map_box=MapBox(*(round(each, 4) for each in (west, east, south, north))))


def _numbers_selected(brush: dict[str, Any], across: str, upwards: str) -> None:
    ranges = [ValueRange(name, *sorted(brush[axis])) for name, axis in ((across, "x"), (upwards, "y"))]
    narrow_to(ranges=tuple(dict.fromkeys(ranges)))
