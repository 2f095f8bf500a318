"""A folder of files that a topic is read into: at any moment it has whole files of alerts, each alert once."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa

from backend.alert_export import SURVEY
from backend.alert_formats import AlertFormat, file_format
from backend.alert_schema import survey
from backend.alert_sink import ReadCounts
from backend.errors import CorruptAlert, InvalidRequest, QuicklookError
from backend.fetch_journal import IDS_FOLDER, PARTIAL_FOLDER, FetchJournal
from backend.fetch_segment import FetchSegment
from backend.fetch_state import NAMED_DAMAGE, Damage, FetchState, Move
from backend.hive_partitions import PartitionBy, partitions
from backend.raw_batch import TrimmedRange
from backend.seen_alerts import SeenAlerts

SEGMENT_MESSAGES = 500_000
SEGMENT_BYTES = 1_000_000_000
"""A segment ends with the first of the two; the bytes are those in memory, before compression."""
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class FetchedFolder:
    """Keeps alerts in files; what was read becomes part of it a segment at a time.

    The files of a segment are written below ``.quicklook-partial``. Then the state file is replaced: with that one
    step the segment counts, with the offsets after it. Then its files get their names. Whoever opens the folder
    finishes that, and removes what does not count. The ids of all alerts are kept in files beside the others and in
    memory, 8 bytes each, until the fetch is complete.

    Parameters
    ----------
    path
        The folder; made when it is not there.
    topic, alert_format, partition_by
        What it is for.
    notes
        Become part of the files' metadata.
    segment_messages, segment_bytes
        When a segment ends.

    Raises
    ------
    InvalidRequest
        On entering: the folder has other things in it, or is for something else; it is left as it is.
    StoreInUse
        On entering: another process writes to it.
    """

    def __init__(
        self,
        path: Path,
        topic: str,
        *,
        alert_format: AlertFormat = "parquet",
        partition_by: PartitionBy | None = None,
        notes: Mapping[str, str] | None = None,
        segment_messages: int = SEGMENT_MESSAGES,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self.path = path
        self._format = alert_format
        self._partition_by = partition_by
        self._notes = dict(notes or {})
        self._segment_messages = segment_messages
        self._segment_bytes = segment_bytes
        self._seen = SeenAlerts()
        self._segment: FetchSegment | None = None
        self._schema: pa.Schema | None = None
        self._is_broken = False
        self._changing = threading.RLock()
        self.closing_notes: Callable[[], Mapping[str, str]] = dict[str, str]
        """Gives what more becomes part of a Parquet file's metadata when it is closed, such as the receipt."""
        self.refusal: InvalidRequest | None = None
        """Why alerts of the topic's schema cannot be taken; None when they can."""
        fresh = FetchState(topic=topic, file_format=alert_format, partition_by=partition_by)
        self._journal = FetchJournal(path, fresh)

    def __enter__(self) -> Self:
        with self._on_disk():
            self._journal.__enter__()
            try:
                for name in self.state.id_files:
                    self._seen.add(self._read_ids(self.path / IDS_FOLDER / name))
            except BaseException:
                self._journal.__exit__(None, None, None)
                raise
        self._pending = self.state
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changing:  # a reader's thread that was not waited for may be about to write
            self._is_broken = True
            if self._segment is not None:  # not once it is finished: from then on the state file decides
                self._segment.abandon()
            self._journal.__exit__(kind, error, trace)

    @property
    def state(self) -> FetchState:
        """What counts."""
        return self._journal.state

    @property
    def counts(self) -> ReadCounts:
        """What was read, with what does not count yet."""
        now = self._pending
        return ReadCounts(now.messages, now.distinct, now.duplicates, now.corrupt, now.trimmed)

    def offsets(self) -> dict[int, int]:
        """Partition -> offset of the next message to read."""
        return dict(self._pending.offsets)

    def prepare(self, topic: str, avro_schema: str, fingerprint: str, schema: pa.Schema) -> None:
        """Get ready for alerts of this schema.

        Raises
        ------
        InvalidRequest
            The folder has alerts of another schema, or these cannot be told apart, not be partitioned so, or do not fit
            the format. It stays in `refusal`.
        """
        try:
            self._prepare(topic, fingerprint, schema)
        except InvalidRequest as error:
            self.refusal = error
            raise

    def _prepare(self, topic: str, fingerprint: str, schema: pa.Schema) -> None:
        if self._pending.schema_fingerprint not in ("", fingerprint):
            said = f"The folder {self.path} holds alerts of {topic} with another schema: the topic was made anew."
            raise InvalidRequest(said, "Choose another folder.")
        if "candid" not in schema.names or not pa.types.is_integer(schema.field("candid").type):
            raise InvalidRequest("The topic's alerts have no candid.", "It is not a topic of a transfer.")
        self._schema = schema
        self._partitions = partitions(self._partition_by, schema, repeat=self._format != "parquet")
        notes = {"topic": topic, "schema_fingerprint": fingerprint, **self._notes}
        self._layout = file_format(self._format, self._partitions.file_schema, survey(SURVEY), notes)
        self._pending = self._changed(schema_fingerprint=fingerprint, left_out=self._layout.left_out)

    def append(
        self,
        table: pa.Table,
        offsets: Mapping[int, int],
        corrupt: Iterable[CorruptAlert] = (),
        trimmed: Iterable[TrimmedRange] = (),
    ) -> ReadCounts:
        """Take one batch; where the segment is large enough then, it ends with it.

        Raises
        ------
        QuicklookError
            The disk is full or fails. The segment is given up: it is read again the next time. Or the folder was left.
        """
        with self._changing:
            return self._append(table, offsets, corrupt, trimmed)

    def _append(
        self,
        table: pa.Table,
        offsets: Mapping[int, int],
        corrupt: Iterable[CorruptAlert],
        trimmed: Iterable[TrimmedRange],
    ) -> ReadCounts:
        if self._is_broken:
            raise QuicklookError(f"Nothing more is written to {self.path}.", "The same command goes on from there.")
        damaged = [Damage(partition=each.partition, offset=each.offset, reason=each.reason) for each in corrupt]
        lost = sum(each.end - each.begin for each in trimmed)
        with self._on_disk():
            new = self._add(table, offsets)
        now = self._pending
        self._pending = self._changed(
            offsets={**now.offsets, **offsets},
            messages=now.messages + table.num_rows + len(damaged),
            duplicates=now.duplicates + table.num_rows - new,
            corrupt=now.corrupt + len(damaged),
            trimmed=now.trimmed + lost,
            damaged=(*now.damaged, *damaged)[:NAMED_DAMAGE],
        )
        read = self._pending.messages - self.state.messages
        if read >= self._segment_messages or (self._segment and self._segment.size_bytes >= self._segment_bytes):
            self.commit()
        return self.counts

    def commit(self) -> None:
        """End the segment, so that all that was appended counts, and stays.

        Raises
        ------
        QuicklookError
            The disk is full or fails.
        """
        with self._changing:
            self._commit()

    def _commit(self) -> None:
        if self._is_broken or self._pending == self.state:
            return
        moves: tuple[Move, ...] = ()
        with self._on_disk():
            now = self._changed(segments=self._pending.segments + 1)
            if self._segment is not None:
                ids_name = f"{now.segments:06d}.npy"
                moves, size = self._segment.finish(max(now.messages - 1, 0), now.offsets, ids_name)
                files, all_bytes = now.files + len(moves) - 1, now.size_bytes + size
                changes = {"files": files, "size_bytes": all_bytes, "id_files": (*now.id_files, ids_name)}
                now = now.model_copy(update=changes)
                self._segment = None
            self._journal.commit(now, moves)
            self._pending = now

    def conclude(self, complete: bool, message: str, published: int | None) -> None:
        """Commit, and note the verdict; where it is complete, what only a resumed fetch needs is removed.

        Raises
        ------
        QuicklookError
            The disk is full or fails.
        """
        with self._changing:
            self._conclude(complete, message, published)

    def _conclude(self, complete: bool, message: str, published: int | None) -> None:
        if self._is_broken:
            return
        with self._on_disk():
            if complete and self._schema is not None and not self._pending.distinct:
                self._begin_segment().add_nothing(self._partitions.file_schema)
                self._pending = self._changed(message=message)
        self.commit()
        ids = () if complete else self._pending.id_files
        self._pending = self._changed(complete=complete, message=message, published=published, id_files=ids)
        with self._on_disk():
            self._journal.commit(self._pending)

    def _add(self, table: pa.Table, offsets: Mapping[int, int]) -> int:
        """Add the alerts that are new to the segment; give their number."""
        if not table.num_rows:
            return 0
        column = table.column("candid")
        if column.null_count:
            raise QuicklookError(f"{column.null_count:,} alerts have no candid.", "They cannot be told apart.")
        mask, ids = self._seen.new_among(column.to_numpy().astype(np.int64, copy=False))
        if len(ids) < table.num_rows:
            table = table.filter(pa.array(mask))
        if len(ids):
            segment = self._segment or self._begin_segment()
            segment.add(table, ids, offsets)
            self._seen.add(ids)
        return len(ids)

    def _begin_segment(self) -> FetchSegment:
        was = self.state
        staging = f"{PARTIAL_FOLDER}/{was.segments:06d}"
        self._segment = FetchSegment(
            self.path, staging, self._partitions, self._layout, was.messages, was.offsets, self.closing_notes
        )
        return self._segment

    def _changed(self, **changes: Any) -> FetchState:
        return self._pending.model_copy(update=changes)

    @staticmethod
    def _read_ids(path: Path) -> Any:
        try:
            return np.load(path, allow_pickle=False)
        except (OSError, ValueError) as error:
            said = f"{path}, which says what was fetched, is gone or damaged."
            raise QuicklookError(said, "Fetch again, into another folder.") from error

    @contextmanager
    def _on_disk(self) -> Iterator[None]:
        """After a failure in here nothing is written any more; opening the folder again finds what counts."""
        try:
            yield
        except OSError as error:
            self._is_broken = True
            first = "Make room on the disk" if error.errno in _NO_ROOM else "Mend that, or choose another folder"
            raise QuicklookError(
                f"The alerts cannot be written to {self.path}: {error}.",
                f"{first}; then give the same command again: it goes on from what is there.",
            ) from error
        except BaseException:
            self._is_broken = True
            raise
