"""Which servers a command uses: those that are named, or its own; not half of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.errors import InvalidSettings
from stack.services import provided_services

BOTH = {"LIVY_URL": "http://livy:8998", "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"}


@pytest.fixture(autouse=True)
def _nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    for name in BOTH:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("named", BOTH)
def test_half_of_the_servers_is_refused(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(named, BOTH[named])
    (missing,) = BOTH.keys() - {named}
    with pytest.raises(InvalidSettings, match=f"{named} is set and {missing} is not"), provided_services(print):
        pass


def test_servers_that_are_named_are_used_and_none_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, address in BOTH.items():
        monkeypatch.setenv(name, address)
    said: list[str] = []
    with provided_services(said.append) as (settings, stack):
        assert stack is None
        assert settings.livy_url == BOTH["LIVY_URL"]
    assert said == ["using Kafka on kafka:9092 and Livy on http://livy:8998; starting none"]
