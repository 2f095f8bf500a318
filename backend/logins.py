"""Users and passwords among the settings: kept out of addresses, whole, and never sent to another server. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from pydantic import SecretStr

TLS, SASL = frozenset({"SSL", "SASL_SSL"}), frozenset({"SASL_PLAINTEXT", "SASL_SSL"})
"""Kafka's protocols with encryption, and with a user."""
_ADDRESS_OF = {"kafka_": "kafka_bootstrap_servers", "livy_": "livy_url", "webhdfs_": "webhdfs_url"}
"""Which setting says whose login the others, that begin so, are."""


def without_login(url: str) -> tuple[str, tuple[str, str] | None]:
    """The address as all may see it, and the user and password that were in it."""
    parts = urlsplit(url)
    address = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return address, (unquote(parts.username), unquote(parts.password or "")) if parts.username else None


def with_login(address: str, username: str, password: str) -> SecretStr:
    """The address with user and password in it."""
    parts = urlsplit(address)
    login = f"{quote(username, safe='')}:{quote(password, safe='')}"
    return SecretStr(urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc}")))


def of_same_servers(offered: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """What a running stack offers, without how to enter servers whose place is taken by others.

    Parameters
    ----------
    named
        The settings that were given.
    """
    foreign = tuple(prefix for prefix, address in _ADDRESS_OF.items() if named.get(address))
    return {name: value for name, value in offered.items() if not name.startswith(foreign)}


def check_kafka(protocol: str, given: Mapping[str, bool]) -> None:
    """Check that the settings about entering Kafka are neither too few nor too many.

    Parameters
    ----------
    protocol
        The value of ``KAFKA_SECURITY_PROTOCOL``.
    given
        Name of each other setting that depends on it -> whether it is set.

    Raises
    ------
    ValueError
        One is missing, or would have no effect; by name.
    """
    wanted = {
        "KAFKA_USERNAME": protocol in SASL,
        "KAFKA_PASSWORD": protocol in SASL,
        "KAFKA_JOB_SECRETS_FILE": protocol in SASL,
        "KAFKA_CA_FILE": protocol in TLS,
        "KAFKA_JOB_CA_FILE": protocol in TLS,
    }
    needed = [name for name, is_wanted in wanted.items() if is_wanted and not name.endswith("CA_FILE")]
    if missing := [name for name in needed if not given[name]]:
        raise ValueError(f"With KAFKA_SECURITY_PROTOCOL={protocol} set also {' and '.join(missing)}")
    if useless := [name for name, is_wanted in wanted.items() if given[name] and not is_wanted]:
        raise ValueError(
            f"{' and '.join(useless)} would not be used with KAFKA_SECURITY_PROTOCOL={protocol}: "
            "unset it, or choose another protocol"
        )
