"""Health: asked side by side, bounded, and with the service's own words."""

from __future__ import annotations

import threading

import pytest

from backend.errors import ServiceUnavailable
from backend.health import Health, check_side_by_side


def _refuse() -> None:
    raise ServiceUnavailable("Livy", "Livy does not answer.", "Start it.")


def test_a_service_that_does_not_answer_is_named_and_the_others_are_not() -> None:
    livy, kafka = Health({"Livy": _refuse, "Kafka": lambda: None}).look()
    assert (livy.service, livy.is_healthy, livy.problem) == ("Livy", False, "Livy does not answer. Start it.")
    assert kafka.is_healthy


def test_services_are_asked_side_by_side_and_not_at_every_look() -> None:
    asked: list[str] = []
    both = threading.Barrier(2, timeout=10)

    def ask(name: str) -> None:
        asked.append(name)
        both.wait()  # breaks unless the other is asked at the same time

    health = Health({"one": lambda: ask("one"), "two": lambda: ask("two")})
    assert all(each.is_healthy for each in health.look())
    assert health.look() == health.look()
    assert sorted(asked) == ["one", "two"]


def test_the_first_that_fails_is_raised_after_all_were_asked() -> None:
    both = threading.Barrier(2, timeout=10)
    with pytest.raises(ServiceUnavailable, match="Livy"):
        check_side_by_side([lambda: (both.wait(), _refuse()), both.wait])
