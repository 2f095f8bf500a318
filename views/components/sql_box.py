"""The SQL box: an expert's SELECT over the alerts, its answer as a table, and that as CSV."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import streamlit as st

from backend.alert_store import AlertStore
from backend.errors import QuicklookError
from backend.store_select import MAX_TEXT_LENGTH, TIME_LIMIT_S, SelectResult, columns_to_ask, select
from views.components.problems import show_problem
from views.components.wording import counted

BOX = "sql_box"
_TEXT, _EXAMPLE, _ANSWER = "sql_text", "sql_example", "sql_answer"
_HEIGHT_PX, _COLUMNS_HEIGHT_PX, _COLUMNS_WIDTH_PX = 140, 380, 460
_ROW_PX, _VISIBLE_ROWS = 35, 12
_LARGEST_EXACT = 2**53
"""A browser's numbers have as many bits."""
_RULES = (
    "One SELECT over the table alerts: joins and sub-queries on it, WITH, aggregates and window functions are there,"
    f" nothing else is. It has {TIME_LIMIT_S:.0f} s. Texts are cut after {MAX_TEXT_LENGTH} characters."
)


@dataclass(frozen=True)
class _Answer:
    """What a query of this session gave, or why it gave nothing."""

    store: Path
    given: SelectResult | QuicklookError


def sql_box(store: AlertStore) -> None:
    """Draw the box; nothing is looked up before it is open."""
    box = st.expander("SQL", key=BOX, on_change="rerun")
    if not box.open:
        return
    with box:
        try:
            columns = columns_to_ask(store)
        except QuicklookError as error:
            show_problem(error)
            return
        if not columns:
            st.caption("Nothing was read yet.")
            return
        _ask(store, columns)
        answer = st.session_state.get(_ANSWER)
        if isinstance(answer, _Answer) and answer.store == store.path:
            _show(answer.given)


def _ask(store: AlertStore, columns: tuple[tuple[str, str], ...]) -> None:
    with st.form("sql_form", border=False):
        text = st.text_area(
            "Query",
            key=_TEXT,
            height=_HEIGHT_PX,
            placeholder="SELECT objectId, count(*) AS n FROM alerts GROUP BY objectId ORDER BY n DESC",
            help=_RULES,
            persist_state="session",
        )
        is_asked = st.form_submit_button("Run", icon=":material/play_arrow:", help="Or Ctrl+Enter in the query.")
    offered = examples([name for name, _ in columns])
    with st.container(horizontal=True, gap="small"):
        if offered:
            st.menu_button(
                "Examples", list(offered), key=_EXAMPLE, on_click=_take_example, args=[offered], type="tertiary"
            )
        with st.popover("Columns", type="tertiary", width="content"):
            st.dataframe(
                pd.DataFrame(columns, columns=["column", "type"]),
                hide_index=True,
                height=_COLUMNS_HEIGHT_PX,
                width=_COLUMNS_WIDTH_PX,
            )
    if is_asked:
        with st.spinner("Asking …"):
            st.session_state[_ANSWER] = _Answer(store.path, _answer(store, text or ""))


def _answer(store: AlertStore, text: str) -> SelectResult | QuicklookError:
    try:
        return select(store, text)
    except QuicklookError as error:
        return error


def _take_example(offered: dict[str, str]) -> None:
    st.session_state[_TEXT] = offered[st.session_state[_EXAMPLE]]


def examples(columns: list[str]) -> dict[str, str]:
    """Queries to begin with, as far as these alerts have what they ask for."""
    there = {name.rpartition(".")[2]: name for name in reversed(columns)}
    name, magnitude, band, time = (there.get(each, "") for each in ("objectId", "magpsf", "fid", "jd"))
    classes = [each for each in ("finkclass", "tnsclass") if each in there]
    offered: dict[str, str] = {}
    if "night" in there:
        grouped = ", ".join(["night", *classes[:1]])
        label = "Alerts per night and class" if classes else "Alerts per night"
        offered[label] = f"SELECT {grouped}, count(*) AS alerts\nFROM alerts\nGROUP BY ALL\nORDER BY ALL"
    if name:
        facts = "count(*) AS alerts"
        if magnitude:
            facts += f", min({magnitude}) FILTER (WHERE {magnitude} > 0) AS brightest"
        offered["The objects with most alerts"] = (
            f"SELECT {name}, {facts}\nFROM alerts\nGROUP BY {name}\nORDER BY alerts DESC, {name}\nLIMIT 20"
        )
    if name and magnitude and band and time:
        offered["Brightened since the last alert in its band"] = (
            f"SELECT {name}, {band}, observed, {magnitude} AS mag,\n"
            f"  {magnitude} - lag({magnitude}) OVER (PARTITION BY {name}, {band} ORDER BY {time}) AS change\n"
            f"FROM alerts\nWHERE {magnitude} > 0\nQUALIFY change < -0.2\nORDER BY change"
        )
    return offered


def _show(given: SelectResult | QuicklookError) -> None:
    if isinstance(given, QuicklookError):
        show_problem(given)
        return
    rows = counted(len(given.table), "row")
    with st.container(horizontal=True, vertical_alignment="center"):
        shown = f"The first {rows}; there are more" if given.has_more else rows
        st.caption(f"{shown} · {_duration(given.seconds)}", width="content")
        if len(given.table):
            st.download_button(
                "CSV", lambda: csv_of(given.table), "query.csv", "text/csv", type="tertiary", on_click="ignore"
            )
    if len(given.table):
        height = _ROW_PX * (min(len(given.table), _VISIBLE_ROWS) + 1) + 2
        st.dataframe(_readable(given.table), hide_index=True, placeholder="", height=height)


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def csv_of(table: pa.Table) -> bytes:
    """All digits of each number."""
    written = pa.BufferOutputStream()
    pa.csv.write_csv(table, written)
    return written.getvalue().to_pybytes()


def _readable(table: pa.Table) -> pd.DataFrame:
    """The rows as a browser shows them: whole numbers that it would round are texts."""
    return pd.DataFrame({name: _column(table.column(name)) for name in table.column_names})


def _column(column: pa.ChunkedArray) -> pd.Series:
    kind = column.type
    is_whole = pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale == 0)
    if is_whole:
        numbers = [None if each is None else int(each) for each in column.to_pylist()]
        if any(each is not None and abs(each) > _LARGEST_EXACT for each in numbers):
            return pd.Series([None if each is None else str(each) for each in numbers], dtype="str")
        return pd.Series(numbers, dtype="Int64")
    if pa.types.is_decimal(kind):
        return pd.Series(column.cast(pa.float64()).to_pandas())
    if pa.types.is_null(kind):
        return pd.Series([None] * len(column), dtype="str")
    return pd.Series(column.to_pandas())
