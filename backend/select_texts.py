"""Texts that a query makes: few, and each of a limited length, because DuckDB counts none of them as its memory.

``a || a``, ``b || b`` and so on would be gigabytes after thirty times, in one step that cannot be interrupted.
"""

from __future__ import annotations

from sqlglot import exp

from backend.condition_text import Refusal
from backend.condition_values import place
from backend.select_dialect import SelectDialect
from backend.select_grammar import TEXT_TYPES

MAX_TEXTS = 20
MAX_LENGTH = 500


def limit_texts(tree: exp.Expr) -> None:
    """Cut each part of a text that is put together, in place.

    Raises
    ------
    Refusal
        Where more than `MAX_TEXTS` texts are made.
    """
    parts: list[exp.Expr] = []
    made = 0
    for node in tree.walk():
        if isinstance(node, exp.DPipe):
            parts += [each for each in (node.this, node.expression) if not isinstance(each, exp.DPipe)]
        elif isinstance(node, exp.Anonymous) and node.name.lower() == "concat":
            parts += node.expressions
        elif _makes_text(node):
            made += 1
        if made + len(parts) > MAX_TEXTS:
            raise Refusal(place(node), f"more than {MAX_TEXTS} texts are put together.")
    for part in parts:
        _name_as_typed(part)
    for part in parts:
        if not part.is_string:
            part.replace(_cut(part))


def _name_as_typed(part: exp.Expr) -> None:
    """Otherwise a column without a name of its own is called by what runs."""
    column = part
    while not isinstance(column.parent, (exp.Select, exp.Alias, exp.Query, type(None))):
        column = column.parent
    if isinstance(column.parent, exp.Select) and column.arg_key == "expressions":
        typed = column.sql(dialect=SelectDialect, normalize_functions=False, comments=False)
        named = exp.Alias(alias=exp.to_identifier(typed[:100], quoted=True))
        column.replace(named)
        named.set("this", column)


def _makes_text(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        return bool(node.name.lower() == "strftime")
    return isinstance(node, (exp.Cast, exp.TryCast)) and node.args["to"].this in TEXT_TYPES


def _cut(part: exp.Expr) -> exp.Anonymous:
    text = exp.Cast(this=part.copy(), to=exp.DataType(this=exp.DType.TEXT))
    return exp.Anonymous(this="left", expressions=[text, exp.Literal.number(MAX_LENGTH)])
