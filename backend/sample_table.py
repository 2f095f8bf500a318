"""The sample of the archive's alerts: Parquet files that DuckDB asks how many alerts of each class in each night match.

The files stay as they are and only the columns that a question names are read, so that half a million rows of 240
columns need no memory.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from backend.class_nights import SERVICE, ClassNights, Integers, SampleFile, night_of
from backend.errors import ServiceUnavailable

EXAMPLES = 10
"""Alerts that are shown of those that match."""
SETTINGS: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "1GB", "preserve_insertion_order": False}
_DAY = "date_diff('day', DATE '1970-01-01', night)"


@dataclass(frozen=True)
class Matching:
    """What the sample says of a request.

    Attributes
    ----------
    rows
        Matching rows of each entry of the statistics that was asked about.
    examples
        Identifiers of some matching alerts, the same ones each time.
    example_nights
        Their nights, in days since 1970.
    """

    rows: Integers
    examples: tuple[int, ...]
    example_nights: Integers


class SampleTable:
    """Questions to the sample. Safe to use from several threads.

    Parameters
    ----------
    folder
        Folder below which the files are; DuckDB can read nothing else, whatever it is asked.
    alert_id
        Name of the column that identifies an alert.
    """

    def __init__(self, folder: Path, alert_id: str) -> None:
        self._folder = folder
        self._alert_id = _name(alert_id)
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None

    def matching(self, chosen: ClassNights, files: Sequence[SampleFile], predicates: Sequence[str]) -> Matching:
        """Count the rows of the chosen nights and classes that fulfil all predicates.

        Parameters
        ----------
        chosen
            Entries of the statistics, in order of night and class.
        files
            The sample that belongs to the statistics, on this machine.
        predicates
            DuckDB SQL over the flat columns of the sample; null is no.

        Raises
        ------
        ServiceUnavailable
            The files cannot be read, or lack a column: another version wrote them.
        """
        measure = f"{_DAY} AS day, kind, {self._alert_id} AS id"
        found = self._ask(chosen, files, f"SELECT {measure} FROM chosen_rows", predicates)  # noqa: S608
        places, is_chosen = _places(chosen, found["day"], found["kind"])
        rows = np.bincount(places, minlength=len(chosen.night)).astype(np.int64)
        some = _some(found["id"][is_chosen])
        nights = np.asarray(found["day"], np.int64)[is_chosen][some]
        return Matching(rows, tuple(found["id"][is_chosen][some].tolist()), np.unique(nights))

    def count_each(self, chosen: ClassNights, files: Sequence[SampleFile], predicates: Sequence[str]) -> Integers:
        """Rows that fulfil each of the predicates by itself: an array of entries x predicates.

        Raises
        ------
        ServiceUnavailable
            As `matching`.
        """
        measures = ", ".join(f"count(*) FILTER (WHERE {each}) AS m{n}" for n, each in enumerate(predicates))
        query = f"SELECT {_DAY} AS day, kind, {measures} FROM chosen_rows GROUP BY ALL"  # noqa: S608
        found = self._ask(chosen, files, query, ())
        places, is_chosen = _places(chosen, found["day"], found["kind"])
        rows = np.zeros((len(chosen.night), len(predicates)), np.int64)
        for n in range(len(predicates)):
            rows[places, n] = found[f"m{n}"][is_chosen]
        return rows

    def values(
        self, chosen: ClassNights, files: Sequence[SampleFile], identifiers: Sequence[int], columns: Sequence[str]
    ) -> tuple[dict[str, Any], ...]:
        """These columns of some alerts, in the order of the identifiers.

        Raises
        ------
        ServiceUnavailable
            As `matching`.
        """
        if not identifiers:
            return ()
        names = ", ".join(f"{_name(column)} AS c{n}" for n, column in enumerate(columns))
        only = f"{self._alert_id} IN ({', '.join(str(each) for each in identifiers)})"
        query = f"SELECT {self._alert_id} AS id, {names} FROM chosen_rows"  # noqa: S608
        found = self._ask(chosen, files, query, (only,))
        rows = {
            found["id"][row]: {column: _plain(found[f"c{n}"][row]) for n, column in enumerate(columns)}
            for row in range(len(found["id"]))
        }
        return tuple(rows[each] for each in identifiers if each in rows)

    def _ask(
        self, chosen: ClassNights, files: Sequence[SampleFile], query: str, predicates: Sequence[str]
    ) -> dict[str, Any]:
        """Run a query over ``chosen_rows``: those of the chosen nights and classes, with the number of their class."""
        asked = _files_of(chosen, files)
        kinds = np.flatnonzero(np.bincount(chosen.kind))
        if not asked:  # DuckDB would say that there is nothing to read
            asked = tuple(files[:1])
        pairs = [chosen.classes[kind] for kind in kinds]
        classes = pa.table(
            {
                "wanted_fink": pa.array([fink for fink, _ in pairs], pa.string()),
                "wanted_tns": pa.array([tns for _, tns in pairs], pa.string()),
                "kind": pa.array(kinds, pa.int64()),
            }
        )
        where = " AND ".join(f"({each})" for each in (*_in_nights(chosen, asked), *predicates))
        naming = ", filename = true" if any(file.replaced for file in asked) else ""
        paths = ", ".join(_text(file.path) for file in asked)
        rows = f"SELECT * FROM read_parquet([{paths}], union_by_name = true{naming}) WHERE {where}"  # noqa: S608
        of_classes = f"SELECT * FROM ({rows}) JOIN classes ON finkclass = wanted_fink AND tnsclass = wanted_tns"  # noqa: S608
        with self._cursor() as cursor:
            cursor.register("classes", classes)
            return cursor.execute(f"WITH chosen_rows AS ({of_classes}) {query}").fetchnumpy()

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._lock:
            if self._connection is None:
                self._connection = _connect(self._folder)
            cursor = self._connection.cursor()
        try:
            yield cursor
        except duckdb.Error as error:
            raise ServiceUnavailable(
                SERVICE, f"The sample of the archive cannot be read: {error}.", "Have the statistics made anew."
            ) from error
        finally:
            cursor.close()


def _connect(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config=SETTINGS)
    connection.execute("SET parquet_metadata_cache = true")
    connection.execute("SET allowed_directories = ?", [[f"{folder}/"]])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _files_of(chosen: ClassNights, files: Sequence[SampleFile]) -> tuple[SampleFile, ...]:
    """The files that have chosen nights: no other is opened."""
    nights = frozenset(chosen.distinct_nights().tolist())
    return tuple(file for file in files if not nights.isdisjoint(file.nights))


def _in_nights(chosen: ClassNights, files: Sequence[SampleFile]) -> Iterator[str]:
    """Between the first and the last night, and not what another file has of a night that was counted again.

    Other nights between these two are dropped later: a long list of them would cost more.
    """
    if not len(chosen.night):
        yield "false"
        return
    first, last = night_of(chosen.night.min()), night_of(chosen.night.max())
    yield f"night BETWEEN DATE '{first}' AND DATE '{last}'"
    for file in files:
        for night in sorted(file.replaced):
            yield f"NOT (filename = {_text(file.path)} AND night = DATE '{night_of(night)}')"


def _places(chosen: ClassNights, days: Any, kinds: Any) -> tuple[Integers, Any]:
    """Place in `chosen` of each night and class that is there, and whether it is."""
    keys = chosen.night * len(chosen.classes) + chosen.kind
    found = np.asarray(days, np.int64) * len(chosen.classes) + np.asarray(kinds, np.int64)
    places = np.searchsorted(keys, found)
    is_chosen = places < len(keys)
    is_chosen[is_chosen] = keys[places[is_chosen]] == found[is_chosen]
    return places[is_chosen], is_chosen


def _some(identifiers: Any) -> Any:
    """Places of a few of them, the same ones in whatever order: those that a multiplication scatters to the front."""
    scattered = identifiers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    first = np.argpartition(scattered, EXAMPLES)[:EXAMPLES] if len(scattered) > EXAMPLES else np.arange(len(scattered))
    return first[np.argsort(scattered[first])]


def _plain(value: Any) -> Any:
    """A value of Python; None where there is none."""
    if value is None or value is np.ma.masked:
        return None
    return value.item() if isinstance(value, np.generic) else value


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
