"""A 64-bit hash of a DuckDB row that is another one when any value is.

DuckDB's own hash of a row takes an empty list, a list of nulls and a null for the same, so that the lengths and the
nulls of nested values are hashed beside them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import duckdb
from duckdb.sqltypes import DuckDBPyType

_NESTED = ("struct", "list", "array", "map", "union")


def row_digest(connection: duckdb.DuckDBPyConnection, source: str, without: Collection[str] = ()) -> str:
    """SQL for the hash of a row.

    Parameters
    ----------
    source
        A query that gives the rows' columns.
    without
        Columns that are not part of it.
    """
    relation = connection.sql(source)
    columns = zip(relation.columns, relation.types, strict=True)
    parts = [part for name, kind in columns if name not in without for part in _parts(_quoted(name), kind)]
    return f"hash({', '.join(parts)})"


def _parts(value: str, kind: DuckDBPyType) -> Iterator[str]:
    """What tells a value from any other."""
    if kind.id == "struct":
        yield f"{value} IS NULL"
        for name, child in kind.children:
            assert isinstance(child, DuckDBPyType)
            yield from _parts(f"{value}.{_quoted(name)}", child)
    elif kind.id == "list" and _is_flat(kind.child):
        yield value
        yield f"len({value})"
        yield f"list_transform({value}, lambda item: item IS NULL)"
    elif kind.id in _NESTED:
        yield f"{value}::VARCHAR"  # exact, and ten times slower
    else:
        yield value


def _is_flat(kind: DuckDBPyType) -> bool:
    """Whether it is one value, or a record of such."""
    if kind.id == "struct":
        return all(isinstance(child, DuckDBPyType) and child.id not in _NESTED for _, child in kind.children)
    return kind.id not in _NESTED


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
