"""Parquet files of many folders at once, with bounded memory and a bounded number of open files."""

from __future__ import annotations

import io
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

_GROUP_ROWS = 122_880
_GROUP_BYTES = 64_000_000
_BUFFER_BYTES = 128_000_000
_OPEN_FILES = 64
_STAMP = "stampData"


@dataclass(frozen=True)
class ParquetLayout:
    """Types and encodings of the files.

    Stamps are gzipped already and each is unlike the others: they are stored as they are.
    """

    schema: pa.Schema
    writer_options: dict[str, Any]

    @classmethod
    def of(cls, schema: pa.Schema, notes: Mapping[str, str]) -> Self:
        """Choose the encodings for a schema; ``notes`` become the files' metadata."""
        noted = schema.with_metadata({**(schema.metadata or {}), **{k.encode(): v.encode() for k, v in notes.items()}})
        leaves = _leaf_paths(schema)
        stamps = {path for path in leaves if path.split(".")[-1] == _STAMP}
        options: dict[str, Any] = {
            "compression": {path: "NONE" if path in stamps else "ZSTD" for path in leaves},
            "use_dictionary": [path for path in leaves if path not in stamps],
            "write_statistics": [path for path in leaves if path not in stamps],
        }
        return cls(noted, options)


class PartitionFiles:
    """Rows on their way to the files of their folders.

    Rows wait in memory until a row group of their folder is full, or all that wait is too much: then the folder with
    the most of it is written. The files used least recently are closed; their folders go on in a next file.

    Parameters
    ----------
    closing_notes
        More metadata, asked for when a file is closed.
    """

    def __init__(
        self, root: Path, layout: ParquetLayout, closing_notes: Callable[[], Mapping[str, str]] = dict[str, str]
    ) -> None:
        self._root = root
        self._layout = layout
        self._closing_notes = closing_notes
        self._waiting: dict[str, list[pa.Table]] = defaultdict(list)
        self._waiting_bytes: dict[str, int] = defaultdict(int)
        self._waiting_rows: dict[str, int] = defaultdict(int)
        self._open: OrderedDict[str, pq.ParquetWriter] = OrderedDict()
        self._files: dict[str, int] = defaultdict(int)
        self.rows = 0
        self.size_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            for folder in list(self._waiting):
                self._write(folder)
        while self._open:
            _, writer = self._open.popitem()
            with suppress(OSError) if error else nullcontext():  # a full disk does not take the end of the file either
                self._close(writer)
        if error is None:
            self.size_bytes = sum(path.stat().st_size for path in self._root.rglob("*.parquet"))

    @property
    def count(self) -> int:
        """Files begun, and folders whose first file will be."""
        return sum(self._files.values()) + sum(1 for folder in self._waiting if not self._files[folder])

    def add(self, folder: str, table: pa.Table) -> None:
        """Take rows for a folder, given relative to the root."""
        self.rows += table.num_rows
        self._waiting[folder].append(table)
        self._waiting_bytes[folder] += table.get_total_buffer_size()
        self._waiting_rows[folder] += table.num_rows
        if self._waiting_bytes[folder] >= _GROUP_BYTES or self._waiting_rows[folder] >= _GROUP_ROWS:
            self._write(folder)
        elif sum(self._waiting_bytes.values()) >= _BUFFER_BYTES:
            self._write(max(self._waiting_bytes, key=self._waiting_bytes.__getitem__))

    def _write(self, folder: str) -> None:
        table = pa.concat_tables(self._waiting.pop(folder)).cast(self._layout.schema)
        del self._waiting_bytes[folder], self._waiting_rows[folder]
        self._writer(folder).write_table(table, row_group_size=_GROUP_ROWS)

    def _writer(self, folder: str) -> pq.ParquetWriter:
        if folder in self._open:
            self._open.move_to_end(folder)
            return self._open[folder]
        if len(self._open) >= _OPEN_FILES:
            self._close(self._open.popitem(last=False)[1])
        path = self._root / folder / f"alerts-{self._files[folder]:04d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._files[folder] += 1
        writer = pq.ParquetWriter(path, self._layout.schema, **self._layout.writer_options)
        self._open[folder] = writer
        return writer

    def _close(self, writer: pq.ParquetWriter) -> None:
        writer.add_key_value_metadata(dict(self._closing_notes()))
        writer.close()


def _leaf_paths(schema: pa.Schema) -> list[str]:
    """The names by which Parquet knows the columns, those inside structs, lists and maps too."""
    buffer = io.BytesIO()
    pq.write_table(schema.empty_table(), buffer)
    columns = pq.ParquetFile(buffer).schema
    return [columns.column(index).path for index in range(len(columns))]
