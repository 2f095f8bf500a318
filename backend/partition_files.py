"""Files of many folders at once, of whatever format, with bounded memory and a bounded number of open files."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from contextlib import nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import pyarrow as pa

_GROUP_BYTES = 64_000_000
_BUFFER_BYTES = 128_000_000
_OPEN_FILES = 200


class AlertFile(Protocol):
    """A file that is being written."""

    def write(self, table: pa.Table) -> None:
        """Add rows, as the format fits them."""

    def close(self) -> None:
        """End the file."""


class FileFormat(Protocol):
    """How alerts of one schema become files."""

    @property
    def suffix(self) -> str:
        """End of the files' names, with its dot."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """The columns that it has no place for."""

    @property
    def rows_per_group(self) -> int:
        """Rows that are worth to be written at once."""

    def fitted(self, alerts: pa.Table) -> pa.Table:
        """The alerts with the very columns that files have."""

    def rows_per_file(self, table: pa.Table) -> int | None:
        """How many of these rows a file takes, which is written whole then; None: files grow."""

    def open(self, path: Path) -> AlertFile:
        """Begin a file."""


class PartitionFiles:
    """Rows on their way to the files of their folders.

    Rows wait in memory until a group of their folder is full, or all that wait is too much: then the folder with
    the most of it is written. The files used least recently are closed; their folders go on in a next file.

    Parameters
    ----------
    root
        Where the folders are, or will be.
    file_format
        How files are written; see `backend.alert_formats.file_format`.
    stem
        Beginning of the files' names; a running number of the folder follows.
    """

    def __init__(self, root: Path, file_format: FileFormat, stem: str = "alerts") -> None:
        self._root = root
        self._format = file_format
        self._stem = stem
        self._waiting: dict[str, list[pa.Table]] = defaultdict(list)
        self._waiting_bytes: dict[str, int] = defaultdict(int)
        self._waiting_rows: dict[str, int] = defaultdict(int)
        self._open: OrderedDict[str, AlertFile] = OrderedDict()
        self._files: dict[str, int] = defaultdict(int)
        self._paths: list[Path] = []
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            for folder in list(self._waiting):
                self._write(folder)
        while self._open:
            _, file = self._open.popitem()
            with suppress(OSError) if error else nullcontext():  # a full disk does not take the end of a file either
                file.close()

    @property
    def folders(self) -> frozenset[str]:
        """The folders that were given rows or an empty table."""
        return frozenset((*self._files, *self._waiting))

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that were begun, in that order; whole once this is closed."""
        return tuple(self._paths)

    @property
    def size_bytes(self) -> int:
        """Of the files, as they are on the disk now."""
        return sum(path.stat().st_size for path in self._paths)

    def add(self, folder: str, table: pa.Table) -> None:
        """Take rows for a folder, given relative to the root; a table without rows makes a file without rows."""
        self.rows += table.num_rows
        self._waiting[folder].append(table)
        self._waiting_bytes[folder] += table.nbytes
        self._waiting_rows[folder] += table.num_rows
        if self._waiting_bytes[folder] >= _GROUP_BYTES or self._waiting_rows[folder] >= self._format.rows_per_group:
            self._write(folder)
        elif sum(self._waiting_bytes.values()) >= _BUFFER_BYTES:
            self._write(max(self._waiting_bytes, key=self._waiting_bytes.__getitem__))

    def _write(self, folder: str) -> None:
        table = self._format.fitted(pa.concat_tables(self._waiting.pop(folder)))
        del self._waiting_bytes[folder], self._waiting_rows[folder]
        rows = self._format.rows_per_file(table)
        if rows is None:
            self._growing(folder).write(table)
            return
        for begin in range(0, max(table.num_rows, 1), rows):
            file = self._begin(folder)
            file.write(table.slice(begin, rows))
            file.close()

    def _growing(self, folder: str) -> AlertFile:
        if folder in self._open:
            self._open.move_to_end(folder)
            return self._open[folder]
        if len(self._open) >= _OPEN_FILES:
            self._open.popitem(last=False)[1].close()
        self._open[folder] = self._begin(folder)
        return self._open[folder]

    def _begin(self, folder: str) -> AlertFile:
        path = self._root / folder / f"{self._stem}-{self._files[folder]:04d}{self._format.suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._files[folder] += 1
        file = self._format.open(path)
        self._paths.append(path)
        return file
