"""Which hive folder each alert belongs to, so that every reader gives back all rows and the right class.

Readers guess the type of a column from the names of its folders. pandas fails on the folder that Hive has for nulls; so
an alert without a class is in ``finkclass=`` (an empty text), and one without a time in ``year=0/month=00/day=00``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal, Protocol, cast
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backend.alert_classes import UNKNOWN
from backend.errors import InvalidRequest
from backend.export_folder import LONGEST_ENTRY

PartitionBy = Literal["time", "finkclass", "tnsclass"]
_TIME_FOLDERS = ("year", "month", "day")
_NO_TIME = "year=0/month=00/day=00"
_WORDS_OF_VALUES = frozenset({"true", "false", "t", "f", "yes", "no", "nan", "inf", "infinity", "null", "epoch"})
_UNIX_EPOCH_JD = 2_440_587.5


class Partitions(Protocol):
    """A way to divide alerts into folders."""

    file_schema: pa.Schema
    """The columns that go into the files."""

    def split(self, batch: pa.RecordBatch) -> Iterator[tuple[str, pa.Table]]:
        """Divide a batch; gives each folder once, with its rows in order."""

    def remainder(self) -> Iterator[tuple[str, pa.Table]]:
        """What to add after the last batch, so that the names of the folders are understood."""


_DIVIDED_ROWS = 20_480
_DIVIDED_BYTES = 32_000_000


def divided(batches: Iterable[pa.RecordBatch], partitions: Partitions) -> Iterator[tuple[str, pa.Table]]:
    """Divide alerts into folders, many at once: where they come from many nights, each division has its price."""
    waiting: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        waiting.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= _DIVIDED_ROWS or size >= _DIVIDED_BYTES:
            yield from _divided_at_once(waiting, partitions)
            waiting, rows, size = [], 0, 0
    if waiting:
        yield from _divided_at_once(waiting, partitions)
    yield from partitions.remainder()


def _divided_at_once(batches: list[pa.RecordBatch], partitions: Partitions) -> Iterator[tuple[str, pa.Table]]:
    for whole in pa.Table.from_batches(batches).combine_chunks().to_batches():
        yield from partitions.split(whole)


def partitions(partition_by: PartitionBy | None, schema: pa.Schema, *, repeat: bool = False) -> Partitions:
    """The way to divide alerts of a schema.

    Parameters
    ----------
    repeat
        Keep in the files what the folders say, for readers that know nothing of folders.

    Raises
    ------
    InvalidRequest
        When the alerts lack the column to divide them by.
    """
    if partition_by is None:
        return NoPartitions(schema)
    if partition_by == "time":
        return TimePartitions(schema, repeat=repeat)
    return ClassPartitions(schema, partition_by, repeat=repeat)


class NoPartitions:
    """All in one place."""

    def __init__(self, schema: pa.Schema) -> None:
        self.file_schema = schema

    def split(self, batch: pa.RecordBatch) -> Iterator[tuple[str, pa.Table]]:
        """Give the batch as it is."""
        yield "", pa.Table.from_batches([batch])

    def remainder(self) -> Iterator[tuple[str, pa.Table]]:
        """Nothing."""
        yield from ()


class TimePartitions:
    """``year=YYYY/month=MM/day=DD`` by the UTC day of ``jd`` (or ``candidate.jd``), in days.

    Columns of these names, as an archive has them, are left out of the files unless they are to be repeated there: the
    folders say the same.

    Raises
    ------
    InvalidRequest
        When the alerts have neither.
    """

    def __init__(self, schema: pa.Schema, *, repeat: bool = False) -> None:
        self._said_by_folders = [name for name in _TIME_FOLDERS if name in schema.names and not repeat]
        self.file_schema = pa.schema([field for field in schema if field.name not in self._said_by_folders])
        self._is_flat = "jd" in schema.names
        if not self._is_flat and not _has_field(schema, "candidate", "jd"):
            raise InvalidRequest("These alerts have no jd, so they cannot be partitioned by time.", "Use a class.")

    def split(self, batch: pa.RecordBatch) -> Iterator[tuple[str, pa.Table]]:
        """Divide by day; alerts without a time go to the folder of year 0."""
        jd = batch.column("jd") if self._is_flat else pc.struct_field(batch.column("candidate"), "jd")
        days = np.floor(jd.to_numpy(zero_copy_only=False).astype(np.float64) - _UNIX_EPOCH_JD)
        dates = np.where(np.isfinite(days), days, np.nan)
        names = {day: _day_folder(day) for day in np.unique(dates)}
        folders = pa.array([names.get(day, _day_folder(day)) for day in dates], pa.string())
        yield from _groups(batch.drop_columns(self._said_by_folders), folders)

    def remainder(self) -> Iterator[tuple[str, pa.Table]]:
        """Nothing: years, months and days are numbers to all readers."""
        yield from ()


class ClassPartitions:
    """``<column>=<percent-encoded value>``.

    Raises
    ------
    InvalidRequest
        When the alerts lack the column.
    """

    def __init__(self, schema: pa.Schema, column: str, *, repeat: bool = False) -> None:
        if column not in schema.names:
            raise InvalidRequest(f"These alerts have no {column}, so they cannot be partitioned by it.")
        self._column = column
        self._said_by_folders = [] if repeat else [column]
        self.file_schema = schema if repeat else schema.remove(schema.get_field_index(column))
        self._reads_as_text = repeat

    def split(self, batch: pa.RecordBatch) -> Iterator[tuple[str, pa.Table]]:
        """Divide by class.

        Raises
        ------
        InvalidRequest
            When a class is longer than the name of a folder can be.
        """
        values = batch.column(self._column).cast(pa.string()).fill_null("")
        for value, rows in _groups(batch.drop_columns(self._said_by_folders), values):
            self._reads_as_text = self._reads_as_text or _is_surely_text(value)
            yield self._folder(value), rows

    def remainder(self) -> Iterator[tuple[str, pa.Table]]:
        """Where all classes look like numbers, dates or truth values: an empty table in a folder that does not."""
        if not self._reads_as_text:
            yield self._folder(UNKNOWN), self.file_schema.empty_table()

    def _folder(self, value: str) -> str:
        name = f"{self._column}={quote(value, safe='')}"
        if len(name) > LONGEST_ENTRY:
            raise InvalidRequest(
                f"The {self._column} {value[:60]}… is longer than the name of a folder can be.",
                "Choose other folders, or none.",
            )
        return name


def _groups(batch: pa.RecordBatch, keys: pa.Array[Any]) -> Iterator[tuple[Any, pa.Table]]:
    encoded = cast("pa.DictionaryArray[Any, Any]", pc.dictionary_encode(keys, null_encoding="encode"))
    codes = encoded.indices.to_numpy()
    for code, key in enumerate(encoded.dictionary.to_pylist()):
        yield key, pa.Table.from_batches([batch.take(np.flatnonzero(codes == code))])


def _day_folder(day: float) -> str:
    if np.isnan(day):
        return _NO_TIME
    year, month, day_of_month = str(np.datetime64(int(day), "D")).split("-")
    return f"year={year}/month={month}/day={day_of_month}"


def _is_surely_text(label: str) -> bool:
    """Whether no reader takes it for a number, a date or a truth value."""
    return re.match(r"[^\d\s.+-]", label) is not None and label.lower() not in _WORDS_OF_VALUES


def _has_field(schema: pa.Schema, column: str, child: str) -> bool:
    kind = schema.field(column).type if column in schema.names else None
    return kind is not None and pa.types.is_struct(kind) and kind.get_field_index(child) >= 0
