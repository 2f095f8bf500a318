"""Users and passwords among the settings: whole, for their own server alone, and never shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from backend.config import Settings, stack_addresses_path

CANARY = "canary-4711"
BY_PASSWORD = {
    "kafka_security_protocol": "SASL_SSL",
    "kafka_username": "lena",
    "kafka_password": CANARY,
    "kafka_job_secrets_file": "/cluster/job.properties",
}


def _settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)  # type: ignore[call-arg]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Where a stack runs whose servers ask for passwords."""
    addresses = stack_addresses_path(tmp_path)
    addresses.parent.mkdir(parents=True)
    offered = {"kafka_bootstrap_servers": "stack:1", "livy_url": "http://stack:2", "livy_username": "x", **BY_PASSWORD}
    addresses.write_text(json.dumps({**offered, "livy_password": CANARY}))
    return tmp_path


def test_user_and_password_are_taken_out_of_livys_address() -> None:
    settings = _settings(livy_url=f"https://lena:{CANARY}%2F%40@livy.org:8998/gate")
    assert settings.livy_url == "https://livy.org:8998/gate"
    assert settings.livy_login_url is not None
    assert settings.livy_login_url.get_secret_value() == f"https://lena:{CANARY}%2F%40@livy.org:8998/gate"
    assert CANARY not in f"{settings!r}{settings}{settings.model_dump()}{settings.model_dump_json()}"


def test_livys_password_may_be_a_setting_of_its_own() -> None:
    settings = _settings(livy_url="http://livy:8998", livy_username="lena", livy_password="p/w")
    assert settings.livy_login_url is not None
    assert settings.livy_login_url.get_secret_value() == "http://lena:p%2Fw@livy:8998"


def test_kafkas_password_is_not_shown() -> None:
    settings = _settings(**BY_PASSWORD)
    assert CANARY not in f"{settings!r}{settings}{settings.model_dump()}{settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"kafka_password": CANARY}, "KAFKA_PASSWORD would not be used with KAFKA_SECURITY_PROTOCOL=PLAINTEXT"),
        ({**BY_PASSWORD, "kafka_username": None}, r"set also KAFKA_USERNAME \["),
        ({**BY_PASSWORD, "kafka_password": None}, r"set also KAFKA_PASSWORD \["),
        ({**BY_PASSWORD, "kafka_job_secrets_file": None}, r"set also KAFKA_JOB_SECRETS_FILE \["),
        ({"kafka_security_protocol": "SASL_SSL"}, "KAFKA_USERNAME and KAFKA_PASSWORD and KAFKA_JOB_SECRETS_FILE"),
        ({**BY_PASSWORD, "kafka_security_protocol": "SSL"}, "would not be used with KAFKA_SECURITY_PROTOCOL=SSL"),
        ({**BY_PASSWORD, "kafka_security_protocol": "SASL_PLAINTEXT", "kafka_ca_file": "/ca"}, "KAFKA_CA_FILE"),
        ({"kafka_security_protocol": "TLS"}, "kafka_security_protocol"),
    ],
)
def test_settings_that_contradict_each_other_are_named(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        _settings(**given)
    assert refused.match(sentence)
    assert CANARY not in str(refused.value)


def test_a_running_stack_offers_its_logins(data_dir: Path) -> None:
    settings = _settings(data_dir=data_dir)
    assert (settings.kafka_username, settings.livy_username) == ("lena", "x")
    assert settings.kafka_password is not None
    assert settings.kafka_password.get_secret_value() == CANARY


def test_the_password_of_a_running_stack_is_not_for_other_servers(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "elsewhere:9092")
    monkeypatch.setenv("LIVY_URL", "http://elsewhere")
    settings = _settings(data_dir=data_dir)
    assert (settings.kafka_security_protocol, settings.kafka_username) == ("PLAINTEXT", None)
    assert settings.kafka_password is settings.livy_password is settings.livy_username is None


def test_pointed_elsewhere_they_leave_their_logins_behind() -> None:
    moved = _settings(**BY_PASSWORD, livy_url=f"http://lena:{CANARY}@a", largest_bytes=7).pointed_at(
        {"kafka_bootstrap_servers": "b:1", "livy_url": "http://b"}
    )
    assert (moved.kafka_password, moved.livy_password, moved.largest_bytes) == (None, None, 7)
    assert _settings().pointed_at(BY_PASSWORD).kafka_password == _settings(**BY_PASSWORD).kafka_password
