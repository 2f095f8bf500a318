"""An SQLite file that several processes and threads use at once, with errors that say what to do."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from backend.errors import QuicklookError, ServiceUnavailable

_PAUSE_S = 0.05
_OWNER_ONLY_FOLDER = 0o700
_OWNER_ONLY_FILE = 0o600
_PRIMARY_CODE = 0xFF  # the rest of SQLite's error code is detail

_SAID = {
    sqlite3.SQLITE_BUSY: ("is locked by another process", "Try again; if it stays so, end the process that hangs."),
    sqlite3.SQLITE_FULL: ("cannot grow: the disk is full", "Free some space, then try again."),
    sqlite3.SQLITE_IOERR: ("cannot be read or written", "Check the disk and the space on it."),
    sqlite3.SQLITE_READONLY: ("is read-only", "Check the rights of the file and of its folder."),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "Check the rights of the file and of its folder."),
    sqlite3.SQLITE_PERM: ("cannot be opened", "Check the rights of the file and of its folder."),
    sqlite3.SQLITE_CORRUPT: ("is damaged", "Move it away, or restore it from a copy, and start again."),
    sqlite3.SQLITE_NOTADB: ("is damaged", "Move it away, or restore it from a copy, and start again."),
}


class SqliteFile:
    """A file in WAL mode, with a short-lived connection for each use.

    Parameters
    ----------
    path
        The file; made, with its folder, if it is not there; only its owner can read it.
    name
        What it is, as the user knows it: ``the transfer log``.
    schema
        Statements that make its tables.
    version
        Version of the schema, kept in the file.
    busy_timeout_s
        Until another process must have finished its writing.

    Raises
    ------
    ServiceUnavailable
        The file cannot be opened or written, or is damaged.
    QuicklookError
        The file was written by a newer version of the product, or is something else.
    """

    def __init__(self, path: Path, *, name: str, schema: Sequence[str], version: int, busy_timeout_s: float) -> None:
        self._path = path
        self._name = name
        self._busy_timeout_s = busy_timeout_s
        try:
            path.parent.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, _OWNER_ONLY_FILE))
        except OSError as error:
            said = f"cannot be opened: {error.strerror}"
            raise self._unavailable(said, "Check the rights of the file and of its folder.") from error
        self._use_wal()
        self._prepare(schema, version)

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection in which each statement stands for itself; rows have names.

        Raises
        ------
        ServiceUnavailable
            SQLite cannot read or write the file; said in the user's words.
        """
        try:
            connected = sqlite3.connect(self._path, timeout=self._busy_timeout_s, isolation_level=None)
            with closing(connected):
                connected.row_factory = sqlite3.Row
                yield connected
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE
            if code not in _SAID:
                raise  # a mistake of ours in a statement
            said, hint = _SAID[code]
            raise self._unavailable(said, hint) from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A connection that alone may write, from the first statement to the last; all of them count, or none.

        Raises
        ------
        ServiceUnavailable
            As `connection`; another process writes for longer than the time-out.
        """
        with self.connection() as connected:
            connected.execute("BEGIN IMMEDIATE")
            try:
                yield connected
            except BaseException:
                if connected.in_transaction:  # SQLite itself rolls back when, for instance, the disk is full
                    connected.execute("ROLLBACK")
                raise
            connected.execute("COMMIT")

    def _use_wal(self) -> None:
        # SQLite does not wait for others in this one statement, so we do.
        deadline = time.monotonic() + self._busy_timeout_s
        while True:
            try:
                with self.connection() as connected:
                    mode = connected.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            except ServiceUnavailable as error:
                is_locked = isinstance(error.__cause__, sqlite3.OperationalError) and "locked" in str(error.__cause__)
                if not is_locked or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE_S)
                continue
            if mode != "wal":
                raise self._unavailable(
                    "is on a disk that cannot share it", "Set DATA_DIR to a folder on a local disk."
                )
            return

    def _prepare(self, schema: Sequence[str], version: int) -> None:
        with self.connection() as connected:
            if _version_of(connected) == version:
                return
        with self.transaction() as connected:
            found = _version_of(connected)
            if found > version:
                raise QuicklookError(
                    f"A newer version of this program wrote {self._name} {self._path}: "
                    f"form {found}, where this one knows {version}.",
                    "Use the newer version, or set DATA_DIR to another folder.",
                )
            if found == version:  # another process was quicker
                return
            if connected.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise QuicklookError(
                    f"The file {self._path} is not {self._name}.", "Move it away, or set DATA_DIR to another folder."
                )
            for statement in schema:
                connected.execute(statement)
            connected.execute(f"PRAGMA user_version = {version:d}")

    def _unavailable(self, said: str, hint: str) -> ServiceUnavailable:
        return ServiceUnavailable(self._name, f"{self._name.capitalize()} {self._path} {said}.", hint)


def _version_of(connected: sqlite3.Connection) -> int:
    return int(connected.execute("PRAGMA user_version").fetchone()[0])
