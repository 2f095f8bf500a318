"""Ownership of a store by one process, said before DuckDB would fail on it."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from backend.errors import StoreInUse
from backend.owned_file import OwnedByAnother, own


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
        try:
            self._file = own(self._path)
        except OwnedByAnother as error:
            raise StoreInUse(
                f"The store {store.name} is in use by process {error.owner}.",
                "Use another reader's name, or end that process first.",
            ) from error

    def release(self) -> None:
        """Let others own the store; the file stays, empty."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None
