"""Charts of what matches: per night, by magnitude, on the sky, in colour, and any two numbers; selecting narrows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
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
_DRAWN = "charts_drawn"
_REDRAWN_AFTER_S = 5.0
"""While alerts arrive, charts are not drawn anew with each of them."""
_OVERVIEW, _COLOURS, _NUMBERS = "Overview", "Colour", "Two numbers"
_PAIR = ("magpsf", "sigmapsf")


def alert_charts(store: AlertStore, queries: AlertQueries, chosen: AlertFilter, *, is_reading: bool) -> None:
    """The charts, counted and drawn anew only where what they show has changed."""
    with st.expander("Charts", icon=":material/bar_chart:", expanded=True, key=_OPEN, on_change="rerun") as box:
        if not box.open:
            return
        kinds = [_OVERVIEW, *([_COLOURS] if queries.has("fid") and queries.has("magpsf") else []), _NUMBERS]
        kind = st.segmented_control(
            "Charts", kinds, default=_OVERVIEW, key=_KIND, label_visibility="collapsed", required=True
        )
        board = _Board(store, chosen, is_reading)
        if kind == _OVERVIEW:
            _overview(board)
        elif kind == _COLOURS:
            titles = ("g − r, difference magnitudes (mag)", "r (mag)")
            board.draw(
                "colours",
                board.counts.colours,
                lambda found: cells(found, *titles, "objects", "y", is_dark=board.is_dark),
            )
            st.caption("Each object with alerts in g and r: the mean of each band's difference magnitudes.")
        else:
            _two_numbers(board, queries.numeric)


class _Board:
    """Draws charts of what matches; those that are still true are kept with the session."""

    def __init__(self, store: AlertStore, chosen: AlertFilter, is_reading: bool) -> None:
        self.counts = AlertCharts(store)
        self.chosen = chosen
        self.is_dark = st.context.theme.type == "dark"
        self._store = store
        self._is_reading = is_reading

    def draw(
        self,
        name: str,
        count: Callable[[AlertFilter], pd.DataFrame | None],
        drawn: Callable[[pd.DataFrame], Any],
        selected: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        """A chart; selecting in it narrows, where ``selected`` says how."""
        chart = self._chart(name, count, drawn)
        if chart is None:
            st.caption("Nothing to draw: no alert matches, or none has these values.")
        elif selected is None:
            st.altair_chart(chart, width="stretch")
        else:
            key = f"{name}_{hash(self.chosen)}"

            def on_select() -> None:
                if brush := st.session_state[key].selection.get(BRUSH):
                    selected(brush)

            st.altair_chart(chart, width="stretch", key=key, on_select=on_select, selection_mode=BRUSH)

    def _chart(
        self, name: str, count: Callable[[AlertFilter], pd.DataFrame | None], drawn: Callable[[pd.DataFrame], Any]
    ) -> Any:
        kept: dict[str, tuple[Any, int, float, Any]] = st.session_state.setdefault(_DRAWN, {})
        what, distinct = (name, self._store.path, self.chosen, self.is_dark), self._store.counts.distinct
        place = name.partition(" ")[0]
        if (known := kept.get(place)) and known[0] == what:
            is_fresh = time.monotonic() - known[2] < _REDRAWN_AFTER_S
            if known[1] == distinct or (self._is_reading and is_fresh):
                return known[3]
        frame = count(self.chosen)
        chart = None if frame is None or not len(frame) else drawn(frame)
        kept[place] = (what, distinct, time.monotonic(), chart)
        return chart


def _overview(board: _Board) -> None:
    left, middle, right = st.columns([4, 3, 4], gap="medium")
    with left:
        board.draw("nights", board.counts.nights, night_bars, _nights_selected)
    with middle:
        board.draw("magnitudes", board.counts.magnitudes, magnitude_bars, _magnitudes_selected)
    with right:
        box = board.chosen.map_box or WHOLE_SKY
        board.draw("sky", board.counts.sky, lambda found: sky_map(found, box, is_dark=board.is_dark), _sky_selected)
    st.caption("Draw over bars, or over a part of the sky, to see only those alerts.")


def _two_numbers(board: _Board, numeric: Sequence[str]) -> None:
    if not numeric:
        st.caption("These alerts have no numbers to compare.")
        return
    left, right = st.columns(2)
    preset = [numeric.index(name) if name in numeric else 0 for name in _PAIR]
    across = left.selectbox("Across", numeric, index=preset[0], key=_ACROSS)
    upwards = right.selectbox("Upwards", numeric, index=preset[1], key=_UPWARDS)
    titles = [_with_unit(name) for name in (across, upwards)]
    turned = "".join(axis for axis, name in (("x", across), ("y", upwards)) if name == "magpsf")
    board.draw(
        f"plane {across} {upwards}",
        lambda chosen: board.counts.plane(across, upwards, chosen),
        lambda found: cells(found, *titles, "alerts", turned, selectable=True, is_dark=board.is_dark),
        lambda brush: _numbers_selected(brush, across, upwards),
    )


def _with_unit(name: str) -> str:
    fields = survey(SURVEY).fields
    field = fields.get(name) or next((each for path, each in fields.items() if path.endswith(f".{name}")), None)
    return f"{name} ({field.unit})" if field and field.unit else name


def _nights_selected(brush: dict[str, Any]) -> None:
    first, last = (datetime.fromtimestamp(each / 1000, UTC).date() for each in sorted(brush["night"]))
    narrow_to(nights=(first, max(first, last)))


def _magnitudes_selected(brush: dict[str, Any]) -> None:
    bright, faint = sorted(brush["bright"])
    narrow_to(brightest_mag=round(bright, 1), faintest_mag=round(faint, 1))


def _sky_selected(brush: dict[str, Any]) -> None:
    (west, east), (south, north) = sorted(brush["x"]), sorted(brush["y"])
    narrow_to(map_box=MapBox(*(round(each, 4) for each in (west, east, south, north))))


def _numbers_selected(brush: dict[str, Any], across: str, upwards: str) -> None:
    ranges = [ValueRange(name, *sorted(brush[axis])) for name, axis in ((across, "x"), (upwards, "y"))]
    narrow_to(ranges=tuple(dict.fromkeys(ranges)))
