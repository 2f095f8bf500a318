"""One process at a time: a lock that the system gives back when its holder ends, in whatever way."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusively(folder: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold ``folder`` while another process does not; tell ``on_wait`` once when it must be waited for."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
