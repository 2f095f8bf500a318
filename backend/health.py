"""Whether the services answer: asked side by side, and not more often than every few seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor

from backend.errors import QuicklookError
from backend.models import ServiceHealth

LOOK_S = 2.0


def check_side_by_side(checks: Collection[Callable[[], object]]) -> None:
    """Make each check, in the time of the slowest.

    Raises
    ------
    QuicklookError
        What the first of those that failed raised, in the order given.
    """
    with ThreadPoolExecutor(len(checks), thread_name_prefix="check") as pool:
        for check in [pool.submit(check) for check in checks]:
            check.result()


class Health:
    """The health of several services. Safe to use from several threads.

    Parameters
    ----------
    checks
        Name of a service -> what raises `QuicklookError` when it does not answer, in bounded time.
    """

    def __init__(self, checks: Mapping[str, Callable[[], object]]) -> None:
        self._checks = checks
        self._lock = threading.Lock()
        self._looked_at: float | None = None
        self._found: tuple[ServiceHealth, ...] = ()

    def look(self) -> tuple[ServiceHealth, ...]:
        """Each service, with what is wrong with it, if anything."""
        with self._lock:
            if self._looked_at is None or time.monotonic() - self._looked_at >= LOOK_S:
                with ThreadPoolExecutor(len(self._checks), thread_name_prefix="health") as pool:
                    self._found = tuple(pool.map(_health_of, self._checks, self._checks.values()))
                self._looked_at = time.monotonic()
            return self._found


def _health_of(service: str, check: Callable[[], object]) -> ServiceHealth:
    try:
        check()
    except QuicklookError as error:
        return ServiceHealth(service=service, problem=str(error))
    return ServiceHealth(service=service)
