"""What charts of a store's alerts show: counted in DuckDB, in so few cells that a browser holds them with ease."""

# ruff: noqa: S608 - the statements are put together from constants, numbers and the names of the schema
from __future__ import annotations

import math
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from backend.alert_classes import UNKNOWN
from backend.alert_filter import AlertFilter, where_clause
from backend.alert_store import AlertStore
from backend.sky_map import WHOLE_SKY, map_place_sql
from backend.stored_columns import StoredColumns

if TYPE_CHECKING:
    import pandas as pd

OTHERS = "others"
_SHOWN_CLASSES = 5
_MOST_BARS = 120
_MOST_MAGNITUDES = 150
_SKY_COLUMNS, _SKY_ROWS = 140, 70
"""9,800 cells, of which the ellipse has 7,700."""
_SKY_BIN_DEG = 0.1
_PLANE_CELLS = 70
_UNIX_EPOCH = date(1970, 1, 1)
_STEPS_MAG = (0.05, 0.1, 0.2, 0.5, 1.0)


class AlertCharts:
    """Counts for charts, each of the alerts that match.

    Every method gives a frame, or None when the alerts have nothing to count.

    Parameters
    ----------
    store
        An open store.
    """

    def __init__(self, store: AlertStore) -> None:
        self._store = store
        self._columns = StoredColumns(store.schema or pa.schema([]))

    def nights(self, chosen: AlertFilter) -> pd.DataFrame | None:
        """Alerts a night (UTC day) by class: ``night``, ``until`` (the day after), ``class``, ``alerts``.

        Where there would be more than some hundred bars, one has several nights. The classes beyond the most frequent
        are ``others``.
        """
        day = self._columns.night()
        if day is None:
            return None
        where, values = where_clause(chosen, self._columns)
        ends = self._rows(f"SELECT min({day}), max({day}) FROM alerts {where}", values)[0]
        if ends[0] is None:
            return None
        width = max(1, math.ceil((ends[1] - ends[0] + 1) / _MOST_BARS))
        counted = (
            f"SELECT ({day} - {ends[0]}) // {width} AS bar, {self._class()} AS class, count(*) AS alerts"
            f" FROM alerts {where} GROUP BY ALL"
        )
        frequent = f"SELECT class FROM counted GROUP BY class ORDER BY sum(alerts) DESC, class LIMIT {_SHOWN_CLASSES}"
        shown = f"CASE WHEN class IN ({frequent}) THEN class ELSE '{OTHERS}' END"
        frame = self._frame(
            f"WITH counted AS ({counted}) SELECT bar, {shown} AS class, CAST(sum(alerts) AS BIGINT) AS alerts"
            " FROM counted WHERE bar IS NOT NULL GROUP BY ALL ORDER BY ALL",
            values,
        )
        first = _UNIX_EPOCH + timedelta(days=ends[0])
        frame["night"] = [first + timedelta(days=int(bar) * width) for bar in frame["bar"]]
        frame["until"] = [night + timedelta(days=width) for night in frame["night"]]
        return frame.drop(columns="bar")

    def magnitudes(self, chosen: AlertFilter) -> pd.DataFrame | None:
        """Alerts a magnitude and band: ``fid``, ``bright`` and ``faint`` (ends of the bar), ``alerts``."""
        magnitude, band = self._columns.magnitude("magpsf"), self._columns.expression("fid") or "0"
        if magnitude is None:
            return None
        where, values = where_clause(chosen, self._columns)
        low, high = self._rows(f"SELECT min({magnitude}), max({magnitude}) FROM alerts {where}", values)[0]
        if low is None:
            return None
        step = next((each for each in _STEPS_MAG if (high - low) / each <= _MOST_MAGNITUDES), _STEPS_MAG[-1])
        bar = f"floor({magnitude} / {step})"
        frame = self._frame(
            f"SELECT {band} AS fid, {bar} * {step} AS bright, ({bar} + 1) * {step} AS faint, count(*) AS alerts"
            f" FROM alerts {where} GROUP BY ALL HAVING bright IS NOT NULL ORDER BY ALL",
            values,
        )
        return frame if len(frame) else None

    def sky(self, chosen: AlertFilter) -> pd.DataFrame | None:
        """Alerts a cell of `backend.sky_map`: ``x``, ``x2``, ``y``, ``y2``, ``alerts``, mean ``ra`` and ``dec`` in deg.

        The cells are those of the part of the map that is chosen.
        """
        place = self._columns.place()
        if place is None:
            return None
        where, values = where_clause(chosen, self._columns)
        box = chosen.map_box or WHOLE_SKY
        positions = f"SELECT {place[0]} AS ra, {place[1]} AS dec, 1 AS alerts FROM alerts {where}"
        if chosen.map_box is None:  # to place each alert on the map would take longer than all else
            bins = ", ".join(
                f"(floor({axis} / {_SKY_BIN_DEG}) + 0.5) * {_SKY_BIN_DEG} AS {axis}" for axis in ("ra", "dec")
            )
            positions = f"SELECT {bins}, count(*) AS alerts FROM ({positions}) GROUP BY ALL"
        x, y = map_place_sql("ra", "dec")
        frame = self._cells(
            f"SELECT *, {x} AS x, {y} AS y FROM ({positions})",
            values,
            (box.x_min, box.x_max, _SKY_COLUMNS),
            (box.y_min, box.y_max, _SKY_ROWS),
            "CAST(sum(alerts) AS BIGINT) AS alerts, avg(ra) AS ra, avg(dec) AS dec",
        )
        return frame if len(frame) else None

    def plane(self, across: str, upwards: str, chosen: AlertFilter) -> pd.DataFrame | None:
        """Alerts a cell of two numbers against each other: ``x``, ``x2``, ``y``, ``y2``, ``alerts``.

        Values that mean "no value" (null, NaN, infinite, -99 and below -99 of magnitudes, -999) are left out.
        """
        one, other = self._measured(across), self._measured(upwards)
        if one is None or other is None:
            return None
        where, values = where_clause(chosen, self._columns)
        return self._plane_of(f"SELECT {one} AS x, {other} AS y FROM alerts {where}", values)

    def colours(self, chosen: AlertFilter) -> pd.DataFrame | None:
        """Objects a cell of colour (mean g - r, mag; ``x``) against mean r (mag; ``y``); ``alerts`` counts objects.

        Of the difference magnitudes of each object's alerts that match, where it has both bands.
        """
        name, magnitude = self._columns.expression("objectId"), self._columns.magnitude("magpsf")
        band = self._columns.expression("fid")
        if name is None or magnitude is None or band is None:
            return None
        where, values = where_clause(chosen, self._columns)
        means = ", ".join(
            f"avg({magnitude}) FILTER (WHERE {band} = {fid}) AS {letter}" for fid, letter in ((1, "g"), (2, "r"))
        )
        objects = f"SELECT {means} FROM alerts {where} GROUP BY {name}"
        return self._plane_of(f"SELECT g - r AS x, r AS y FROM ({objects})", values)

    def _plane_of(self, places: str, values: list[Any]) -> pd.DataFrame | None:
        known = "x IS NOT NULL AND y IS NOT NULL"
        ends = f"SELECT min(x), max(x), min(y), max(y) FROM ({places}) WHERE {known}"
        west, east, south, north = self._rows(ends, values)[0]
        if west is None:
            return None
        return self._cells(
            f"SELECT * FROM ({places}) WHERE {known}",
            values,
            (west, east, _PLANE_CELLS),
            (south, north, _PLANE_CELLS),
        )

    def _cells(
        self,
        places: str,
        values: list[Any],
        across: tuple[float, float, int],
        upwards: tuple[float, float, int],
        counted: str = "count(*) AS alerts",
    ) -> pd.DataFrame:
        """Rows ``x``, ``y`` counted in cells between two ends; the far ends belong to the last cells."""
        ends = {"x": across, "y": upwards}
        steps = {axis: (high - low) / count or 1.0 for axis, (low, high, count) in ends.items()}
        numbers = ", ".join(
            f"least({count - 1}, CAST(floor(({axis} - {_number(low)}) / {_number(steps[axis])}) AS INTEGER))"
            f" AS {axis}_cell"
            for axis, (low, _, count) in ends.items()
        )
        frame = self._frame(
            f"SELECT {numbers}, {counted} FROM ({places}) WHERE x IS NOT NULL AND y IS NOT NULL"
            " GROUP BY x_cell, y_cell ORDER BY x_cell, y_cell",
            values,
        )
        for axis, (low, _, _) in ends.items():
            frame[axis] = low + frame[f"{axis}_cell"] * steps[axis]
            frame[f"{axis}2"] = frame[axis] + steps[axis]
        return frame.drop(columns=["x_cell", "y_cell"])

    def _measured(self, name: str) -> str | None:
        sql = self._columns.to_show(name) if name in self._columns.numeric else None
        if sql is None:
            return None
        number = f"CAST({sql} AS DOUBLE)"
        return f"CASE WHEN isfinite({number}) AND {number} <> -999 THEN {number} END"

    def _class(self) -> str:
        """SQL of an alert's class: its own, or its TNS type where it has none."""
        found = [sql for column in ("finkclass", "tnsclass") if (sql := self._columns.expression(column))]
        told = ", ".join(f"nullif({sql}, '{UNKNOWN}')" for sql in found)
        return f"coalesce({told}, '{UNKNOWN}')" if found else f"'{UNKNOWN}'"

    def _frame(self, query: str, values: list[Any]) -> pd.DataFrame:
        with self._store.looking() as cursor:
            return cursor.execute(query, values).df()

    def _rows(self, query: str, values: list[Any]) -> list[tuple[Any, ...]]:
        with self._store.looking() as cursor:
            return cursor.execute(query, values).fetchall()


def _number(value: float) -> str:
    return f"CAST('{value!r}' AS DOUBLE)"
