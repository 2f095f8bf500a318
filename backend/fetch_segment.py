"""One segment of a fetch: the files of a run of messages, under names that do not count yet."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from backend.durable_files import flush
from backend.fetch_journal import IDS_FOLDER
from backend.fetch_state import Move
from backend.hive_partitions import Partitions
from backend.parquet_files import ParquetFormat
from backend.partition_files import FileFormat, PartitionFiles
from backend.seen_alerts import Ids

_IDS = "ids.npy"


class FetchSegment:
    """The alerts of the messages from one on, of all partitions, on their way to one file a folder.

    Parameters
    ----------
    root
        The folder of the fetch.
    staging
        Where to write, relative to it; must not be there yet.
    partitions, file_format
        Which folder an alert belongs to, and how files are written.
    first
        Number of its first message, counted over all partitions.
    begins
        Partition -> offset of its first message.
    closing_notes
        Gives what else becomes part of the metadata of Parquet files when they are closed.
    """

    def __init__(
        self,
        root: Path,
        staging: str,
        partitions: Partitions,
        file_format: FileFormat,
        first: int,
        begins: Mapping[int, int],
        closing_notes: Callable[[], Mapping[str, str]] = dict[str, str],
    ) -> None:
        self._root = root
        self._staging = staging
        self._partitions = partitions
        self._first = first
        self._begins = dict(begins)
        self._ends = self._begins
        self._more_notes = closing_notes
        self._ids: list[Ids] = []
        self.size_bytes = 0
        (root / staging).mkdir(parents=True)
        if isinstance(file_format, ParquetFormat):
            file_format = replace(file_format, closing_notes=self._closing_notes)
        self._files = PartitionFiles(root / staging, file_format)

    def add(self, table: pa.Table, ids: Ids, ends: Mapping[int, int]) -> None:
        """Take alerts, their ids, and where the reader stands after them."""
        self._ends = dict(ends)
        self._ids.append(ids)
        self.size_bytes += table.get_total_buffer_size()
        for batch in table.to_batches():
            for folder, part in self._partitions.split(batch):
                self._files.add(folder, part)

    def add_nothing(self, schema: pa.Schema) -> None:
        """Have one file without alerts, which says at least their types."""
        self._files.add("", schema.empty_table())

    def finish(self, last: int, ends: Mapping[int, int], ids_name: str) -> tuple[tuple[Move, ...], int]:
        """Write everything out to the disk.

        Parameters
        ----------
        last
            Number of its last message.
        ends
            Where the reader stands after it.
        ids_name
            What the file of its ids is to be called.

        Returns
        -------
        tuple
            How the files get their final names, those of alerts first, and the bytes of these.
        """
        staging, self._ends = self._root / self._staging, dict(ends)
        for folder, part in self._partitions.remainder():
            self._files.add(folder, part)
        self._files.__exit__(None, None, None)
        files = self._files.paths
        with (staging / _IDS).open("wb") as file:
            np.save(file, np.sort(np.concatenate([np.empty(0, np.int64), *self._ids])))
        for path in (*staging.rglob("*"), staging, staging.parent):
            flush(path)
        moves, of_folder = [], dict[Path, int]()
        for path in files:
            place = path.parent.relative_to(staging)
            of_folder[place] = number = of_folder.get(place, 0) + 1
            name = f"alerts-{self._first:012d}-{last:012d}" + (f"-{number}" if number > 1 else "") + path.suffix
            moves.append(Move(source=str(path.relative_to(self._root)), target=str(place / name)))
        ids = Move(source=f"{self._staging}/{_IDS}", target=f"{IDS_FOLDER}/{ids_name}")
        return (*moves, ids), self._files.size_bytes

    def abandon(self) -> None:
        """Give it up; what it has written is removed."""
        with suppress(OSError):
            self._files.__exit__(OSError, OSError(), None)
        staging = self._root / self._staging
        shutil.rmtree(staging, ignore_errors=True)
        with suppress(OSError):
            staging.parent.rmdir()

    def _closing_notes(self) -> dict[str, str]:
        """Partition -> the offsets of the segment, from the first up to, without, the second; what else is known."""
        ranges = {number: (self._begins.get(number, 0), end) for number, end in sorted(self._ends.items())}
        return {"offsets": json.dumps(ranges), **self._more_notes()}
