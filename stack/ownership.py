"""Who runs the stack of a ``DATA_DIR``: the process that holds the lock in its folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

OWNER_FILE = "owner"
"""In the folder of the addresses; a living stack holds a lock on it."""


class OwnedByAnother(Exception):
    """Another process runs a stack there.

    Parameters
    ----------
    owner
        Its process id, or ``unknown``.
    """

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.owner = owner


def own(folder: Path) -> IO[str]:
    """Take the lock that a living stack holds; the system gives it back however that one ends.

    Returns
    -------
    IO
        Open while the folder is owned.

    Raises
    ------
    OwnedByAnother
        When a living process has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / OWNER_FILE).open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        owner = file.read().strip() or "unknown"
        file.close()
        raise OwnedByAnother(owner) from error
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def is_owned(folder: Path) -> bool:
    """Whether a living stack holds the lock."""
    owner_file = folder / OWNER_FILE
    if not owner_file.exists():
        return False
    with owner_file.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
