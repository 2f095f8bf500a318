"""Addresses from the user, a password from the environment, and each only where it belongs."""

from __future__ import annotations

import pytest

from backend.config import Settings
from backend.errors import InvalidRequest, InvalidSettings
from backend.kafka_access import KafkaAccess
from backend.kafka_login import access_to

LOGIN = {
    "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "KAFKA_USERNAME": "lena",
    "KAFKA_PASSWORD": "do not show",
    "KAFKA_CA_FILE": "/etc/ca.pem",
}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def given(monkeypatch: pytest.MonkeyPatch, **more: str) -> None:
    for name, value in {**LOGIN, **more}.items():
        monkeypatch.setenv(name, value)


def test_addresses_alone_are_enough() -> None:
    assert access_to("one:9092, two:9092") == KafkaAccess("one:9092,two:9092")


@pytest.mark.parametrize(
    "servers", ["", "broker", "a:b", "http://one:9092", "lena:secret@one:9092", "one:9092,", "a b:1"]
)
def test_what_is_no_address_is_said(servers: str) -> None:
    with pytest.raises(InvalidRequest, match="host:port"):
        access_to(servers)


def test_user_and_password_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch)
    conf = access_to("one:9093").client_settings()
    assert (conf["security.protocol"], conf["sasl.username"]) == ("SASL_SSL", "lena")
    assert (conf["sasl.password"], conf["ssl.ca.location"]) == ("do not show", "/etc/ca.pem")


def test_half_a_login_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch)
    monkeypatch.delenv("KAFKA_PASSWORD")
    with pytest.raises(InvalidSettings, match="KAFKA_USERNAME and KAFKA_PASSWORD"):
        access_to("one:9093")


def test_a_protocol_that_there_is_not_is_said_without_any_value(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, KAFKA_SECURITY_PROTOCOL="lena:secret")
    with pytest.raises(InvalidSettings, match="KAFKA_SECURITY_PROTOCOL") as refused:
        access_to("one:9093")
    assert "secret" not in str(refused.value)


def test_a_password_is_not_sent_to_other_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, KAFKA_BOOTSTRAP_SERVERS="one:9093,two:9093")
    assert access_to("two:9093,one:9093").username == "lena"
    with pytest.raises(InvalidSettings, match="which are others"):
        access_to("three:9093")


def test_without_a_protocol_that_asks_for_it_no_password_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, KAFKA_SECURITY_PROTOCOL="PLAINTEXT", KAFKA_BOOTSTRAP_SERVERS="one:9093")
    assert access_to("three:9092") == KafkaAccess("three:9092")
