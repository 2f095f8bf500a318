"""Kafka and Livy from wherever they are: named by the settings, running already, or started here."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.config import Settings, stack_addresses_path
from stack.embedded import OWNER_FILE, EmbeddedStack


@contextmanager
def provided_services(report: Callable[[str], None]) -> Iterator[tuple[Settings, EmbeddedStack | None]]:
    """The settings with the addresses of both servers, and the stack if it was started here (until the context ends).

    Raises
    ------
    QuicklookError
        A server does not come up.
    """
    addresses = stack_addresses_path(Settings().data_dir)
    if not _is_owned(addresses.with_name(OWNER_FILE)):
        addresses.unlink(missing_ok=True)  # a stack that was killed could not remove it
    settings = Settings()
    if settings.livy_url and settings.kafka_bootstrap_servers:
        report(f"using Kafka on {settings.kafka_bootstrap_servers} and Livy on {settings.livy_url}")
        yield settings, None
        return
    with EmbeddedStack(settings, report) as stack:
        yield stack.settings, stack


def _is_owned(owner_file: Path) -> bool:
    """Whether a living stack holds the lock."""
    if not owner_file.exists():
        return False
    with owner_file.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
