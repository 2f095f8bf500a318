"""The number -999, with which the survey says "no value": where a condition compares it, and how to leave it out.

Conditions take -999 as the number that it is; the user is told, and may choose.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from backend.condition_functions import COMPARISONS
from backend.condition_text import offset_at
from backend.condition_values import NUMBER, Kind, kind, operands
from backend.conditions import Condition

SENTINEL = -999

_COMPARES = (*COMPARISONS, exp.Between, exp.In)


def sentinel_columns(condition: Condition) -> tuple[str, ...]:
    """Paths of the numeric fields of the alert that are compared, -999 included, in the order of the text.

    A field that is compared with -999 itself, or stands in ``nullif(field, -999)``, is in good hands already.
    """
    compared = [each for each in _numeric_columns(condition.tree) if _is_compared(each)]
    guarded = {each.meta["path"] for each in _numeric_columns(condition.tree) if _is_guarded(each)}
    return tuple(path for path in dict.fromkeys(each.meta["path"] for each in compared) if path not in guarded)


def holds_sentinel(condition: Condition, path: str) -> str | None:
    """DuckDB's predicate for the alerts that fulfil the condition while `path` is -999; None where not counted."""
    if condition.duckdb_sql is None:
        return None
    name = path.replace('"', '""')
    return f'({condition.duckdb_sql}) AND "{name}" = {SENTINEL}'


def without_sentinel(text: str, condition: Condition, path: str) -> str:
    """The text of all conditions, with -999 as no value of the field `path` in the given one.

    Each ``path`` of that condition becomes ``nullif(path, -999)``; the rest of the text stays as typed.

    Parameters
    ----------
    text
        The text that `condition` comes from.
    """
    begin = offset_at(text, condition.line, condition.column)
    for first, last in sorted(_places(condition.tree, path), reverse=True):
        typed = text[begin + first : begin + last]
        text = f"{text[: begin + first]}nullif({typed}, {SENTINEL}){text[begin + last :]}"
    return text


def _numeric_columns(tree: exp.Expr) -> Iterator[exp.Column]:
    for column in tree.find_all(exp.Column, bfs=False):
        if "path" in column.meta and kind(column) in NUMBER:
            yield column


def _is_compared(column: exp.Expr) -> bool:
    node = column.parent
    while node is not None and kind(node) is not Kind.BOOLEAN:
        node = node.parent
    return isinstance(node, _COMPARES)


def _is_guarded(column: exp.Expr) -> bool:
    call = column.parent
    while isinstance(call, exp.Paren):
        call = call.parent
    return isinstance(call, (*_COMPARES, exp.Nullif)) and any(_is_sentinel(each) for each in operands(call))


def _is_sentinel(node: exp.Expr) -> bool:
    number = node.this if isinstance(node, exp.Neg) else None
    return isinstance(number, exp.Literal) and float(number.this) == -SENTINEL


def _places(tree: exp.Expr, path: str) -> Iterator[tuple[int, int]]:
    """First and behind the last character of each mention of the field, in the condition's own text."""
    for column in _numeric_columns(tree):
        if column.meta["path"] == path and not _is_guarded(column):
            yield min(each.meta["start"] for each in column.parts), max(each.meta["end"] for each in column.parts) + 1
