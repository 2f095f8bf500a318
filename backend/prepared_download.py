"""One download: a file that is written in the background, in a folder of its own that nobody guesses."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from backend.errors import QuicklookError
from backend.models import Phase
from backend.owned_file import is_owned, own

_TOKEN_BYTES = 32
_OWNER = ".owner"
"""Held by the process that offers the file; a folder whose owner nobody holds was left by one that has ended."""
_GRACE_S = 60.0
"""A folder so young may have no owner yet."""

Tell = Callable[[int], None]
"""Is told how many rows are written so far; raises when the download is not wanted any more."""
Write = Callable[[Path, Tell], Path]
"""Writes one file somewhere below a folder, and gives its path."""


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """How far a download is: one moment, never changed."""

    phase: Phase = Phase.EXECUTING
    rows: int = 0
    """Written so far."""
    rate_per_s: float = 0.0
    size_bytes: int = 0
    """Of the file, once it is there."""
    expires_at: datetime | None = None
    message: str = ""
    """Why it failed."""


class PreparedDownload:
    """One file for the browser: being written, ready, or failed.

    Parameters
    ----------
    store
        Where the alerts lie; two readers of a topic can have read differently far.
    wanted
        Which of them, and in which form: equal for two downloads of the same.
    rows
        How many will be written.
    downloads
        The folder in which it gets its own.
    """

    def __init__(self, store: Path, wanted: Hashable, rows: int, downloads: Path) -> None:
        self.store = store
        self.wanted = wanted
        self.rows = rows
        self.progress = DownloadProgress()
        self.file: Path | None = None
        """The file, once it is ready."""
        self.senders = 0
        """How many are fetching it at this moment; the shelf counts them."""
        self.folder = downloads / secrets.token_urlsafe(_TOKEN_BYTES)
        self._cancelled = threading.Event()
        self._deciding = threading.Lock()
        """Held while it is cancelled or offered: one of the two is first."""
        self._began_at = time.monotonic()
        self.folder.mkdir(parents=True, mode=0o700)
        self._owner: IO[str] = own(self.folder / _OWNER)

    @property
    def address(self) -> str | None:
        """Of the file, below the route of downloads: whoever is told it can fetch it. None before it is ready."""
        return f"{self.folder.name}/{self.file.name}" if self.file else None

    @property
    def is_expired(self) -> bool:
        """Whether it has been kept for long enough."""
        expires_at = self.progress.expires_at
        return expires_at is not None and datetime.now(UTC) >= expires_at

    def write(self, write: Write, keep: timedelta) -> None:
        """Write the file; however that ends, `progress` says so, and nothing stays of what was not finished."""
        try:
            file = write(self.folder, self._tell)
            self._tell(self.progress.rows)
            self._offer(file, keep)
        except _Cancelled:
            self._end(Phase.ABORTED)
        except QuicklookError as error:
            self._end(Phase.ERROR, str(error))
        except Exception:
            self._end(Phase.ERROR, "The download ended by a defect; the log has the details.")
            raise

    def cancel(self) -> None:
        """Ask it to end; `write` removes what there is of it, unless it is ready already."""
        with self._deciding:
            self._cancelled.set()

    def remove(self) -> None:
        """Remove the file, and all that belongs to it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._owner.close()

    def _offer(self, file: Path, keep: timedelta) -> None:
        size_bytes = file.stat().st_size
        with self._deciding:
            if self._cancelled.is_set():
                raise _Cancelled
            self.file = file
            self._change(phase=Phase.COMPLETED, size_bytes=size_bytes, expires_at=datetime.now(UTC) + keep)

    def _end(self, phase: Phase, message: str = "") -> None:
        self.remove()
        self._change(phase=phase, message=message)

    def _tell(self, rows: int) -> None:
        if self._cancelled.is_set():
            raise _Cancelled
        self._change(rows=rows, rate_per_s=rows / max(time.monotonic() - self._began_at, 0.001))

    def _change(self, **changes: object) -> None:
        self.progress = replace(self.progress, **changes)  # type: ignore[arg-type]


def remove_left(downloads: Path, known: frozenset[str]) -> None:
    """Remove the folders that processes have left behind which ended without doing so.

    Parameters
    ----------
    downloads
        The folder of all downloads; several processes may share it.
    known
        Names of the folders that are ours.
    """
    for folder in downloads.iterdir() if downloads.is_dir() else ():
        if folder.name not in known and _is_left(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_left(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime > _GRACE_S and not is_owned(folder / _OWNER)
    except (FileNotFoundError, PermissionError):
        return False  # its owner has just removed it, or is another account


class _Cancelled(Exception):
    """The download is not wanted any more."""
