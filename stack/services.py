"""Kafka and Livy from wherever they are: named by the settings, running already, or started here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from backend.config import Settings, stack_addresses_path
from backend.errors import InvalidSettings
from backend.owned_file import is_owned
from backend.settings_reading import read_settings
from stack.embedded import EmbeddedStack
from stack.profiles import MakeStack
from stack.server_stack import OWNER_FILE, ServerStack


@contextmanager
def provided_services(
    report: Callable[[str], None], make_stack: MakeStack = EmbeddedStack
) -> Iterator[tuple[Settings, ServerStack | None]]:
    """The settings with the addresses of all servers, and the stack if it was started here (until the context ends).

    Parameters
    ----------
    make_stack
        Makes the stack to start when no servers are there.

    Raises
    ------
    InvalidSettings
        One of Kafka and Livy is named, and the other is not.
    QuicklookError
        A server does not come up.
    """
    settings = living_settings()
    if settings.livy_url and settings.kafka_bootstrap_servers:
        report(f"using Kafka on {settings.kafka_bootstrap_servers} and Livy on {settings.livy_url}; starting none")
        yield settings, None
        return
    if settings.livy_url or settings.kafka_bootstrap_servers:
        named, missing = "LIVY_URL", "KAFKA_BOOTSTRAP_SERVERS"
        if settings.kafka_bootstrap_servers:
            named, missing = missing, named
        raise InvalidSettings(
            f"{named} is set and {missing} is not.",
            "Set both, to use servers that run; or neither, to have them started.",
        )
    with make_stack(settings, report) as stack:
        yield stack.settings, stack


def living_settings() -> Settings:
    """The settings, without the addresses of a stack that was killed and could not take them back.

    Raises
    ------
    InvalidSettings
        They cannot work.
    """
    addresses = stack_addresses_path(read_settings().data_dir)
    if not is_owned(addresses.with_name(OWNER_FILE)):
        addresses.unlink(missing_ok=True)
    return read_settings()
