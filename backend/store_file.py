"""The DuckDB file of a store: opened for one owner, tuned for its alerts, changed in transactions."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from backend.errors import QuicklookError
from backend.store_lock import StoreLock

ROWS_PER_GROUP, HEAVY_ROWS_PER_GROUP = 20_480, 2_048
"""Rows of a DuckDB row group, of light alerts and of heavy ones.

A batch of as many goes to the file at once; a group that is not full is written again with the next batch.
"""
_NO_DATABASE = "not a valid DuckDB database file"
_QUERIES_END_WITHIN_S, _LOOK_S = 30.0, 0.02


class StoreFile:
    """A DuckDB database of one owner.

    Parameters
    ----------
    path
        The file; made when it is not there. Beside it are a lock file and a folder for what exceeds the memory.
    memory_limit
        What DuckDB may use, in its notation.
    tables
        The statements that make its tables where they are not there.

    Raises
    ------
    StoreInUse
        When another process (or another part of this one) has it open.
    QuicklookError
        When it is not a file of this kind.
    """

    def __init__(self, path: Path, memory_limit: str, tables: str) -> None:
        self.path = path
        self._is_settled = False
        self._writing = threading.Lock()
        self._attaching = threading.Lock()
        self._lock = StoreLock(path.with_name(f"{path.name}.lock"))
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock.acquire(path)
        try:
            self._connection = self._open(memory_limit, tables)
        except BaseException:
            self._lock.release()
            raise

    def close(self) -> None:
        """Close it and let others have it; cursors end with it."""
        with self._writing:
            self._connection.close()
            self._lock.release()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Make a connection for one thread to query with; it sees what is committed."""
        with self._attaching:
            cursor = self._connection.cursor()
            cursor.execute("USE store")
        return cursor

    def settle(self, schema: pa.Schema) -> None:
        """Choose how alerts of this schema are stored; from then on nothing can be set, and nothing outside reached."""
        if self._is_settled:
            return
        if is_heavy(schema):
            with self._attaching:
                self._attach_again(HEAVY_ROWS_PER_GROUP)
            # Histories and stamps hardly shrink, and to try each way for each of their parts took half of all time.
            self._connection.execute("SET force_compression = 'uncompressed'")
        # Otherwise one thread alone may write.
        self._connection.execute("SET preserve_insertion_order = false")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")
        self._is_settled = True

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """All that is done with the connection is there afterwards, or nothing of it.

        Raises
        ------
        QuicklookError
            When the disk is full or fails.
        """
        with self._writing:
            self._connection.begin()
            try:
                yield self._connection
                self._connection.commit()
            except duckdb.Error as error:
                self._rollback()
                raise QuicklookError(
                    f"The store {self.path} cannot be written: {error}.",
                    "Make room on the disk, then go on: nothing is lost.",
                ) from error
            except BaseException:
                self._rollback()
                raise

    def _open(self, memory_limit: str, tables: str) -> duckdb.DuckDBPyConnection:
        spill = self.path.with_name(f"{self.path.name}.tmp")
        try:
            connection = duckdb.connect(
                ":memory:", config={"memory_limit": memory_limit, "temp_directory": str(spill), "threads": 2}
            )
            self._attach(connection, ROWS_PER_GROUP)
            connection.execute(tables)
        except duckdb.Error as error:
            is_sound = isinstance(error, duckdb.IOException) and _NO_DATABASE not in str(error)
            raise QuicklookError(
                f"The store {self.path} cannot be opened: {error}.",
                "Make room on its disk, or mend that, and try again."
                if is_sound
                else "Delete it, and read the topic again.",
            ) from error
        return connection

    def _attach_again(self, rows_per_group: int) -> None:
        """Attach the file with groups of another size; queries that run at this moment are waited for."""
        self._connection.execute("USE memory")
        self._connection.execute("DETACH store")
        deadline = time.monotonic() + _QUERIES_END_WITHIN_S
        while True:
            try:
                return self._attach(self._connection, rows_per_group)
            except duckdb.OperationalError:  # a query of a page still holds it
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_LOOK_S)

    def _attach(self, connection: duckdb.DuckDBPyConnection, rows_per_group: int) -> None:
        quoted = str(self.path).replace("'", "''")
        connection.execute(f"ATTACH '{quoted}' AS store (ROW_GROUP_SIZE {rows_per_group})")
        connection.execute("USE store")

    def _rollback(self) -> None:
        with suppress(duckdb.TransactionException):  # a failed commit has ended the transaction itself
            self._connection.rollback()


def is_heavy(schema: pa.Schema) -> bool:
    """Whether alerts have histories or stamps, and so some ten kilobytes each."""
    return any(_has_many_bytes(field.type) for field in schema)


def _has_many_bytes(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.StructType):
        return any(_has_many_bytes(kind.field(number).type) for number in range(kind.num_fields))
    return pa.types.is_list(kind) or pa.types.is_binary(kind)


@contextmanager
def arriving(connection: duckdb.DuckDBPyConnection, table: pa.Table) -> Iterator[None]:
    """Let statements call the table ``arriving``; DuckDB takes it apart in as many threads as it has row groups."""
    groups = table.combine_chunks().to_batches(max_chunksize=ROWS_PER_GROUP)
    connection.register("arriving", pa.Table.from_batches(groups, table.schema))
    try:
        yield
    finally:
        # A transaction that failed refuses that too, and its own error is the one to tell.
        with suppress(duckdb.TransactionException):
            connection.unregister("arriving")


def insert_each(connection: duckdb.DuckDBPyConnection, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Execute a statement with the values of each row."""
    listed = [list(row) for row in rows]
    if listed:
        connection.executemany(statement, listed)
