"""One reader's alerts of one transfer: a DuckDB file in which rows and Kafka offsets change together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backend.alert_sink import ReadCounts
from backend.errors import CorruptAlert, InvalidRequest, QuicklookError
from backend.offset_ranges import OffsetRange, merged, next_unread
from backend.raw_batch import TrimmedRange
from backend.store_file import StoreFile, arriving, insert_each
from backend.store_scan import ROWS_PER_BATCH, scan, stream

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (topic VARCHAR, fingerprint VARCHAR, avro_schema VARCHAR, arrow_schema BLOB);
CREATE TABLE IF NOT EXISTS read_ranges (partition INTEGER, "begin" BIGINT, "end" BIGINT);
CREATE TABLE IF NOT EXISTS messages (read BIGINT, duplicates BIGINT);
CREATE TABLE IF NOT EXISTS corrupt
    (partition INTEGER, "offset" BIGINT, reason VARCHAR, PRIMARY KEY (partition, "offset"));
CREATE TABLE IF NOT EXISTS trimmed
    (partition INTEGER, "begin" BIGINT, "end" BIGINT, PRIMARY KEY (partition, "begin"));
INSERT INTO messages SELECT 0, 0 WHERE NOT EXISTS (FROM messages);
"""


class AlertStore:
    """The alerts, each ``candid`` once, with the offsets up to which they were read.

    Parameters
    ----------
    path
        The DuckDB file; made when it is not there. Beside it are a lock file and a folder for what exceeds the memory.
    memory_limit
        What DuckDB may use, in its notation.

    Raises
    ------
    StoreInUse
        When another process (or another part of this one) has the store open.
    QuicklookError
        When the file is not a store of this version.
    """

    def __init__(self, path: Path, *, memory_limit: str = "512MB") -> None:
        self.path = path
        self._file = StoreFile(path, memory_limit, _TABLES)
        try:
            self._take_over_offsets()
            self._counts = self._count()
            self._read_ranges = self._stored_ranges()
            if (schema := self.schema) is not None:
                self._file.settle(schema)
        except BaseException:
            self._file.close()
            raise
        self._positions: dict[int, int] = {}
        self.begin_at({})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let others have it; cursors end with it."""
        self._file.close()

    def prepare(self, topic: str, avro_schema: str, fingerprint: str, schema: pa.Schema) -> None:
        """Make the table of alerts; in a store that has one, check that it is for the same topic and schema.

        Raises
        ------
        InvalidRequest
            When the store holds another topic or schema, or the alerts have no ``candid``.
        """
        if "candid" not in schema.names or not pa.types.is_integer(schema.field("candid").type):
            raise InvalidRequest("The topic's alerts have no candid.", "It is not a topic of a transfer.")
        known = self.cursor().execute("SELECT topic, fingerprint FROM meta").fetchone()
        if known is None:
            self._file.settle(schema)
            with self._file.transaction() as connection, arriving(connection, schema.empty_table()):
                connection.execute("CREATE TABLE alerts AS FROM arriving")
                meta = [topic, fingerprint, avro_schema, schema.serialize().to_pybytes()]
                connection.execute("INSERT INTO meta VALUES (?, ?, ?, ?)", meta)
        elif known != (topic, fingerprint):
            what = f"the topic {known[0]}" if known[0] != topic else "another schema of this topic"
            raise InvalidRequest(f"The store {self.path.name} holds {what}.", "Read into a fresh store.")

    def append(
        self,
        table: pa.Table,
        offsets: Mapping[int, int],
        corrupt: Iterable[CorruptAlert] = (),
        trimmed: Iterable[TrimmedRange] = (),
    ) -> ReadCounts:
        """Add one batch: its new alerts and the next offsets, in one transaction.

        Parameters
        ----------
        table
            Decoded alerts; those whose ``candid`` is there already, or came before in the table, are only counted.
        offsets
            Partition -> offset of the next message to read: all from where this reading is to there is read now.
        corrupt, trimmed
            What the batch had that cannot be read: damaged messages, and offsets that retention removed.

        Returns
        -------
        ReadCounts
            Counts of the whole store, with this batch.

        Raises
        ------
        QuicklookError
            When the disk is full or fails; nothing of the batch is stored then.
        """
        read_ranges = {partition: self._with_read(partition, offset) for partition, offset in offsets.items()}
        set_aside = [(alert.partition, alert.offset, alert.reason) for alert in corrupt]
        with self._file.transaction() as connection:
            new = self._insert_new(connection, table) if table.num_rows else 0
            read, duplicates = table.num_rows + len(set_aside), table.num_rows - new
            connection.execute("UPDATE messages SET read = read + ?, duplicates = duplicates + ?", [read, duplicates])
            _write_ranges(connection, read_ranges)
            insert_each(connection, "INSERT OR IGNORE INTO corrupt VALUES (?, ?, ?)", set_aside)
            insert_each(connection, "INSERT OR IGNORE INTO trimmed VALUES (?, ?, ?)", trimmed)
        self._read_ranges |= read_ranges
        self._positions |= offsets
        self._counts = self._count()
        return self._counts

    def begin_at(self, offsets: Mapping[int, int]) -> None:
        """Let the next reading begin at the first unread message from these offsets on; without them, at the first.

        What lies before stays unread, for a later reading.
        """
        known = self._read_ranges.keys() | offsets.keys()
        self._positions = {
            partition: next_unread(self._read_ranges.get(partition, ()), offsets.get(partition, 0))
            for partition in known
        }

    def clear(self) -> None:
        """Forget all, so that the topic can be read again from the start; open cursors stay usable.

        Raises
        ------
        QuicklookError
            When the disk is full or fails; everything is still there then.
        """
        with self._file.transaction() as connection:
            connection.execute("DROP TABLE IF EXISTS alerts")
            for table in ("meta", "read_ranges", "corrupt", "trimmed"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608  (our own names)
            connection.execute("UPDATE messages SET read = 0, duplicates = 0")
        self._read_ranges, self._positions = {}, {}
        self._counts = self._count()

    @property
    def counts(self) -> ReadCounts:
        """What the store holds."""
        return self._counts

    @property
    def topic(self) -> str | None:
        """The topic that the store was made for; None before that is known."""
        known = self.cursor().execute("SELECT topic FROM meta").fetchone()
        return str(known[0]) if known else None

    @property
    def fingerprint(self) -> str | None:
        """The fingerprint of the topic's schema; None before that is known."""
        known = self.cursor().execute("SELECT fingerprint FROM meta").fetchone()
        return str(known[0]) if known else None

    @property
    def schema(self) -> pa.Schema | None:
        """The exact types of the alerts; None before they are known."""
        known = self.cursor().execute("SELECT arrow_schema FROM meta").fetchone()
        return pa.ipc.read_schema(pa.py_buffer(known[0])) if known else None

    def offsets(self) -> dict[int, int]:
        """Partition -> offset of the next message to read."""
        return dict(self._positions)

    def read_ranges(self) -> dict[int, tuple[OffsetRange, ...]]:
        """Partition -> what of it was read."""
        return dict(self._read_ranges)

    def corrupt(self) -> tuple[CorruptAlert, ...]:
        """The damaged messages that were set aside, with their place in the topic."""
        rows = self.cursor().execute('SELECT partition, "offset", reason FROM corrupt ORDER BY ALL').fetchall()
        topic = self.topic or ""
        return tuple(CorruptAlert(topic, *row) for row in rows)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Make a connection for one thread to query the table ``alerts`` with; it sees what is committed."""
        return self._file.cursor()

    @contextmanager
    def looking(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor for a few queries.

        Raises
        ------
        QuicklookError
            When they fail, such as where the store is emptied or closed at this moment.
        """
        try:
            cursor = self.cursor()
            try:
                yield cursor
            finally:
                cursor.close()
        except duckdb.Error as error:
            raise QuicklookError(f"The alerts cannot be looked at: {error}.", "Look again in a moment.") from error

    def scan(self, *, where: str = "", values: Sequence[object] = (), first: int | None = None) -> pa.RecordBatchReader:
        """Read alerts in batches, in no order, with their exact types, in bounded memory.

        Parameters
        ----------
        where, values
            A WHERE clause of the caller's own making and the values of its parameters; without one, all alerts.
        first
            Only among so many; None: all that are there now.

        Raises
        ------
        InvalidRequest
            When nothing was read into the store yet.
        """
        schema = self.schema
        if schema is None:
            raise InvalidRequest("The store is empty: not even the types of its alerts are known.", "Read first.")
        return scan(self._file, schema, where, values, first)

    def stream(
        self, query: str, values: Sequence[object] = (), rows_per_batch: int = ROWS_PER_BATCH
    ) -> Iterator[pa.RecordBatch]:
        """Give the rows of a query of the caller's own making in batches, in bounded memory.

        Raises
        ------
        QuicklookError
            When they cannot be read, such as where the disk has no room for what exceeds the memory.
        """
        yield from stream(self._file, query, values, rows_per_batch)

    def _insert_new(self, connection: duckdb.DuckDBPyConnection, table: pa.Table) -> int:
        column = table.column("candid")
        if column.null_count:
            raise QuicklookError(f"{column.null_count:,} alerts have no candid.", "They cannot be told apart.")
        if pc.count_distinct(column).as_py() < len(column):
            _, first = np.unique(column.to_numpy(), return_index=True)
            table = table.take(np.sort(first))
        with arriving(connection, table):
            # A join against the ids that are there is faster than a unique index that each insert must keep.
            inserted = connection.execute(
                "INSERT INTO alerts FROM arriving"
                " WHERE NOT EXISTS (SELECT 1 FROM alerts AS known WHERE known.candid = arriving.candid)"
            ).fetchone()
        return int(inserted[0]) if inserted else 0

    def _take_over_offsets(self) -> None:
        """Stores of an earlier version know only where each partition was read to, from its beginning."""
        if self.cursor().execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'offsets'").fetchone():
            with self._file.transaction() as connection:
                connection.execute("INSERT INTO read_ranges SELECT partition, 0, next_offset FROM offsets")
                connection.execute("DROP TABLE offsets")

    def _stored_ranges(self) -> dict[int, tuple[OffsetRange, ...]]:
        found: dict[int, list[OffsetRange]] = {}
        rows = self.cursor().execute('SELECT partition, "begin", "end" FROM read_ranges').fetchall()
        for partition, begin, end in rows:
            found.setdefault(partition, []).append(OffsetRange(begin, end))
        return {partition: merged(ranges) for partition, ranges in found.items()}

    def _with_read(self, partition: int, offset: int) -> tuple[OffsetRange, ...]:
        ranges = self._read_ranges.get(partition, ())
        return merged([*ranges, OffsetRange(self._positions.get(partition, 0), offset)])

    def _count(self) -> ReadCounts:
        cursor = self.cursor()
        read, duplicates, corrupt, trimmed = cursor.execute(
            "SELECT read, duplicates, (SELECT count(*) FROM corrupt),"
            ' (SELECT coalesce(sum("end" - "begin"), 0)::BIGINT FROM trimmed) FROM messages'
        ).fetchall()[0]
        return ReadCounts(read, read - duplicates - corrupt, duplicates, corrupt, trimmed)


def _write_ranges(connection: duckdb.DuckDBPyConnection, ranges: Mapping[int, Iterable[OffsetRange]]) -> None:
    insert_each(connection, "DELETE FROM read_ranges WHERE partition = ?", ((partition,) for partition in ranges))
    rows = ((partition, *each) for partition, several in ranges.items() for each in several)
    insert_each(connection, "INSERT INTO read_ranges VALUES (?, ?, ?)", rows)
