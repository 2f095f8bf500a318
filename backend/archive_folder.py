"""The archive as the dashboard sees it: is it there? The job alone reads it."""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from typing import Any

from backend.errors import ServiceUnavailable
from backend.shared_files import WITHOUT_HDFS, SharedFiles

SERVICE = "the archive"


def check_archive(uri: str, timeout_s: float, files: SharedFiles = WITHOUT_HDFS) -> None:
    """Make sure that a folder answers at the archive's address.

    Parameters
    ----------
    uri
        A path, or an address.
    timeout_s
        Until a slow file system must have answered.
    files
        Opens it.

    Raises
    ------
    InvalidSettings
        There is no way to such an address.
    ServiceUnavailable
        There is no folder, or it does not answer in time.
    """
    file_system, path = files.open(uri)
    answer: queue.Queue[bool | Exception] = queue.Queue()
    # A hanging network mount cannot be interrupted: a daemon thread may be left to it, and ends with the process.
    threading.Thread(target=_ask, args=(file_system, path, answer), name="archive", daemon=True).start()
    try:
        is_there = answer.get(timeout=timeout_s)
    except queue.Empty as error:
        raise ServiceUnavailable(
            SERVICE, f"The archive at {uri} has not answered for {timeout_s:g} s.", "Try again later."
        ) from error
    if isinstance(is_there, Exception):
        raise ServiceUnavailable(SERVICE, f"The archive at {uri} cannot be read: {is_there}.") from is_there
    if not is_there:
        raise ServiceUnavailable(SERVICE, f"There is no archive at {uri}.", "Set ARCHIVE_URI to its folder.")


def _ask(file_system: Any, path: str, answer: queue.Queue[bool | Exception]) -> None:
    try:
        answer.put(bool(file_system.isdir(path)))
    except (OSError, ValueError, ImportError) as error:
        answer.put(error)


def absolute_uri(archive_uri: str) -> str:
    """A relative folder, as the cluster's processes must see it; a URI stays as it is."""
    return archive_uri if "://" in archive_uri else str(Path(archive_uri).absolute())
