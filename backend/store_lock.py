"""Ownership of a store by one process, said before DuckDB would fail on it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from backend.errors import StoreInUse


class StoreLock:
    """A lock file with the owner's process id in it; the system frees it with the process, however that ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self, store: Path) -> None:
        """Own the store.

        Raises
        ------
        StoreInUse
            When somebody else does; the message names the process.
        """
        file = self._path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            owner = file.read().strip() or "unknown"
            file.close()
            raise StoreInUse(
                f"The store {store.name} is in use by process {owner}.",
                "Use another reader's name, or end that process first.",
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Let others own the store; the file stays, empty."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None
