"""Everything that one alert says, each value by its path, without what means "no value"."""

# ruff: noqa: S608 - the columns that are left out are our own names
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from backend.alert_queries import HISTORY, AlertQueries
from backend.known_values import says_something

HEAVY = (HISTORY, "cutoutScience", "cutoutTemplate", "cutoutDifference")


def alert_values(queries: AlertQueries, candid: int) -> dict[str, Any]:
    """The values of an alert, but for history, stamps and lists.

    Returns
    -------
    dict
        Path -> value, in the order of the alert: ``finkclass``, ``candidate.magpsf``. What has none of the spellings
        of "no value" (null, NaN, -999, and words such as 'nan', 'None' and 'Unknown'); empty for an alert that is not
        there.
    """
    left_out = ", ".join(f"'{name}'" for name in HEAVY)
    query = f"SELECT COLUMNS(lambda name: name NOT IN ({left_out})) FROM alerts WHERE candid = ?"
    for batch in queries.stream(query, [candid], 1):
        for row in range(batch.num_rows):
            columns = zip(batch.schema, batch.columns, strict=True)
            parts = (_parts(field.name, field.type, column[row].as_py()) for field, column in columns)
            return {path: value for part in parts for path, value in part if says_something(value)}
    return {}


def _parts(path: str, kind: pa.DataType, value: Any) -> Iterator[tuple[str, Any]]:
    if value is None:
        return
    if pa.types.is_struct(kind):
        for field in kind:
            yield from _parts(f"{path}.{field.name}", field.type, value[field.name])
    elif pa.types.is_map(kind):
        for name, each in value:
            yield from _parts(f"{path}.{name}", kind.item_type, each)
    elif not pa.types.is_nested(kind) and not isinstance(value, bytes):
        yield path, value
