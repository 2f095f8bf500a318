"""FITS: a binary table with units and comments, nulls by TNULL, where the alerts come from in its header."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from astropy.io import fits

from backend.column_meanings import description_of, unit_of
from backend.flat_columns import FlatColumns
from backend.table_columns import ROWS_PER_FILE, Nulls, Values, standard_unit, values_and_nulls

_FILE_BYTES = 128_000_000
_CARD, _VALUE_BEGINS, _VALUE_LENGTH = 80, 10, 20
_NO_FLAG = 255
_FORMATS = {"int32": "J", "int64": "K", "float32": "E", "float64": "D", "bool": "L", "uint8": "B"}


@dataclass(frozen=True)
class FitsFormat:
    """Each file is one table, in the first extension.

    FITS has no null but of integers: a float without a value is NaN, a text without one is empty, and a column of
    booleans that has nulls is one of bytes, 1 and 0. Texts are UTF-8, of the length of the longest in the file;
    blanks at their end are lost.
    """

    columns: FlatColumns
    notes: Mapping[str, str]
    suffix: str = ".fits"
    rows_per_group: int = ROWS_PER_FILE

    @property
    def left_out(self) -> tuple[str, ...]:
        """Lists and images."""
        return self.columns.left_out

    def fitted(self, alerts: pa.Table) -> pa.Table:
        """The alerts as a flat table."""
        return self.columns.of(alerts)

    def rows_per_file(self, table: pa.Table) -> int | None:
        """Fewer where a text is long, for all of its column are stored in that length."""
        row_bytes = sum(_width(table.column(name)) for name in table.column_names)
        return max(1, min(ROWS_PER_FILE, _FILE_BYTES // max(1, row_bytes)))

    def open(self, path: Path) -> FitsFile:
        """Name a file."""
        return FitsFile(path, self.columns.schema, self.notes)


class FitsFile:
    """A FITS file that is written at once."""

    def __init__(self, path: Path, schema: pa.Schema, notes: Mapping[str, str]) -> None:
        self._path = path
        self._schema = schema
        self._notes = notes

    def write(self, table: pa.Table) -> None:
        """Write the file; called once."""
        columns = [_column(field, table.column(field.name)) for field in self._schema]
        extension = fits.BinTableHDU.from_columns(columns, nrows=table.num_rows, name="ALERTS")
        for number, field in enumerate(self._schema, start=1):
            room = _CARD - _VALUE_BEGINS - max(_VALUE_LENGTH, len(field.name) + 2) - len(" / ")
            extension.header.comments[f"TTYPE{number}"] = description_of(field)[: max(0, room)]
        for key, text in self._notes.items():
            keyword = re.sub(r"[^A-Z0-9]", "_", key.upper())[:8]
            extension.header[keyword] = text.encode("ascii", "backslashreplace").decode()
        fits.HDUList([fits.PrimaryHDU(), extension]).writeto(self._path)

    def close(self) -> None:
        """Nothing is left to do."""


def _column(field: pa.Field[Any], column: pa.ChunkedArray[Any]) -> fits.Column:
    values, nulls = values_and_nulls(column)
    unit = standard_unit(unit_of(field), "fits")
    if values.dtype == object:
        encoded = np.array([text.encode() for text in values], dtype=bytes)
        return fits.Column(field.name, f"{max(1, encoded.itemsize)}A", unit, array=encoded)
    null = None
    if nulls.any() and values.dtype.kind in "ib":
        values, null = _with_null(values, nulls)
    return fits.Column(field.name, _FORMATS[values.dtype.name], unit, null=null, array=values)


def _with_null(values: Values, nulls: Nulls) -> tuple[Values, int]:
    """Put a number that does not occur in place of the nulls."""
    if values.dtype == np.bool_:
        return np.where(nulls, _NO_FLAG, values).astype(np.uint8), _NO_FLAG
    there = np.unique(values[~nulls])
    lowest = int(np.iinfo(values.dtype).min)
    gaps = np.flatnonzero(there != lowest + np.arange(len(there)))
    free = lowest + int(gaps[0] if len(gaps) else len(there))
    return np.where(nulls, values.dtype.type(free), values), free


def _width(column: pa.ChunkedArray[Any]) -> int:
    if pa.types.is_string(column.type):
        return pc.max(pc.binary_length(column)).as_py() or 1
    return 1 if pa.types.is_null(column.type) or pa.types.is_boolean(column.type) else column.type.bit_width // 8
