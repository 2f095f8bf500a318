"""What is typed after a command, checked while it is parsed."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime


def positive(text: str) -> int:
    """A whole number from 1 on.

    Raises
    ------
    argparse.ArgumentTypeError
        It is none.
    """
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 on")
    return int(text)


def moment(text: str) -> datetime:
    """A time in ISO 8601, which is UTC where it does not say otherwise.

    Raises
    ------
    argparse.ArgumentTypeError
        It is none.
    """
    try:
        typed = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a time such as 2024-09-01T12:00") from None
    return typed if typed.tzinfo else typed.replace(tzinfo=UTC)
