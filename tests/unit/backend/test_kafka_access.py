"""The way to Kafka: what its clients get, what nobody sees, and what is said when it keeps us out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError
from confluent_kafka.admin import AdminClient
from pydantic import SecretStr

from backend.config import Settings
from backend.errors import ServiceUnavailable
from backend.kafka_access import KafkaAccess, job_target
from backend.topics import TopicAdmin

CANARY = "canary-4711"
ACCESS = KafkaAccess("k:9092", "SASL_SSL", username="lena", password=SecretStr(CANARY), ca_file="/ca.pem")


def _settings(**given: Any) -> Settings:
    by_password = {
        "kafka_bootstrap_servers": "k:9092",
        "kafka_security_protocol": "SASL_SSL",
        "kafka_username": "lena",
        "kafka_password": CANARY,
        "kafka_ca_file": "/ca.pem",
        "kafka_job_ca_file": "/cluster/ca.pem",
        "kafka_job_secrets_file": "/cluster/job.properties",
    }
    return Settings(_env_file=None, **{**by_password, **given})  # type: ignore[call-arg]


def test_an_address_alone_is_entered_without_password_or_encryption() -> None:
    assert KafkaAccess("a:1,b:2").client_settings() == {"bootstrap.servers": "a:1,b:2"}


def test_clients_get_what_the_settings_say_and_nobody_sees_the_password() -> None:
    access = KafkaAccess.of(_settings())
    assert access == ACCESS
    assert access.client_settings() == {
        "bootstrap.servers": "k:9092",
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": "/ca.pem",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "lena",
        "sasl.password": CANARY,
    }
    assert CANARY not in f"{access!r}{access}"


def test_the_job_is_told_where_its_secret_is_and_not_which() -> None:
    target = job_target(_settings())
    assert target.options["sasl.jaas.config"] == "${file:/cluster/job.properties:sasl.jaas.config}"
    assert target.options["ssl.truststore.location"] == "/cluster/ca.pem"
    said = target.model_dump_json()
    assert CANARY not in said
    assert "lena" not in said, "the job has a user of its own"


def test_a_job_without_password_needs_no_options() -> None:
    assert job_target(Settings(_env_file=None, kafka_bootstrap_servers="k:1")).options == {}  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("code", "reason", "sentence"),
    [
        (KafkaError._AUTHENTICATION, "invalid credentials", "refuses the user lena. .*KAFKA_USERNAME and KAFKA_PASS"),
        (KafkaError._AUTHENTICATION, "SASL PLAIN mechanism handshake failed", "does not take .*KAFKA_SASL_MECHANISM"),
        (KafkaError._SSL, "certificate verify failed", "not one that we trust. .*KAFKA_CA_FILE"),
        (
            KafkaError.TOPIC_AUTHORIZATION_FAILED,
            "no",
            "does not let the user lena READ the topic t. .*grant",
        ),
    ],
)
def test_who_keeps_us_out_is_told_with_the_setting_that_mends_it(code: int, reason: str, sentence: str) -> None:
    refusal = ACCESS.refusal(KafkaError(code, reason), "READ the topic t")
    assert refusal is not None
    with pytest.raises(ServiceUnavailable, match=f"Kafka at k:9092 .*{sentence}"):
        raise refusal
    assert CANARY not in str(refusal)


def test_another_error_is_no_refusal() -> None:
    assert ACCESS.refusal(KafkaError(KafkaError._TRANSPORT, "")) is None


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"kafka_ca_file": "/nowhere/ca.pem"}, "KAFKA_CA_FILE"),
        ({"kafka_sasl_mechanism": "S-1"}, "KAFKA_SASL_MECHANISM"),
    ],
)
def test_what_cannot_be_used_is_named_before_kafka_is_asked(
    changes: dict[str, str], setting: str, capfd: pytest.CaptureFixture[str]
) -> None:
    access = KafkaAccess.of(_settings(**{"kafka_ca_file": str(Path(__file__)), **changes}))
    for make in (
        lambda: access.client(Consumer, {"group.id": "x"}),
        lambda: access.client(AdminClient, {}),
        lambda: TopicAdmin(access),
    ):
        with pytest.raises(ServiceUnavailable, match=f"^{setting} cannot be used") as refused:
            make()
        assert CANARY not in str(refused.value)
    assert capfd.readouterr().err == "", "librdkafka's own complaints stay out of the terminal"
