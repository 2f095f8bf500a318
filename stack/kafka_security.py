"""How the stack's Kafka is entered: by anybody on loopback, or by named users over TLS with rights of their own."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)
from pydantic import SecretStr

from stack.certificates import provide_certificates
from stack.kafka_rights import ANSWER_TIMEOUT_S, BROKER_USER, FACADE_USER, JOB_USER, set_rights, wanted_rights
from stack.private_files import write_privately

CLIENTS, BROKERS, CONTROLLERS, READERS = "CLIENT", "BROKER", "CONTROLLER", "READERS"
"""Names of listeners."""
MECHANISM = "SCRAM-SHA-512"
_ITERATIONS = 4096
_USERS = (FACADE_USER, JOB_USER)
_PASSWORD_BYTES = 32

_PROPERTIES = """\
ssl.keystore.type=PEM
ssl.keystore.location={key_store}
ssl.truststore.type=PEM
ssl.truststore.location={ca_file}
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.mechanism.controller.protocol=PLAIN
listener.name.broker.sasl.enabled.mechanisms=PLAIN
listener.name.broker.plain.sasl.jaas.config={broker_login}
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config={broker_login}
listener.name.client.sasl.enabled.mechanisms={mechanism}
listener.name.client.{mechanism_key}.sasl.jaas.config={scram} required;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:{broker}
"""
_PLAIN_MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule"
_SCRAM_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule"


class NoSecurity:
    """Whoever reaches the port may do everything: for one machine, on loopback."""

    broker_listener = CLIENTS
    properties = ""

    @property
    def protocols(self) -> dict[str, str]:
        """The protocol of each listener, by the listener's name."""
        return {CLIENTS: "PLAINTEXT", CONTROLLERS: "PLAINTEXT"}

    def prepare(self) -> None:
        """Nothing is needed."""

    def grant(self, admin: AdminClient) -> None:
        """Nothing is asked."""

    @property
    def broker_login(self) -> dict[str, str]:
        """A client's settings on the listener of the brokers."""
        return {}

    @property
    def facade_login(self) -> dict[str, str]:
        """A client's settings on the listener of clients."""
        return {}

    @property
    def client_settings(self) -> dict[str, Any]:
        """The product's settings for this Kafka, beside its addresses."""
        return {}


class KafkaSecurity:
    """TLS everywhere, users with passwords, and rights of their own.

    Parameters
    ----------
    folder
        Where certificates and passwords are made once and kept, for their owner only.
    plaintext_readers
        Whether there is a listener without TLS where anybody may read the topics of transfers, and nothing else: the
        community's client knows no other way in.
    """

    broker_listener = BROKERS

    def __init__(self, folder: Path, *, plaintext_readers: bool = False) -> None:
        self._folder = folder.absolute()
        self._job_secrets = self._folder / "quicklook-job.properties"
        self._readers = plaintext_readers
        # The brokers' own password lives as long as they do, in their server.properties and nowhere else.
        self._passwords = {BROKER_USER: _new_password()}

    def prepare(self) -> None:
        """Make what brokers and clients need, as far as it is not there or no longer valid."""
        self._certificates = provide_certificates(self._folder)
        self._passwords |= self._kept_passwords()
        login = _jaas(_SCRAM_MODULE, JOB_USER, self._passwords[JOB_USER])
        write_privately(self._job_secrets, f"sasl.jaas.config={login}\n")

    @property
    def protocols(self) -> dict[str, str]:
        """The protocol of each listener, by the listener's name."""
        secure = dict.fromkeys((CLIENTS, BROKERS, CONTROLLERS), "SASL_SSL")
        return secure | ({READERS: "PLAINTEXT"} if self._readers else {})

    @property
    def properties(self) -> str:
        """Lines for ``server.properties``; with the brokers' password."""
        password = self._passwords[BROKER_USER]
        known = f'user_{BROKER_USER}="{password.get_secret_value()}"'
        return _PROPERTIES.format(
            key_store=self._certificates.key_store,
            ca_file=self._certificates.ca_file,
            broker=BROKER_USER,
            broker_login=_jaas(_PLAIN_MODULE, BROKER_USER, password, known),
            mechanism=MECHANISM,
            mechanism_key=MECHANISM.lower(),
            scram=_SCRAM_MODULE,
        )

    @property
    def broker_login(self) -> dict[str, str]:
        """A client's settings on the listener of the brokers, with a password."""
        return self._login("PLAIN", BROKER_USER)

    @property
    def facade_login(self) -> dict[str, str]:
        """The dashboard's settings on the listener of clients, with a password."""
        return self._login(MECHANISM, FACADE_USER)

    @property
    def client_settings(self) -> dict[str, Any]:
        """The product's settings for this Kafka, beside its addresses."""
        ca_file = str(self._certificates.ca_file)
        return {
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_mechanism": MECHANISM,
            "kafka_username": FACADE_USER,
            "kafka_password": self._passwords[FACADE_USER],
            "kafka_ca_file": ca_file,
            "kafka_job_ca_file": ca_file,
            "kafka_job_secrets_file": str(self._job_secrets),
        }

    def grant(self, admin: AdminClient) -> None:
        """Make the users and their rights; ``admin`` came in as a broker.

        The passwords go by the protocol, for a tool's arguments would show them to everybody on the machine.

        Raises
        ------
        KafkaException
            Kafka refuses, or does not answer in time.
        """
        way = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, _ITERATIONS)
        users: list[UserScramCredentialAlteration] = [
            UserScramCredentialUpsertion(user, way, self._passwords[user].get_secret_value().encode())
            for user in _USERS
        ]
        for made in admin.alter_user_scram_credentials(users, request_timeout=ANSWER_TIMEOUT_S).values():
            made.result()
        set_rights(admin, wanted_rights(anonymous_may_read=self._readers))

    def _login(self, mechanism: str, user: str) -> dict[str, str]:
        return {
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": str(self._certificates.ca_file),
            "sasl.mechanism": mechanism,
            "sasl.username": user,
            "sasl.password": self._passwords[user].get_secret_value(),
        }

    def _kept_passwords(self) -> dict[str, SecretStr]:
        file = self._folder / "passwords.json"
        try:
            kept = json.loads(file.read_bytes())
            return {user: SecretStr(kept[user]) for user in _USERS}
        except (FileNotFoundError, ValueError, KeyError):
            made = {user: _new_password() for user in _USERS}
            plain = {user: password.get_secret_value() for user, password in made.items()}
            write_privately(file, json.dumps(plain))
            return made


def _new_password() -> SecretStr:
    return SecretStr(secrets.token_urlsafe(_PASSWORD_BYTES))


def _jaas(module: str, user: str, password: SecretStr, *options: str) -> str:
    """A login in Java's words; nothing is to be quoted in passwords of letters, digits, ``-`` and ``_``."""
    login = (f'username="{user}"', f'password="{password.get_secret_value()}"', *options)
    return f"{module} required {' '.join(login)};"
