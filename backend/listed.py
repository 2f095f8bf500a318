"""A list of any length as people read it."""

from __future__ import annotations

from collections.abc import Sequence

NAMED = 6


def listed(items: Sequence[object]) -> str:
    """The first of them by name, and how many more there are."""
    more = f" and {len(items) - NAMED:,} more" if len(items) > NAMED else ""
    return ", ".join(map(str, items[:NAMED])) + more
