"""A file that one process owns at a time; the system frees it with the process, however that ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO


class OwnedByAnother(Exception):
    """Another process has the file.

    Parameters
    ----------
    owner
        Its process id, or ``unknown``.
    """

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.owner = owner


def own(path: Path) -> IO[str]:
    """Own the file, and write our process id into it.

    Returns
    -------
    IO
        It is owned while this is open.

    Raises
    ------
    OwnedByAnother
        When a living process has it.
    """
    file = path.open("a+")
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


def is_owned(path: Path) -> bool:
    """Whether a living process owns the file."""
    if not path.exists():
        return False
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
