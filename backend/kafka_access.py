"""The way to Kafka: its addresses, how to get in, and in our words why it does not let us in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from pydantic import SecretStr

from backend.config import Settings
from backend.errors import ServiceUnavailable
from backend.logins import SASL, TLS
from backend.models import KafkaTarget

PLAINTEXT = "PLAINTEXT"
GROUP = "alert-quicklook"
"""Consumer group of our readers: librdkafka wants one, and asks for its coordinator; nothing is ever committed."""
_LOGGER = logging.getLogger(__name__)
_NO_SECRET = SecretStr("")
_REFUSED = {KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED}
_FORBIDDEN = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}
_SAYS_NOTHING = {KafkaError._ALL_BROKERS_DOWN}  # it follows each of the others
_FILE_PROVIDER = "org.apache.kafka.common.config.provider.FileConfigProvider"

Client = TypeVar("Client")


@dataclass(frozen=True)
class KafkaAccess:
    """Where Kafka is and how we get in: with addresses alone, without encryption and password.

    Parameters
    ----------
    servers
        Addresses of the brokers, ``host:port``, separated by commas.
    security_protocol, sasl_mechanism
        In Kafka's words.
    username, password
        Used where the protocol is a SASL one.
    ca_file
        PEM file of those who have signed the brokers' certificates; empty: whom the system trusts.
    """

    servers: str
    security_protocol: str = PLAINTEXT
    sasl_mechanism: str = "SCRAM-SHA-512"
    username: str = ""
    password: SecretStr = _NO_SECRET
    ca_file: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """What the settings say.

        Raises
        ------
        ServiceUnavailable
            They name no broker.
        """
        if not settings.kafka_bootstrap_servers:
            raise ServiceUnavailable(
                "Kafka",
                "No address of Kafka is known.",
                "Start the embedded one (make run, or make stack), or set KAFKA_BOOTSTRAP_SERVERS.",
            )
        return cls(
            servers=settings.kafka_bootstrap_servers,
            security_protocol=settings.kafka_security_protocol,
            sasl_mechanism=settings.kafka_sasl_mechanism,
            username=settings.kafka_username or "",
            password=settings.kafka_password or _NO_SECRET,
            ca_file=str(settings.kafka_ca_file or ""),
        )

    def client_settings(self) -> dict[str, Any]:
        """What a client of librdkafka needs; the password is in it, so that it is for the client alone."""
        conf: dict[str, Any] = {"bootstrap.servers": self.servers}
        if self.security_protocol != PLAINTEXT:
            conf["security.protocol"] = self.security_protocol
        if self.security_protocol in TLS and self.ca_file:
            conf["ssl.ca.location"] = self.ca_file
        if self.security_protocol in SASL:
            conf["sasl.mechanism"] = self.sasl_mechanism
            conf["sasl.username"] = self.username
            conf["sasl.password"] = self.password.get_secret_value()
        return conf

    def client(
        self, kind: Callable[[dict[str, Any]], Client], settings: dict[str, Any], complaints: Complaints | None = None
    ) -> Client:
        """A client of librdkafka.

        Parameters
        ----------
        kind
            Its class.
        settings
            What it needs beside the way to Kafka, in librdkafka's words.
        complaints
            Are told why there is no connection.

        Raises
        ------
        ServiceUnavailable
            It cannot be made: the file of the authorities is not there, a mechanism is not known.
        """
        note = {} if complaints is None else {"error_cb": complaints.note}
        try:
            # librdkafka would print on standard error.
            return kind({**self.client_settings(), "log_level": 0, **note, **settings})
        except KafkaException as error:
            said = error.args[0].str().partition(": ")[2] or error.args[0].str()
            known = {"ssl.ca": "KAFKA_CA_FILE", "mechanism": "KAFKA_SASL_MECHANISM"}
            about = next((name for word, name in known.items() if word in said), "Kafka's client")
            raise ServiceUnavailable("Kafka", f"{about} cannot be used: {said}.", "Check the settings.") from error

    def unreachable(self) -> ServiceUnavailable:
        """That nobody answers."""
        hint = "KAFKA_BOOTSTRAP_SERVERS and KAFKA_SECURITY_PROTOCOL"
        said = f"Kafka at {self.servers} cannot be reached."
        return ServiceUnavailable("Kafka", said, f"Start it, or check {hint}; then try again.")

    def refusal(self, error: KafkaError, right: str = "") -> ServiceUnavailable | None:
        """What an error means by which Kafka keeps us out; None for any other.

        Parameters
        ----------
        right
            What was wanted, as Kafka names the right to it, and of which topic: ``READ the topic x``.
        """
        where = f"Kafka at {self.servers}"
        if error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED:
            return self._forbidden(f"READ the group {GROUP}")
        if error.code() in _FORBIDDEN:
            return self._forbidden(right or "do this")
        if error.code() in _REFUSED and "mechanism handshake" in error.str():
            said = f"{where} does not take the mechanism {self.sasl_mechanism}."
            return ServiceUnavailable("Kafka", said, "Check KAFKA_SASL_MECHANISM.")
        if error.code() in _REFUSED:
            said = f"{where} refuses {self._user}."
            return ServiceUnavailable("Kafka", said, "Check KAFKA_USERNAME and KAFKA_PASSWORD.")
        if error.code() == KafkaError._SSL and "certificate" in error.str():
            said = f"The certificate of {where} is not one that we trust."
            hint = "Check KAFKA_CA_FILE: who signed the certificate must be in it; and that it is for this address."
            return ServiceUnavailable("Kafka", said, hint)
        return None

    def _forbidden(self, what: str) -> ServiceUnavailable:
        said = f"Kafka at {self.servers} does not let {self._user} {what}."
        return ServiceUnavailable("Kafka", said, "Have Kafka's operator grant this right.")

    @property
    def _user(self) -> str:
        return f"the user {self.username}" if self.security_protocol in SASL else "us without a user"


def job_target(settings: Settings) -> KafkaTarget:
    """Where the jobs publish, and how they get in; no secret is in it, but the path of the file that has one.

    Raises
    ------
    ServiceUnavailable
        The settings name no broker.
    """
    access = KafkaAccess.of(settings)
    options: dict[str, str] = {}
    if access.security_protocol != PLAINTEXT:
        options["security.protocol"] = access.security_protocol
    if access.security_protocol in TLS and settings.kafka_job_ca_file:
        options |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": settings.kafka_job_ca_file}
    if access.security_protocol in SASL:
        options |= {
            "sasl.mechanism": access.sasl_mechanism,
            # Each client of the job, of the driver and of every executor, reads the file itself (KIP-297).
            "config.providers": "file",
            "config.providers.file.class": _FILE_PROVIDER,
            "sasl.jaas.config": f"${{file:{settings.kafka_job_secrets_file}:sasl.jaas.config}}",
        }
    public = settings.kafka_public_servers or ""
    return KafkaTarget(bootstrap_servers=access.servers, options=options, public_servers=public)


class Complaints:
    """Why there is no connection: librdkafka tells that beside its answers, which only say that there is none."""

    def __init__(self, access: KafkaAccess) -> None:
        self._access = access
        self._last: KafkaError | None = None

    def note(self, error: KafkaError) -> None:
        """Remember what librdkafka said last."""
        _LOGGER.debug("Kafka: %s", error.str())
        if error.code() not in _SAYS_NOTHING:
            self._last = error

    def refusal(self, client: Consumer | Producer | AdminClient) -> ServiceUnavailable | None:
        """What `client` has complained of last, if it is that Kafka keeps us out."""
        client.poll(0)  # only here does librdkafka tell what it has kept
        last, self._last = self._last, None  # what was mended since is not told again
        return self._access.refusal(last) if last else None
