"""The way to a Kafka of which somebody says the addresses; a user and a password come from the environment."""

from __future__ import annotations

import os
import re
from typing import Literal

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend.errors import InvalidRequest, InvalidSettings
from backend.kafka_access import KafkaAccess
from backend.logins import SASL, TLS

_SERVERS = re.compile(r"[^\s,:/@]+:\d{1,5}(,[^\s,:/@]+:\d{1,5})*|\[[0-9a-fA-F:]+\]:\d{1,5}")
_OTHER_SERVERS = "KAFKA_BOOTSTRAP_SERVERS"


class _KafkaLogin(BaseSettings):
    """How Kafka is entered, in the names that an installation uses; no file is read for it."""

    model_config = SettingsConfigDict(env_prefix="KAFKA_", extra="ignore", frozen=True, hide_input_in_errors=True)

    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: str = "SCRAM-SHA-512"
    username: str = ""
    password: SecretStr = SecretStr("")
    ca_file: str = ""


def access_to(servers: str) -> KafkaAccess:
    """The way to these servers.

    Parameters
    ----------
    servers
        ``host:port``, several with commas.

    Raises
    ------
    InvalidRequest
        These are no addresses.
    InvalidSettings
        The environment says how to enter, but not enough, or that it is for other servers.
    """
    addresses = ",".join(each.strip() for each in servers.split(","))
    if not _SERVERS.fullmatch(addresses):
        raise InvalidRequest(f"{servers!r} are not addresses of Kafka.", "Write host:port, several with commas.")
    try:
        login = _KafkaLogin()
    except ValidationError as error:
        names = ", ".join(f"KAFKA_{'.'.join(map(str, each['loc'])).upper()}" for each in error.errors())
        raise InvalidSettings(
            f"{names}: not a value that it can have.", "Unset it, or see docs/operations.md."
        ) from None
    if login.security_protocol in SASL:
        _check_login(login, addresses)
    return KafkaAccess(
        addresses,
        login.security_protocol,
        login.sasl_mechanism,
        login.username if login.security_protocol in SASL else "",
        login.password if login.security_protocol in SASL else SecretStr(""),
        login.ca_file if login.security_protocol in TLS else "",
    )


def _check_login(login: _KafkaLogin, addresses: str) -> None:
    """A password goes to the servers that it is for, and to no others."""
    if not (login.username and login.password.get_secret_value()):
        said = f"With KAFKA_SECURITY_PROTOCOL={login.security_protocol} set also KAFKA_USERNAME and KAFKA_PASSWORD."
        raise InvalidSettings(said)
    theirs = os.environ.get(_OTHER_SERVERS, "").replace(" ", "")
    if theirs and set(theirs.split(",")) != set(addresses.split(",")):
        raise InvalidSettings(
            f"KAFKA_PASSWORD is for the servers in {_OTHER_SERVERS}, which are others than those given.",
            f"Unset {_OTHER_SERVERS} if it is for these.",
        )
