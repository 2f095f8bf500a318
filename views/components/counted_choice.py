"""Choices with a number behind the name, which stay the same choices when the number changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_NUMBER = re.compile(r" · [\d,]+$")


def with_count(name: str, count: int | None) -> str:
    """``SN candidate · 1,234``; the name alone where nobody has counted."""
    return name if count is None else f"{name} · {count:,}"


def chosen_again(chosen: Iterable[str], values: Mapping[str, str]) -> list[str]:
    """The chosen values, each once.

    Streamlit's browser names a choice by its text. What it chose while a new number was on the way arrives as the text
    with the number of before, and is to be known again.

    Parameters
    ----------
    chosen
        Values, or such texts.
    values
        Text without a number -> its value.
    """
    return list(dict.fromkeys(values.get(_NUMBER.sub("", each), each) for each in chosen))
