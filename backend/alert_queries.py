"""Questions to a reader's store: a page of its alerts, how many match, what there is to choose, one object's alerts.

Values reach DuckDB as parameters; names of columns come from the store's own schema, never from the user.
"""

# ruff: noqa: S608 - the statements are put together from constants and the names of the schema
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from backend.alert_classes import UNKNOWN
from backend.alert_store import AlertStore
from backend.errors import InvalidRequest

if TYPE_CHECKING:
    import pandas as pd

JD_OF_UNIX_EPOCH = 2_440_587.5
NO_MAGNITUDE = -99.0
"""At and below this a magnitude is the survey's spelling of "no value"."""
CLASS_COLUMNS = ("finkclass", "tnsclass")
SCORES = ("drb", "rf_snia_vs_nonia", "snn_snia_vs_nonia", "snn_sn_vs_all", "rf_kn_vs_nonkn", "mulens")
HISTORY = "prv_candidates"
DETECTION = "candidate"
VISIT = (
    "jd", "fid", "magpsf", "sigmapsf", "diffmaglim",
    "isdiffpos", "magnr", "sigmagnr", "distnr", "rb", "drb", "candid",
)  # fmt: skip
VISIT_TYPES = {"isdiffpos": "VARCHAR", "candid": "BIGINT"}
"""Of fields that the years and the histories have in several types: text, number or truth; a number of 64 bits."""


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts to show; what is empty or None does not restrict.

    Parameters
    ----------
    classes
        Values of ``finkclass`` or ``tnsclass``; an alert matches when one of its two is among them.
    bands
        Values of ``fid``.
    brightest_mag, faintest_mag
        Limits of ``magpsf``, both included.
    object_id
        Beginning of the object's name.
    """

    classes: tuple[str, ...] = ()
    bands: tuple[int, ...] = ()
    brightest_mag: float | None = None
    faintest_mag: float | None = None
    object_id: str = ""


EVERYTHING = AlertFilter()


@dataclass(frozen=True, slots=True)
class Facets:
    """What there is to choose from in a store."""

    classes: dict[str, int]
    """Value of ``finkclass`` or ``tnsclass`` -> alerts, the most frequent first."""
    bands: tuple[int, ...]
    magnitudes_mag: tuple[float, float] | None
    """The brightest and the faintest ``magpsf``."""


@dataclass(frozen=True, slots=True)
class ObjectPlace:
    """Where an object stands among those of the store, in the order of their names."""

    number: int
    objects: int
    previous: str | None
    next: str | None


class AlertQueries:
    """Queries on one store, whatever its content: measurements flat or under ``candidate``.

    Parameters
    ----------
    store
        An open store; queries see what is committed, also while a reader fills it.
    """

    def __init__(self, store: AlertStore) -> None:
        self._store = store
        self._schema: pa.Schema = store.schema or pa.schema([])

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a table can show: those that hold one value a row."""
        nested = (pa.types.is_nested, pa.types.is_binary, pa.types.is_large_binary)
        roots = [field.name for field in self._schema if not any(is_kind(field.type) for is_kind in nested)]
        measured = [name for name in ("jd", "fid", "magpsf", "sigmapsf", "ra", "dec", "drb") if self.has(name)]
        return tuple(dict.fromkeys((*roots, *measured)))

    def has(self, name: str) -> bool:
        """Whether the alerts have a measurement or column of this name."""
        return self.expression(name) is not None

    def type_of(self, name: str) -> pa.DataType | None:
        """The type of a measurement or column; None when the alerts have none of this name."""
        if not self.has(name):
            return None
        column = self._schema if name in self._schema.names else self._schema.field(DETECTION).type
        kind: pa.DataType = column.field(name).type
        return kind

    @property
    def has_history(self) -> bool:
        """Whether the alerts bring the history of their objects."""
        return HISTORY in self._schema.names

    def count(self, chosen: AlertFilter = EVERYTHING) -> int:
        """How many alerts match."""
        where, values = self.where(chosen)
        return int(self._rows(f"SELECT count(*) FROM alerts {where}", values)[0][0]) if self._schema.names else 0

    def page(
        self,
        columns: Sequence[str],
        chosen: AlertFilter = EVERYTHING,
        *,
        sort_by: str = "",
        descending: bool = False,
        number: int = 1,
        rows: int = 100,
    ) -> pd.DataFrame:
        """One page of the matching alerts.

        Parameters
        ----------
        columns
            Names to show; ``observed`` is the time (UTC) that ``jd`` means. What the alerts lack is left out.
        sort_by
            A column; without one, the order of arrival. Alerts without a value come last, either way.
        number, rows
            Number of the page, from 1, and its length.
        """
        import pandas as pd  # noqa: PLC0415 - a reader need not wait for it

        shown = {name: sql for name in columns if (sql := self._shown(name)) is not None}
        if not shown:
            return pd.DataFrame()
        where, values = self.where(chosen)
        key = self._shown(sort_by) if sort_by else None
        order = f"{key} {'DESC' if descending else 'ASC'} NULLS LAST, candid" if key else "rowid"
        selected = ", ".join(f"{sql} AS {_quoted(name)}" for name, sql in shown.items())
        query = f"SELECT {selected} FROM alerts {where} ORDER BY {order}"
        with self._store.looking() as cursor:
            return cursor.execute(f"{query} LIMIT {rows:d} OFFSET {(number - 1) * rows:d}", values).df()

    def scan(self, chosen: AlertFilter = EVERYTHING) -> pa.RecordBatchReader:
        """Read the matching alerts whole, in batches, with their exact types; see `AlertStore.scan`."""
        where, values = self.where(chosen)
        return self._store.scan(where=where, values=values)

    def stream(self, query: str, values: Sequence[Any], rows_per_batch: int) -> Iterator[pa.RecordBatch]:
        """Give the rows of a query on ``alerts`` in batches, in bounded memory."""
        return self._store.stream(query, values, rows_per_batch)

    def facets(self) -> Facets:
        """Classes with their counts, bands, and the range of magnitudes."""
        classes: dict[str, int] = {}
        for column in CLASS_COLUMNS:
            if column in self._schema.names:
                query = f"SELECT {column}, count(*) FROM alerts WHERE {_names_class(column)} GROUP BY ALL"
                classes.update(self._rows(query))
        by_number = dict(sorted(classes.items(), key=lambda pair: (-pair[1], pair[0])))
        return Facets(by_number, self._bands(), self._magnitudes())

    def place(self, object_id: str) -> ObjectPlace:
        """Where an object stands among all of the store, and its neighbours there."""
        name = self.needed("objectId")
        query = (
            f"SELECT count(DISTINCT {name}) FILTER (WHERE {name} <= $1), count(DISTINCT {name}),"
            f" max({name}) FILTER (WHERE {name} < $1), min({name}) FILTER (WHERE {name} > $1) FROM alerts"
        )
        return ObjectPlace(*self._rows(query, [object_id])[0])

    def first_object(self) -> str | None:
        """The first object in the order of names; None in an empty store."""
        name = self.expression("objectId")
        found = self._rows(f"SELECT min({name}) FROM alerts") if name else []
        return found[0][0] if found else None

    def alerts_of(self, object_id: str) -> list[dict[str, Any]]:
        """The alerts of one object in order of time, each a row of `columns` (history and stamps have their own)."""
        name, time = self.needed("objectId"), self.expression("jd") or "candid"
        selected = ", ".join(f"{self.expression(column)} AS {_quoted(column)}" for column in self.columns)
        query = f"SELECT {selected} FROM alerts WHERE {name} = ? ORDER BY {time}, candid"
        with self._store.looking() as cursor:
            rows = cursor.execute(query, [object_id])
            names = [column[0] for column in rows.description or ()]
            return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]

    def visits_of(self, object_id: str) -> list[dict[str, Any]]:
        """All visits to an object, from its alerts and their history, as `backend.light_curve.light_curve` takes them.

        Repetitions are removed here, in DuckDB: the histories of a variable star's alerts are the same thousand
        visits over and over.
        """
        name = self.needed("objectId")
        own = ", ".join(_of_visit(field, self.expression(field)) for field in VISIT)
        query = f"SELECT {own} FROM alerts WHERE {name} = $1"
        entry = self.history_fields()
        if entry:
            past = ", ".join(_of_visit(field, f"visit.{field}" if field in entry else None) for field in VISIT)
            visits = f"SELECT unnest({HISTORY}) AS visit FROM alerts WHERE {name} = $1"
            query = f"SELECT {past} FROM ({visits}) UNION {query}"
        return [dict(zip(VISIT, row, strict=True)) for row in self._rows(query, [object_id])]

    def stamps_of(self, candid: int, stamps: Sequence[str]) -> dict[str, bytes]:
        """The stamps of one alert, as they were sent (gzipped FITS); those that it does not have are left out."""
        there = {name: sql for name in stamps if (sql := self._stamp(name)) is not None}
        if not there:
            return {}
        rows = self._rows(f"SELECT {', '.join(there.values())} FROM alerts WHERE candid = ?", [candid])
        return {name: data for name, data in zip(there, rows[0], strict=True) if data} if rows else {}

    def has_stamps(self, stamps: Sequence[str]) -> bool:
        """Whether the alerts bring any of these stamps."""
        return any(self._stamp(name) for name in stamps)

    def where(self, chosen: AlertFilter) -> tuple[str, list[Any]]:
        """A WHERE clause for what is chosen, and the values of its parameters; both empty for everything."""
        tests: list[tuple[str, Any]] = []
        classes = [column for column in CLASS_COLUMNS if column in self._schema.names]
        if chosen.classes and classes:
            either = " OR ".join(f"({_names_class(column)} AND list_contains($$, {column}))" for column in classes)
            tests.append((f"({either})", list(chosen.classes)))
        if chosen.bands and (band := self.expression("fid")):
            tests.append((f"list_contains($$, {band})", list(chosen.bands)))
        magnitude = self._number("magpsf")
        if magnitude:
            limits = ((">=", chosen.brightest_mag), ("<=", chosen.faintest_mag))
            tests += [(f"{magnitude} {sign} $$", limit) for sign, limit in limits if limit is not None]
        if chosen.object_id and (name := self.expression("objectId")):
            tests.append((f"starts_with({name}, $$)", chosen.object_id))
        return _numbered(tests)

    def expression(self, name: str) -> str | None:
        """SQL of a column, or of a measurement under ``candidate``; None when the alerts have neither."""
        if name in self._schema.names:
            return _quoted(name)
        if DETECTION in self._schema.names:
            detection = self._schema.field(DETECTION).type
            if pa.types.is_struct(detection) and detection.get_field_index(name) >= 0:
                return f"{DETECTION}.{_quoted(name)}"
        return None

    def history_fields(self) -> frozenset[str]:
        """What is known of each visit in the history; empty when the alerts bring none."""
        if not self.has_history:
            return frozenset()
        entry = self._schema.field(HISTORY).type.value_type
        return frozenset(entry.field(index).name for index in range(entry.num_fields))

    def needed(self, name: str) -> str:
        """SQL of a column or measurement.

        Raises
        ------
        InvalidRequest
            When the alerts do not have it.
        """
        sql = self.expression(name)
        if sql is None:
            raise InvalidRequest(f"The alerts of this transfer have no {name}.", f"Request it with {name} among them.")
        return sql

    def _bands(self) -> tuple[int, ...]:
        band = self.expression("fid")
        query = f"SELECT DISTINCT {band} FROM alerts WHERE {band} IS NOT NULL ORDER BY 1"
        return tuple(row[0] for row in self._rows(query)) if band else ()

    def _magnitudes(self) -> tuple[float, float] | None:
        magnitude = self._number("magpsf")
        if magnitude is None:
            return None
        low, high = self._rows(f"SELECT min({magnitude}), max({magnitude}) FROM alerts")[0]
        return None if low is None else (low, high)

    def _number(self, name: str) -> str | None:
        """SQL of a magnitude, NULL for every spelling of "no value"."""
        sql = self.expression(name)
        return f"CASE WHEN isnan({sql}) OR {sql} <= {NO_MAGNITUDE} THEN NULL ELSE {sql} END" if sql else None

    def _shown(self, name: str) -> str | None:
        if name == "observed":
            time = self.expression("jd")
            seconds = f"CAST(({time} - {JD_OF_UNIX_EPOCH}) * 86400 AS BIGINT)"
            return f"make_timestamp({seconds} * 1000000)" if time else None
        return self._number(name) if name in ("magpsf", "sigmapsf") else self.expression(name)

    def _stamp(self, name: str) -> str | None:
        if name in self._schema.names:
            kind = self._schema.field(name).type
            if pa.types.is_struct(kind):
                return f'{_quoted(name)}."stampData"' if kind.get_field_index("stampData") >= 0 else None
            return _quoted(name) if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) else None
        return None

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._store.looking() as cursor:
            return cursor.execute(query, list(values)).fetchall()


def _of_visit(field: str, sql: str | None) -> str:
    """A field of a visit, of one type in alerts and their history alike."""
    if sql and field in VISIT_TYPES:
        sql = f"TRY_CAST({sql} AS {VISIT_TYPES[field]})"
    return f"{sql or 'NULL'} AS {field}"


def _names_class(column: str) -> str:
    """Where a column says something: an alert that TNS does not know may well have a class."""
    return f"{column} <> '{UNKNOWN}'" if column == "tnsclass" else f"{column} IS NOT NULL"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _numbered(tests: list[tuple[str, Any]]) -> tuple[str, list[Any]]:
    """A WHERE clause and its values; numbered, because a test may name its value twice."""
    clauses = [test.replace("$$", f"${number}") for number, (test, _) in enumerate(tests, start=1)]
    return f"WHERE {' AND '.join(clauses)}" if clauses else "", [value for _, value in tests]
