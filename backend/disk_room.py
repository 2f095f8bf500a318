"""Room on a disk, looked at before it is needed: a disk that is full is said while everything can still be stored."""

from __future__ import annotations

import shutil
from pathlib import Path

from backend.errors import DiskFull

RESERVE_BYTES = 200_000_000
"""Left free for others, and for the bookkeeping of what is stored."""


class DiskRoom:
    """The disk of a folder.

    Parameters
    ----------
    folder
        Any folder on it, which is there.
    reserve_bytes
        What must stay free.
    growth
        How many bytes a byte becomes that is written there, at most.
    """

    def __init__(self, folder: Path, reserve_bytes: int = RESERVE_BYTES, growth: float = 1.0) -> None:
        self._folder = folder
        self._reserve_bytes = reserve_bytes
        self._growth = growth

    def require(self, size_bytes: int) -> None:
        """Check that so much can be written.

        Raises
        ------
        DiskFull
            It cannot; the message has what is needed and what is there.
        """
        size_bytes = round(self._growth * size_bytes)
        free = shutil.disk_usage(self._folder).free
        if free - self._reserve_bytes < size_bytes:
            raise DiskFull(
                f"The disk of {self._folder} has {_size(free)} free, and {_size(size_bytes)} are needed beside a "
                f"reserve of {_size(self._reserve_bytes)}.",
                "Make room on it, or take a part; what was read stays, and reading goes on from there.",
            )


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:,.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:,.0f} MB"
