"""The downloads of a process: one of a store prepared at a time, kept for a while, shared by pages and route."""

from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from backend.errors import InvalidRequest, QuicklookError
from backend.models import Phase
from backend.prepared_download import PreparedDownload, Write, remove_left
from backend.size_limits import size_text


class DownloadShelf:
    """Has downloads written, and hands out those that are ready until they expire.

    Parameters
    ----------
    folder
        Of all downloads; several processes may share it.
    keep
        How long a file is kept after it was written.
    """

    def __init__(self, folder: Path, keep: timedelta) -> None:
        self._folder = folder
        self._keep = keep
        self._lock = threading.Lock()
        self._downloads: list[PreparedDownload] = []
        self.sweep()

    def of_store(self, store: Path) -> tuple[PreparedDownload, ...]:
        """Those that are being written, ready or failed, the newest first."""
        self.sweep()
        with self._lock:
            return tuple(each for each in reversed(self._downloads) if each.store == store)

    def prepare(self, store: Path, wanted: Hashable, rows: int, needed_bytes: int, write: Write) -> PreparedDownload:
        """Begin to write a download; an earlier one of the same, and one that failed, make room for it.

        Parameters
        ----------
        store, wanted, rows
            As in `PreparedDownload`.
        needed_bytes
            The room that writing takes at most.
        write
            Called in a thread of its own.

        Raises
        ------
        InvalidRequest
            Another download of the store is being written.
        QuicklookError
            There is not enough room on the disk.
        """
        self.sweep()
        with self._lock:
            earlier = [each for each in self._downloads if each.store == store]
            if any(each.progress.phase is Phase.EXECUTING for each in earlier):
                raise InvalidRequest(
                    "Another download of these alerts is being prepared.", "Wait for it, or cancel it."
                )
            for each in earlier:
                if each.wanted == wanted or each.progress.phase is Phase.ERROR:
                    self._drop(each)
            self._check_room(needed_bytes)
            download = PreparedDownload(store, wanted, rows, self._folder)
            self._downloads.append(download)
        run = threading.Thread(target=download.write, args=(write, self._keep), name=f"download {store}", daemon=True)
        run.start()
        return download

    def discard(self, download: PreparedDownload) -> None:
        """Have no more of it: what is being written ends, what is ready is removed unless somebody fetches it."""
        download.cancel()
        with self._lock:
            if download.progress.phase.is_final:
                self._drop(download)

    @contextmanager
    def sent(self, address: str) -> Iterator[Path | None]:
        """The file at an address, which stays while it is sent; None when there is none, or not any more."""
        download = self._take(address)
        try:
            yield download.file if download else None
        finally:
            if download:
                with self._lock:
                    download.senders -= 1

    def sweep(self) -> None:
        """Remove what has expired, and what ended processes have left behind; nothing that is being sent."""
        with self._lock:
            for each in tuple(self._downloads):
                if each.is_expired or each.progress.phase is Phase.ABORTED:
                    self._drop(each)
            known = frozenset(each.folder.name for each in self._downloads)
        remove_left(self._folder, known)

    def close(self) -> None:
        """End and remove all downloads."""
        with self._lock:
            downloads, self._downloads = self._downloads, []
        for each in downloads:
            each.cancel()
            if each.progress.phase.is_final:
                each.remove()

    def _take(self, address: str) -> PreparedDownload | None:
        asked = address.encode()
        with self._lock:
            # All are compared, each in the same time: how long an answer takes tells nothing of an address.
            found = [each for each in self._downloads if secrets.compare_digest((each.address or "").encode(), asked)]
            if not asked or not found or found[0].is_expired:
                return None
            found[0].senders += 1
            return found[0]

    def _drop(self, download: PreparedDownload) -> None:
        if download in self._downloads and not download.senders:
            self._downloads.remove(download)
            download.remove()

    def _check_room(self, needed_bytes: int) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        free_bytes = shutil.disk_usage(self._folder).free
        if free_bytes < needed_bytes:
            raise QuicklookError(
                f"The download takes up to {size_text(needed_bytes)}, and {size_text(free_bytes)} are free.",
                f"Make room below {self._folder}, or have the alerts written elsewhere with the command.",
            )
