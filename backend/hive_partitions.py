"""Which hive folder each alert belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, cast
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backend.errors import InvalidRequest

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_TIME_FOLDERS = ("year", "month", "day")
_UNIX_EPOCH_JD = 2_440_587.5


class Partitions(Protocol):
    """A way to divide alerts into folders."""

    file_schema: pa.Schema
    """The columns that go into the files."""

    def split(self, batch: pa.RecordBatch) -> Iterator[tuple[str, pa.Table]]:
        """Divide a batch; gives each folder once, with its rows in order."""


class NoPartitions:
    """All in one place."""

    def __init__(self, schema: pa.Schema) -> None:
        self.file_schema = schema

    def split(self, batch: pa.RecordBatch) -> Iterator[tuple[str, pa.Table]]:
        """Give the batch as it is."""
        yield "", pa.Table.from_batches([batch])


class TimePartitions:
    """``year=YYYY/month=MM/day=DD`` by the UTC day of ``jd`` (or ``candidate.jd``), in days.

    Columns of these names, as an archive has them, are left out of the files: the folders say the same.

    Raises
    ------
    InvalidRequest
        When the alerts have neither.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._said_by_folders = [name for name in _TIME_FOLDERS if name in schema.names]
        self.file_schema = pa.schema([field for field in schema if field.name not in _TIME_FOLDERS])
        self._is_flat = "jd" in schema.names
        if not self._is_flat and not _has_field(schema, "candidate", "jd"):
            raise InvalidRequest("These alerts have no jd, so they cannot be partitioned by time.", "Use a class.")

    def split(self, batch: pa.RecordBatch) -> Iterator[tuple[str, pa.Table]]:
        """Divide by day; alerts without a time go to the folders of no value."""
        jd = batch.column("jd") if self._is_flat else pc.struct_field(batch.column("candidate"), "jd")
        days = np.floor(jd.to_numpy(zero_copy_only=False).astype(np.float64) - _UNIX_EPOCH_JD)
        dates = np.where(np.isfinite(days), days, np.nan)
        names = {day: _day_folder(day) for day in np.unique(dates)}
        folders = pa.array([names.get(day, _day_folder(day)) for day in dates], pa.string())
        yield from _groups(batch.drop_columns(self._said_by_folders), folders)


class ClassPartitions:
    """``<column>=<percent-encoded value>``.

    Raises
    ------
    InvalidRequest
        When the alerts lack the column.
    """

    def __init__(self, schema: pa.Schema, column: str) -> None:
        if column not in schema.names:
            raise InvalidRequest(f"These alerts have no {column}, so they cannot be partitioned by it.")
        self._column = column
        self.file_schema = schema.remove(schema.get_field_index(column))

    def split(self, batch: pa.RecordBatch) -> Iterator[tuple[str, pa.Table]]:
        """Divide by class."""
        values = batch.column(self._column)
        for value, rows in _groups(batch.drop_columns([self._column]), values):
            yield f"{self._column}={NO_VALUE if not value else quote(value, safe='')}", rows


def _groups(batch: pa.RecordBatch, keys: pa.Array[Any]) -> Iterator[tuple[Any, pa.Table]]:
    encoded = cast("pa.DictionaryArray[Any, Any]", pc.dictionary_encode(keys, null_encoding="encode"))
    codes = encoded.indices.to_numpy()
    for code, key in enumerate(encoded.dictionary.to_pylist()):
        yield key, pa.Table.from_batches([batch.take(np.flatnonzero(codes == code))])


def _day_folder(day: float) -> str:
    if np.isnan(day):
        return "/".join(f"{unit}={NO_VALUE}" for unit in _TIME_FOLDERS)
    year, month, day_of_month = str(np.datetime64(int(day), "D")).split("-")
    return f"year={year}/month={month}/day={day_of_month}"


def _has_field(schema: pa.Schema, column: str, child: str) -> bool:
    kind = schema.field(column).type if column in schema.names else None
    return kind is not None and pa.types.is_struct(kind) and kind.get_field_index(child) >= 0
