"""The objects of a store's alerts, one row each, a page at a time."""

# ruff: noqa: S608 - the statements are put together from constants and the names of the schema
from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from backend.alert_filter import CLASS_COLUMNS, EVERYTHING, AlertFilter, where_clause
from backend.alert_store import AlertStore
from backend.light_curve import BANDS
from backend.stored_columns import StoredColumns, quoted

if TYPE_CHECKING:
    import pandas as pd

AMPLITUDE = "amplitude_{band}"


class ObjectList:
    """What is known of each object from the alerts that match; an object without such an alert is not there.

    Parameters
    ----------
    store
        An open store with alerts that have an ``objectId``.
    """

    def __init__(self, store: AlertStore) -> None:
        self._store = store
        self._columns = StoredColumns(store.schema or pa.schema([]))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of what is known of each, ``objectId`` first."""
        return tuple(self._measures())

    def page(
        self,
        chosen: AlertFilter = EVERYTHING,
        *,
        sort_by: str = "alerts",
        descending: bool = True,
        number: int = 1,
        rows: int = 50,
    ) -> pd.DataFrame:
        """One page of the objects.

        Parameters
        ----------
        sort_by
            One of `columns`; objects without a value come last, either way.
        number, rows
            Number of the page, from 1, and its length.
        """
        import pandas as pd  # noqa: PLC0415 - a reader need not wait for it

        measures = self._measures()
        if not measures:
            return pd.DataFrame()
        where, values = where_clause(chosen, self._columns)
        key = sort_by if sort_by in measures else "alerts"
        selected = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in measures.items())
        name = measures["objectId"]
        query = (
            f"SELECT {selected} FROM alerts {where} GROUP BY {name} HAVING {name} IS NOT NULL"
            f" ORDER BY {quoted(key)} {'DESC' if descending else 'ASC'} NULLS LAST, {name}"
            f" LIMIT {rows:d} OFFSET {(number - 1) * rows:d}"
        )
        with self._store.looking() as cursor:
            return cursor.execute(query, values).df()

    def count(self, chosen: AlertFilter = EVERYTHING) -> int:
        """How many objects have alerts that match."""
        name = self._columns.expression("objectId")
        if name is None:
            return 0
        where, values = where_clause(chosen, self._columns)
        with self._store.looking() as cursor:
            return int(cursor.execute(f"SELECT count(DISTINCT {name}) FROM alerts {where}", values).fetchall()[0][0])

    def names(self, chosen: AlertFilter, most: int) -> tuple[str, ...]:
        """Names of the matching objects in their order, at most so many."""
        name = self._columns.expression("objectId")
        if name is None:
            return ()
        where, values = where_clause(chosen, self._columns)
        query = f"SELECT DISTINCT {name} AS object FROM alerts {where} ORDER BY object LIMIT {most:d}"
        with self._store.looking() as cursor:
            return tuple(str(row[0]) for row in cursor.execute(query, values).fetchall() if row[0] is not None)

    def _measures(self) -> dict[str, str]:
        """Name -> SQL of an aggregate; what the alerts lack is left out."""
        columns = self._columns
        name, time = columns.expression("objectId"), columns.time() or "candid"
        if name is None:
            return {}
        measures = {"objectId": name, "alerts": "count(*)"}
        if observed := columns.observed():
            measures |= {"first": f"min({observed})", "last": f"max({observed})"}
        if magnitude := columns.magnitude("magpsf"):
            measures["brightest"] = f"min({magnitude})"
            if band := columns.expression("fid"):
                for fid, letter in BANDS.items():
                    its = f"FILTER (WHERE {band} = {fid})"
                    spread = f"max({magnitude}) {its} - min({magnitude}) {its}"
                    one_alone_has_none = f"CASE WHEN count({magnitude}) {its} > 1 THEN {spread} END"
                    measures[AMPLITUDE.format(band=letter)] = one_alone_has_none
        for column in CLASS_COLUMNS:
            if sql := columns.expression(column):
                measures[column] = f"arg_max({sql}, {time})"
        return measures
