"""How long the steps of a job take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Seconds by name of what they were spent on."""

    def __init__(self) -> None:
        self.laps_s: dict[str, float] = {}

    @contextmanager
    def lap(self, name: str) -> Iterator[None]:
        """Add the time until the end of the block."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.laps_s[name] = round(self.laps_s.get(name, 0.0) + time.monotonic() - began, 3)
