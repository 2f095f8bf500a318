"""What ``python -m backend verify --json`` has found, as tests ask for it."""

from __future__ import annotations

from typing import Any

from tests.support.command_line import Answer


def compared(answer: Answer) -> dict[str, dict[str, dict[str, Any]]]:
    """What was compared -> kind of difference -> the difference."""
    return {
        each["between"]: {difference["kind"]: difference for difference in each["differences"]}
        for each in answer.json["comparisons"]
    }


def candids(difference: dict[str, Any]) -> list[int]:
    """The alerts that a difference names."""
    return [example["candid"] for example in difference["examples"]]
