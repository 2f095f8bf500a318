"""Values of an alert by their path, and which of them are none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

SENTINEL = -999.0
DETECTION = "candidate"
_NO_TEXT = frozenset({"", "null", "nan", "None", "Unknown"})


def says_something(value: Any) -> bool:
    """Whether it is none of the spellings of "no value": null, NaN, -999, and words."""
    if isinstance(value, float):
        return math.isfinite(value) and value != SENTINEL
    return value is not None and not (isinstance(value, str) and value.strip() in _NO_TEXT)


def measured(values: Mapping[str, Any], name: str) -> Any:
    """The value of a root column or of a measurement of the detection, nested or flat; None when there is none."""
    return values.get(name, values.get(f"{DETECTION}.{name}"))


def number(value: Any) -> float | None:
    """A value as a number; None for all that is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
