"""Parquet: row groups of a sensible size, zstd, stamps as they are, notes in the metadata."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

_GROUP_ROWS = 122_880
_STAMP = "stampData"
_NOTE = "alert_quicklook."
_REPEATING = {"BYTE_ARRAY", "INT32"}
"""Texts and small numbers, such as classes and bands."""


@dataclass(frozen=True)
class ParquetFormat:
    """Types and encodings of the files.

    Stamps are gzipped already and each is unlike the others: they are stored as they are. Floats and ids hardly
    repeat: a dictionary of them would take twice the time, and a third more room.
    """

    schema: pa.Schema
    writer_options: dict[str, Any]
    suffix: str = ".parquet"
    rows_per_group: int = _GROUP_ROWS
    left_out: tuple[str, ...] = ()
    closing_notes: Callable[[], Mapping[str, str]] = dict[str, str]
    """More metadata, asked for when a file is closed."""

    @classmethod
    def of(cls, schema: pa.Schema, notes: Mapping[str, str]) -> Self:
        """Choose the encodings for a schema; ``notes`` become the files' metadata, under ``alert_quicklook.``."""
        noted = {key.encode(): text.encode() for key, text in _noted(notes).items()}
        leaves = _leaf_kinds(schema)
        stamps = {path for path in leaves if path.split(".")[-1] == _STAMP}
        options: dict[str, Any] = {
            "compression": {path: "NONE" if path in stamps else "ZSTD" for path in leaves},
            "use_dictionary": [path for path in leaves if path not in stamps and leaves[path] in _REPEATING],
            "write_statistics": [path for path in leaves if path not in stamps],
        }
        return cls(schema.with_metadata({**(schema.metadata or {}), **noted}), options)

    def fitted(self, alerts: pa.Table) -> pa.Table:
        """The alerts as they are, with units and notes."""
        return alerts.cast(self.schema)

    def rows_per_file(self, table: pa.Table) -> int | None:
        """Files grow by row groups."""
        return None

    def open(self, path: Path) -> ParquetFile:
        """Begin a file."""
        return ParquetFile(pq.ParquetWriter(path, self.schema, **self.writer_options), self.closing_notes)


class ParquetFile:
    """A Parquet file that is being written."""

    def __init__(self, writer: pq.ParquetWriter, closing_notes: Callable[[], Mapping[str, str]]) -> None:
        self._writer = writer
        self._closing_notes = closing_notes

    def write(self, table: pa.Table) -> None:
        """Add rows as row groups."""
        self._writer.write_table(table, row_group_size=_GROUP_ROWS)

    def close(self) -> None:
        """Write the footer."""
        self._writer.add_key_value_metadata(_noted(self._closing_notes()))
        self._writer.close()


def _noted(notes: Mapping[str, str]) -> dict[str, str]:
    return {f"{_NOTE}{key}": text for key, text in notes.items()}


def _leaf_kinds(schema: pa.Schema) -> dict[str, str]:
    """The names by which Parquet knows the columns, those inside structs, lists and maps too -> how it stores them."""
    buffer = io.BytesIO()
    pq.write_table(schema.empty_table(), buffer)
    columns = pq.ParquetFile(buffer).schema
    leaves = [columns.column(index) for index in range(len(columns))]
    return {leaf.path: leaf.physical_type for leaf in leaves}
