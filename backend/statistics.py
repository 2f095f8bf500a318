"""The statistics of an archive, as the statistics job wrote them, in a small DuckDB table in memory."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from backend.errors import ServiceUnavailable
from backend.models import ArchiveNights, Content, NightClass

SERVICE = "the statistics"
LOOK_S = 2.0
"""New folders are looked for so often."""
_SIZES = tuple(f"bytes_{content}" for content in Content)
_FIELDS: list[pa.Field[Any]] = [
    pa.field("night", pa.date32()),
    pa.field("finkclass", pa.string()),
    pa.field("tnsclass", pa.string()),
    *(pa.field(name, pa.int64()) for name in ("alerts", *_SIZES)),
]
_SCHEMA = pa.schema(_FIELDS)


def statistics_folder(statistics_uri: str, archive_uri: str) -> str:
    """The folder of one archive's statistics: never in the archive itself."""
    return f"{statistics_uri.rstrip('/')}/{hashlib.sha256(archive_uri.encode()).hexdigest()[:16]}"


class Statistics:
    """Counts per night and class; empty until the statistics job has run. Safe to use from several threads.

    Parameters
    ----------
    uri
        The archive's folder of statistics, as fsspec knows it.
    """

    def __init__(self, uri: str) -> None:
        self._fs, self._root = fsspec.core.url_to_fs(uri)
        self._connection = duckdb.connect()
        self._lock = threading.Lock()
        self._folders: tuple[str, ...] | None = None
        self._looked_at = float("-inf")
        self._updated_at: datetime | None = None

    def nights(self) -> ArchiveNights:
        """The nights with data.

        Raises
        ------
        ServiceUnavailable
            The folder is there and cannot be read.
        """
        rows = self._cursor().execute("SELECT DISTINCT night FROM statistics WHERE alerts > 0 ORDER BY night")
        return ArchiveNights(nights=tuple(row[0] for row in rows.fetchall()), updated_at=self._updated_at)

    def counts(self, nights: Sequence[date]) -> tuple[NightClass, ...]:
        """All that is known of these nights, per night and class.

        Raises
        ------
        ServiceUnavailable
            The folder is there and cannot be read.
        """
        sizes = ", ".join(f"coalesce({name}, 0)" for name in _SIZES)
        query = f"SELECT night, finkclass, tnsclass, alerts, {sizes} FROM statistics"  # noqa: S608 our names
        rows = self._cursor().execute(
            f"{query} WHERE night IN (SELECT unnest(?)) ORDER BY night, finkclass, tnsclass", [list(nights)]
        )
        return tuple(
            NightClass(night, finkclass, tnsclass, alerts, dict(zip(Content, sizes, strict=True)))
            for night, finkclass, tnsclass, alerts, *sizes in rows.fetchall()
        )

    def look_again(self) -> None:
        """Have the next question see what was written just now."""
        with self._lock:
            self._looked_at = float("-inf")

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if time.monotonic() - self._looked_at >= LOOK_S:
                self._load_new()
                self._looked_at = time.monotonic()
            return self._connection.cursor()

    def _load_new(self) -> None:
        try:
            folders = self._complete_folders()
            if folders == self._folders:
                return
            tables = [self._read(folder) for folder in folders]
        except (OSError, pa.ArrowException) as error:
            raise ServiceUnavailable(
                SERVICE, f"The statistics in {self._root} cannot be read: {error}.", "Have them made anew."
            ) from error
        rows = pa.concat_tables(tables) if tables else _with_folder(_SCHEMA.empty_table(), "")
        cursor = self._connection.cursor()
        cursor.register("arriving", rows)
        # A night that was counted again is in a younger folder; folders are named by their time.
        cursor.execute(
            "CREATE OR REPLACE TABLE statistics AS SELECT * EXCLUDE folder FROM arriving"
            " QUALIFY folder = max(folder) OVER (PARTITION BY night)"
        )
        self._folders = folders
        self._updated_at = _time_of(folders[-1]) if folders else None

    def _complete_folders(self) -> tuple[str, ...]:
        if not self._fs.isdir(self._root):
            return ()
        done = self._fs.glob(f"{self._root}/*/_SUCCESS")
        return tuple(sorted(str(path).rsplit("/", 1)[0] for path in done))

    def _read(self, folder: str) -> pa.Table:
        parts = []
        for path in self._fs.glob(f"{folder}/part-*.parquet"):
            with self._fs.open(path, "rb") as file:
                parts.append(pq.read_table(file).select(_SCHEMA.names).cast(_SCHEMA))
        return _with_folder(pa.concat_tables(parts) if parts else _SCHEMA.empty_table(), folder)


def _with_folder(table: pa.Table, folder: str) -> pa.Table:
    return table.append_column("folder", pa.array([folder] * table.num_rows, pa.string()))


def _time_of(folder: str) -> datetime:
    return datetime.strptime(folder.rsplit("/", 1)[-1], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
