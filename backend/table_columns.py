"""Columns of Arrow as astropy takes them: values and what is null apart, units in a standard's spelling."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from astropy import units

ROWS_PER_FILE = 250_000
"""astropy holds a file in memory while it is written; a next file goes on from there."""

Values = npt.NDArray[Any]
Nulls = npt.NDArray[np.bool_]


def values_and_nulls(column: pa.ChunkedArray[Any]) -> tuple[Values, Nulls]:
    """Divide a flat column: its values (of nulls: 0, NaN, False, an empty text), and where it has nulls."""
    nulls = column.is_null().to_numpy(zero_copy_only=False)
    kind = column.type
    if pa.types.is_null(kind) or pa.types.is_string(kind):
        texts = np.array(column.cast(pa.string()).to_pylist(), dtype=object)
        texts[nulls] = ""
        return texts, nulls
    nothing: Any = float("nan") if pa.types.is_floating(kind) else False if pa.types.is_boolean(kind) else 0
    return column.fill_null(pa.scalar(nothing, kind)).to_numpy(), nulls


@cache
def standard_unit(unit: str, standard: Literal["fits", "vounit"]) -> str | None:
    """The spelling of a unit in a standard; None where the standard does not know it, and for "UTC"."""
    try:
        return str(units.Unit(unit).to_string(standard)) if unit else None
    except ValueError:
        return None
