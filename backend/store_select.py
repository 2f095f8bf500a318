"""An expert's query to a reader's store: bounded in time, memory, rows and bytes, while the reader goes on writing."""

# ruff: noqa: S608 - the statements are put together from constants, names of the schema, and what `select_check` wrote
from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from backend.alert_store import AlertStore
from backend.errors import InvalidRequest
from backend.query_watch import QueryWatch
from backend.select_check import checked_select
from backend.select_names import TABLE, Names, names_of
from backend.stored_columns import StoredColumns

TIME_LIMIT_S = 10.0
AT_ONCE = 2
_TURNS = threading.BoundedSemaphore(AT_ONCE)
MAX_ROWS, MAX_COLUMNS, MAX_BYTES = 1_000, 500, 20_000_000
MAX_TEXT_LENGTH = 500
"""Characters of a text in the result; longer ones are cut."""
_AS_IT_IS = frozenset(
    (
        *("boolean", "tinyint", "smallint", "integer", "bigint", "hugeint", "float", "double", "decimal", "null"),
        *("utinyint", "usmallint", "uinteger", "ubigint"),
    )
)
_TIMES = frozenset(("date", "timestamp", "timestamp_s", "timestamp_ms"))
_NESTED = frozenset(("list", "array", "struct", "map", "union"))


@dataclass(frozen=True)
class SelectResult:
    """What a query gave.

    Parameters
    ----------
    table
        Its rows, of which there are `MAX_ROWS` at most, and fewer where they are many bytes.
    has_more
        Whether there were more.
    seconds
        How long it took.
    """

    table: pa.Table
    has_more: bool
    seconds: float


def columns_to_ask(store: AlertStore) -> tuple[tuple[str, str], ...]:
    """What a query can name, with its type; of a structure, what lies inside it. Nothing before anything was read.

    Raises
    ------
    QuicklookError
        When the store is emptied or closed at this moment.
    """
    with store.looking() as cursor:
        table = _table(store)
        if table is None:
            return ()
        described = cursor.sql(f"{table.sql} SELECT * FROM {TABLE}")
        named = zip(described.columns, described.types, strict=True)
        return tuple(each for name, kind in named for each in _leaves(name, kind))


def _leaves(path: str, kind: duckdb.sqltypes.DuckDBPyType) -> Iterator[tuple[str, str]]:
    if kind.id == "struct":
        for name, inner in kind.children:
            assert isinstance(inner, duckdb.sqltypes.DuckDBPyType)  # of a structure they are; of other kinds also sizes
            yield from _leaves(f"{path}.{name}", inner)
    else:
        yield path, re.sub(r"^STRUCT\(.*\)\[\]$", "list of structures", str(kind), flags=re.DOTALL)


def select(
    store: AlertStore, text: str, *, time_limit_s: float = TIME_LIMIT_S, max_rows: int = MAX_ROWS
) -> SelectResult:
    """Ask a store what an expert typed.

    Parameters
    ----------
    store
        An open store; the query sees what is committed.
    text
        One SELECT over ``alerts``: the columns of the store, and ``observed`` (UTC) and ``night`` where it has ``jd``.
    time_limit_s
        Then the query is ended.

    Raises
    ------
    InvalidRequest
        When something else is asked, or more than there is time and memory for; the sentence says which.
    QuicklookError
        When the store fails.
    """
    with store.looking():
        alerts = _table(store)
    if alerts is None:
        raise InvalidRequest("The store is empty: there is nothing to ask yet.", "Read first.")
    checked = checked_select(text, alerts.names)
    with _asked(store, time_limit_s) as cursor:
        began = time.monotonic()
        asked = cursor.sql(f"{alerts.sql} SELECT * FROM ({checked}) AS asked")
        names, kinds = list(asked.columns), list(asked.types)
        if len(names) > MAX_COLUMNS:
            raise InvalidRequest(
                f"The result has {len(names):,} columns, more than {MAX_COLUMNS}.", "Name those you want."
            )
        numbered = ", ".join(f"c{number}" for number in range(len(names)))
        shown = ", ".join(f"{_shown(f'c{number}', kind)} AS c{number}" for number, kind in enumerate(kinds))
        limited = f"SELECT * FROM ({checked}) AS asked({numbered}) LIMIT {max_rows + 1:d}"
        table = cursor.sql(f"{alerts.sql} SELECT {shown} FROM ({limited}) AS limited").to_arrow_table()
        seconds = time.monotonic() - began
    fitting = _fitting(table.slice(0, max_rows))
    return SelectResult(fitting.rename_columns(_told_apart(names)), len(fitting) < len(table), seconds)


@contextmanager
def _turn(within_s: float) -> Iterator[None]:
    """Few queries run at once: each takes all processors, which readers and pages need too."""
    if not _TURNS.acquire(timeout=within_s):
        raise InvalidRequest(f"{AT_ONCE} other queries are still running.", "Ask again in a moment.")
    try:
        yield
    finally:
        _TURNS.release()


@contextmanager
def _asked(store: AlertStore, time_limit_s: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor of its own whose query ends in time; what DuckDB says of a query is the user's to mend."""
    with (
        _turn(time_limit_s),
        store.looking() as cursor,
        store.looking() as other,
        QueryWatch(cursor, other, time_limit_s) as watch,
    ):
        try:
            yield cursor
        except duckdb.InterruptException as error:
            raise InvalidRequest(
                f"The query was ended {watch.reason}.",
                "Ask for less: fewer alerts (WHERE), fewer joins, fewer groups.",
            ) from error
        except duckdb.OutOfMemoryException as error:
            raise InvalidRequest(
                "The query needs more memory than the store has.",
                "Ask for less: fewer alerts (WHERE), fewer columns, fewer groups.",
            ) from error
        except (duckdb.IOException, duckdb.InternalException, duckdb.FatalException, duckdb.ConnectionException):
            raise
        except duckdb.Error as error:
            raise InvalidRequest(f"DuckDB refuses the query: {_sentence(error)}") from error


@dataclass(frozen=True)
class _Table:
    """What ``alerts`` means in a query, and the names that it has.

    It is named with its schema, so that DuckDB looks for it nowhere else, and is not copied for each query.
    """

    names: Names
    sql: str


def _table(store: AlertStore) -> _Table | None:
    """The table of a store; None before anything was read."""
    schema = store.schema
    if schema is None:
        return None
    times = _times(store)
    added = "".join(f", {sql} AS {name}" for name, sql in times.items())
    own = names_of(schema)
    return _Table(
        Names((*own.columns, *times), own.paths),
        f"WITH {TABLE} AS NOT MATERIALIZED (SELECT *{added} FROM store.main.{TABLE})",
    )


def _times(store: AlertStore) -> dict[str, str]:
    columns = StoredColumns(store.schema or pa.schema([]))
    observed, night = columns.observed(), columns.night()
    if observed is None or night is None:
        return {}
    both = {"observed": observed, "night": f"DATE '1970-01-01' + {night}"}
    return {name: sql for name, sql in both.items() if columns.expression(name) is None}


def _shown(name: str, kind: duckdb.sqltypes.DuckDBPyType) -> str:
    """What of a value goes to the page: no endless text, no image, no time outside of the years 1 to 9999."""
    if kind.id in _AS_IT_IS:
        return name
    if kind.id in _TIMES:  # Python knows no others
        literal = "DATE" if kind.id == "date" else "TIMESTAMP"
        return f"CASE WHEN {name} BETWEEN {literal} '0001-01-02' AND {literal} '9999-12-30' THEN {name} END"
    if kind.id == "blob":
        return f"format('{{:,}} bytes', octet_length({name}))"
    if kind.id in _NESTED and "BLOB" in str(kind):
        return f"CASE WHEN {name} IS NOT NULL THEN 'holds images' END"
    text = f"CAST({name} AS VARCHAR)"
    return f"CASE WHEN length({text}) > {MAX_TEXT_LENGTH} THEN left({text}, {MAX_TEXT_LENGTH}) || '…' ELSE {text} END"


def _fitting(table: pa.Table) -> pa.Table:
    """As many of the rows as a browser may hold."""
    size = table.nbytes
    return table if size <= MAX_BYTES else table.slice(0, max(1, int(len(table) * MAX_BYTES / size)))


def _told_apart(names: list[str]) -> list[str]:
    """Names of columns, numbered where two are the same."""
    seen: dict[str, int] = {}
    told: list[str] = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        told.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return told


def _sentence(error: duckdb.Error) -> str:
    """What DuckDB says, without its picture of a text that nobody typed."""
    said = re.split(r"\n\s*(?:LINE \d+:|Candidate functions:|Possible solutions:)", str(error))[0]
    _, _, plain = said.partition("Error: ")
    lines = [line.strip() for line in (plain or said).splitlines() if line.strip()]
    sentence = " ".join(lines)[:300]
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
