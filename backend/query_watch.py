"""A watch over one query: it ends when its time is up, or when it takes the memory that the reader needs."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

import duckdb

MEMORY_SHARE = 0.7
"""Of DuckDB's memory, how much may be in use while a query takes more: a batch of the reader would fail otherwise."""
OWN_SHARE = 0.1
"""What a query may take in any case: it is not to blame for what the reader has in use."""
MAX_SPILL_BYTES = 4_000_000_000
"""What a query may put on the disk of what exceeds the memory."""
_LOOK_S = 0.05
_IN_USE = """
SELECT coalesce(sum(memory_usage_bytes) FILTER (WHERE tag NOT IN ('BASE_TABLE', 'IN_MEMORY_TABLE')), 0)::BIGINT,
    coalesce(sum(temporary_storage_bytes), 0)::BIGINT FROM duckdb_memory()
"""
_UNITS = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


class QueryWatch:
    """Interrupts a connection's query, again and again until it ends: an interrupt between two queries is lost.

    Parameters
    ----------
    watched
        The connection of the query.
    other
        A connection of its own to the same database, to look at the memory with.
    time_limit_s
        From entering on.
    """

    def __init__(
        self, watched: duckdb.DuckDBPyConnection, other: duckdb.DuckDBPyConnection, time_limit_s: float
    ) -> None:
        self._watched = watched
        self._other = other
        self._time_limit_s = time_limit_s
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="query watch", daemon=True)
        self.reason = ""
        """Why it was ended: the end of a sentence; empty when it was not."""

    def __enter__(self) -> Self:
        self._deadline = time.monotonic() + self._time_limit_s
        limit_bytes = self._memory_limit_bytes()
        in_use_bytes, spilled_bytes = self._in_use()
        self._end_above_bytes = max(MEMORY_SHARE * limit_bytes, in_use_bytes + OWN_SHARE * limit_bytes)
        self._end_above_spilled_bytes = spilled_bytes + MAX_SPILL_BYTES
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(min(_LOOK_S, max(0.001, self._deadline - time.monotonic()))):
            self.reason = self.reason or self._why_to_end()
            if self.reason:
                self._watched.interrupt()

    def _why_to_end(self) -> str:
        if time.monotonic() >= self._deadline:
            return f"after {self._time_limit_s:g} s, the time that a query has"
        try:
            in_use_bytes, spilled_bytes = self._in_use()
        except duckdb.Error:  # the memory is full, or the store is closed: both end the query by themselves
            return ""
        if in_use_bytes > self._end_above_bytes:
            return "because it took the memory that the reader needs"
        return "because it wrote too much to the disk" if spilled_bytes > self._end_above_spilled_bytes else ""

    def _in_use(self) -> tuple[int, int]:
        """Bytes of memory but for pages of tables, which DuckDB gives up when it needs them; bytes on the disk."""
        memory_bytes, spilled_bytes = self._other.execute(_IN_USE).fetchall()[0]
        return memory_bytes, spilled_bytes

    def _memory_limit_bytes(self) -> float:
        number, unit = self._other.execute("SELECT current_setting('memory_limit')").fetchall()[0][0].split()
        return float(number) * _UNITS[unit]
