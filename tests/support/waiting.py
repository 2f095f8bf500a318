"""Waiting for what happens elsewhere, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

POLL_S = 0.1


def wait_for(what: Callable[[], Any], within_s: float) -> Any:
    """Ask again and again; give the first answer that is true."""
    deadline = time.monotonic() + within_s
    while not (found := what()):
        assert time.monotonic() < deadline, f"did not happen within {within_s} s"
        time.sleep(POLL_S)
    return found
