"""What a part of a form holds: a value, or a sentence on what is wrong with it."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

Value = TypeVar("Value")


class Entry(NamedTuple, Generic[Value]):
    """One of the two is there; both are missing where nothing need be entered.

    Attributes
    ----------
    value
        What was entered; None as long as there is a problem.
    problem
        Why the request cannot be submitted like this, as a sentence; else empty.
    """

    value: Value | None
    problem: str = ""
