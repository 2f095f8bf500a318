"""Questions to a reader's store: a page of its alerts, how many match, what there is to choose, one object's alerts.

Values reach DuckDB as parameters; names of columns come from the store's own schema, never from the user.
"""

# ruff: noqa: S608 - the statements are put together from constants and the names of the schema
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from backend.alert_filter import CLASS_COLUMNS, EVERYTHING, AlertFilter, names_class, where_clause
from backend.alert_store import AlertStore
from backend.errors import InvalidRequest
from backend.stored_columns import StoredColumns, quoted

if TYPE_CHECKING:
    import pandas as pd

SCORES = ("drb", "rf_snia_vs_nonia", "snn_snia_vs_nonia", "snn_sn_vs_all", "rf_kn_vs_nonkn", "mulens")
HISTORY = "prv_candidates"
VISIT = (
    "jd", "fid", "magpsf", "sigmapsf", "diffmaglim",
    "isdiffpos", "magnr", "sigmagnr", "distnr", "rb", "drb", "candid",
)  # fmt: skip
VISIT_TYPES = {"isdiffpos": "VARCHAR", "candid": "BIGINT"}
"""Of fields that the years and the histories have in several types: text, number or truth; a number of 64 bits."""


@dataclass(frozen=True, slots=True)
class Facets:
    """What there is to choose from in a store."""

    classes: dict[str, int]
    """Value of ``finkclass`` or ``tnsclass`` -> alerts, the most frequent first."""
    bands: tuple[int, ...]
    magnitudes_mag: tuple[float, float] | None
    """The brightest and the faintest ``magpsf``."""
    nights: tuple[date, date] | None = None
    """The first and the last day (UTC) of ``jd``."""


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
        self._columns = StoredColumns(self._schema)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a table can show: those that hold one value a row."""
        return self._columns.shown

    @property
    def numeric(self) -> tuple[str, ...]:
        """Those of them that are numbers and no identifiers."""
        return self._columns.numeric

    def has(self, name: str) -> bool:
        """Whether the alerts have a measurement or column of this name."""
        return self.expression(name) is not None

    def type_of(self, name: str) -> pa.DataType | None:
        """The type of a measurement or column; None when the alerts have none of this name."""
        return self._columns.type_of(name)

    @property
    def held(self) -> tuple[str, int]:
        """Which store it is, and how many alerts it holds: while this stays the same, answers do."""
        return str(self._store.path), self._store.counts.distinct

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

        shown = {name: sql for name in columns if (sql := self._columns.to_show(name)) is not None}
        if not shown:
            return pd.DataFrame()
        where, values = self.where(chosen)
        key = self._columns.to_show(sort_by) if sort_by else None
        order = f"{key} {'DESC' if descending else 'ASC'} NULLS LAST, candid" if key else "rowid"
        selected = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in shown.items())
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
                query = f"SELECT {column}, count(*) FROM alerts WHERE {names_class(column)} GROUP BY ALL"
                classes.update(self._rows(query))
        by_number = dict(sorted(classes.items(), key=lambda pair: (-pair[1], pair[0])))
        return Facets(by_number, self._bands(), self._magnitudes(), self._nights())

    def place(self, object_id: str) -> ObjectPlace:
        """Where an object stands among all of the store, and its neighbours there."""
        name = self.needed("objectId")
        query = (
            "SELECT count(*) FILTER (WHERE name <= $1), count(*), max(name) FILTER (WHERE name < $1),"
            " min(name) FILTER (WHERE name > $1)"
            f" FROM (SELECT DISTINCT {name} AS name FROM alerts WHERE {name} IS NOT NULL)"
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
        selected = ", ".join(f"{self.expression(column)} AS {quoted(column)}" for column in self.columns)
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
        with self._store.looking() as cursor:
            cursor.begin()  # both look at the same moment
            # By its row only one group of rows is touched; among all heavy ones some took 0.2 s to be passed over.
            place = cursor.execute("SELECT rowid FROM alerts WHERE candid = ?", [candid]).fetchone()
            if place is None:
                return {}
            selected = ", ".join(there.values())
            (row,) = cursor.execute(f"SELECT {selected} FROM alerts WHERE rowid = {place[0]:d}").fetchall()
        return {name: data for name, data in zip(there, row, strict=True) if data}

    def has_stamps(self, stamps: Sequence[str]) -> bool:
        """Whether the alerts bring any of these stamps."""
        return any(self._stamp(name) for name in stamps)

    def where(self, chosen: AlertFilter) -> tuple[str, list[Any]]:
        """A WHERE clause for what is chosen, and the values of its parameters; both empty for everything."""
        return where_clause(chosen, self._columns)

    def expression(self, name: str) -> str | None:
        """SQL of a column, or of a measurement under ``candidate``; None when the alerts have neither."""
        return self._columns.expression(name)

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
        magnitude = self._columns.magnitude("magpsf")
        if magnitude is None:
            return None
        low, high = self._rows(f"SELECT min({magnitude}), max({magnitude}) FROM alerts")[0]
        return None if low is None else (low, high)

    def _nights(self) -> tuple[date, date] | None:
        observed = self._columns.observed()
        if observed is None:
            return None
        first, last = self._rows(f"SELECT min({observed}), max({observed}) FROM alerts")[0]
        return None if first is None else (first.date(), last.date())

    def _stamp(self, name: str) -> str | None:
        if name in self._schema.names:
            kind = self._schema.field(name).type
            if pa.types.is_struct(kind):
                return f'{quoted(name)}."stampData"' if kind.get_field_index("stampData") >= 0 else None
            return quoted(name) if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) else None
        return None

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._store.looking() as cursor:
            return cursor.execute(query, list(values)).fetchall()


def _of_visit(field: str, sql: str | None) -> str:
    """A field of a visit, of one type in alerts and their history alike."""
    if sql and field in VISIT_TYPES:
        sql = f"TRY_CAST({sql} AS {VISIT_TYPES[field]})"
    return f"{sql or 'NULL'} AS {field}"
