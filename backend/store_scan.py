"""Reading a store from its first alert to its last, in batches, whatever it weighs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from backend.errors import QuicklookError
from backend.store_file import ROWS_PER_GROUP, StoreFile, is_heavy

ROWS_PER_BATCH, _HEAVY_ROWS_PER_BATCH = 2_048, 256
_HEAVY_ROWS_PER_PORTION = 1_024
"""DuckDB holds as many at once, in several forms: a whole group of heavy ones would be all of its memory."""


def scan(
    file: StoreFile, schema: pa.Schema, where: str, values: Sequence[object], first: int | None
) -> pa.RecordBatchReader:
    """Read the table ``alerts`` as of one moment, in no order.

    Parameters
    ----------
    schema
        The exact types.
    where, values
        A WHERE clause or nothing, and the values of its parameters.
    first
        Only among so many; None: all.
    """
    heavy = is_heavy(schema)
    step = _HEAVY_ROWS_PER_PORTION if heavy else ROWS_PER_GROUP
    rows_per_batch = _HEAVY_ROWS_PER_BATCH if heavy else ROWS_PER_BATCH

    def batches() -> Iterator[pa.RecordBatch]:
        with _reading(file) as cursor:
            cursor.begin()  # all portions are of one moment
            there = cursor.execute("SELECT count(*) FROM alerts").fetchall()[0][0]
            stop = there if first is None else min(first, there)
            for begin in range(0, stop, step):
                # Alerts are never deleted, so that their row ids run from 0 without a gap.
                portion = f"SELECT * FROM alerts WHERE rowid >= {begin} AND rowid < {min(begin + step, stop)}"  # noqa: S608
                for batch in _in_batches(cursor, f"FROM ({portion}) AS alerts {where}", values, rows_per_batch):
                    yield batch.cast(schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def stream(file: StoreFile, query: str, values: Sequence[object], rows_per_batch: int) -> Iterator[pa.RecordBatch]:
    """Give the rows of a query in batches.

    Raises
    ------
    QuicklookError
        When they cannot be read, such as where the disk has no room for what exceeds the memory.
    """
    with _reading(file) as cursor:
        yield from _in_batches(cursor, query, values, rows_per_batch)


@contextmanager
def _reading(file: StoreFile) -> Iterator[duckdb.DuckDBPyConnection]:
    cursor = file.cursor()
    try:
        yield cursor
    except duckdb.OutOfMemoryException as error:
        said = str(error).splitlines()[0]
        raise QuicklookError(
            f"The store {file.path} cannot be read: {said}.", "Set READER_MEMORY_MB higher, or take fewer alerts."
        ) from error
    except duckdb.Error as error:
        raise QuicklookError(f"The store {file.path} cannot be read: {error}.", "Is there room on its disk?") from error
    finally:
        cursor.close()


def _in_batches(
    cursor: duckdb.DuckDBPyConnection, query: str, values: Sequence[object], rows_per_batch: int
) -> Iterator[pa.RecordBatch]:
    # Of execute() DuckDB would hold all rows before it gives the first.
    yield from cursor.sql(query, params=list(values)).to_arrow_reader(rows_per_batch)
