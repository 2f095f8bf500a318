"""The kinds of values in a condition, and how the parts of its tree are read and called in messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlglot import exp

from backend.condition_text import Refusal


class Kind(StrEnum):
    """The kinds of values that conditions tell apart, in the words of a message."""

    BOOLEAN = "true or false"
    INTEGER = "a whole number"
    REAL = "a number"
    TEXT = "text"
    TIME = "a time"
    NULL = "NULL"
    LIST = "a list"
    ENTRY = "an entry of a list"
    COMPOUND = "a structure or an image"


NUMBER = (Kind.INTEGER, Kind.REAL)
INDIVISIBLE = (Kind.LIST, Kind.ENTRY, Kind.COMPOUND)
"""Kinds whose values cannot be compared."""
OF_TYPE = {
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), Kind.INTEGER),
    **dict.fromkeys(("float", "double"), Kind.REAL),
    "boolean": Kind.BOOLEAN,
    "string": Kind.TEXT,
    **dict.fromkeys(("date", "timestamp"), Kind.TIME),
}
CAST_TO = {
    **dict.fromkeys((exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT), Kind.INTEGER),
    **dict.fromkeys((exp.DType.FLOAT, exp.DType.DOUBLE), Kind.REAL),
    exp.DType.BOOLEAN: Kind.BOOLEAN,
    exp.DType.TEXT: Kind.TEXT,
    **dict.fromkeys((exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ), Kind.TIME),
}


@dataclass(frozen=True)
class Value:
    """What a part of a condition gives.

    Parameters
    ----------
    of
        Of an entry: path of the list that it comes from. Of a list: what its entries are.
    """

    kind: Kind
    of: str | Value | None = None


def kind(node: exp.Expr) -> Kind:
    """The kind of a node that `check_tree` has seen."""
    return value(node).kind


def value(node: exp.Expr) -> Value:
    """What a node gives that `check_tree` has seen."""
    found: Value = node.meta["value"]
    return found


def operands(node: exp.Expr) -> Iterator[exp.Expr]:
    """The parts of a node that are values, in the order of the text; a type and a name are none."""
    if not is_leaf(node):
        yield from (child for child in node.iter_expressions() if not isinstance(child, (exp.DataType, exp.Identifier)))


def place(node: exp.Expr) -> int:
    """Index of the first character of a node that sqlglot has kept a place of."""
    return min((each.meta["start"] for each in node.walk() if "start" in each.meta), default=0)


def is_leaf(node: exp.Expr) -> bool:
    """Whether what is below the node are parts of a name."""
    return isinstance(node, (exp.Column, exp.DataType))


def is_branch(node: exp.Expr) -> bool:
    """Whether the node is a ``WHEN ... THEN ...`` of a CASE, not an ``if`` of its own."""
    return isinstance(node.parent, exp.Case) and node.arg_key == "ifs"


def results_of(node: exp.Expr) -> list[exp.Expr]:
    """What a CASE or an ``if`` may give, ELSE last."""
    branches = node.args["ifs"] if isinstance(node, exp.Case) else [node]
    otherwise = node.args.get("default" if isinstance(node, exp.Case) else "false")
    return [*(each.args["true"] for each in branches), *filter(None, [otherwise])]


def word(node: exp.Expr) -> str:
    """How a user calls the node."""
    if isinstance(node, exp.Anonymous):
        return str(node.name)
    return node.sql_name().lower() if isinstance(node, exp.Func) else node.key.upper()


def described(node: exp.Expr) -> str:
    """The node and its kind, as the beginning of a sentence."""
    if isinstance(node, exp.Column):
        return f"{'.'.join(part.name for part in node.parts)} is {kind(node).value}"
    if isinstance(node, exp.Literal):
        return f"{node.sql('spark')[:40]} is {kind(node).value}"
    return f"this is {kind(node).value}"


def common_value(node: exp.Expr, given: Iterable[exp.Expr]) -> Value:
    """The value that holds all of the `given`; NULL fits with each.

    Raises
    ------
    Refusal
        When two of them are of kinds that cannot be compared, or one cannot be compared at all.
    """
    widest: exp.Expr | None = None
    for operand in given:
        if kind(operand) is Kind.NULL:
            continue
        if kind(operand) in INDIVISIBLE:
            raise Refusal(place(operand), f"{described(operand)}, which can only be tested with IS NULL.")
        if widest is not None and kind(operand) is not kind(widest):
            if not {kind(operand), kind(widest)} <= set(NUMBER):
                raise Refusal(place(node), _mismatch(widest, operand))
            widest = operand if kind(operand) is Kind.REAL else widest
        widest = widest or operand
    return value(widest) if widest is not None else Value(Kind.NULL)


def _mismatch(one: exp.Expr, other: exp.Expr) -> str:
    hint = ""
    if {kind(one), kind(other)} == {Kind.TIME, Kind.TEXT}:
        hint = " Write a time as TIMESTAMP '2024-09-01 00:00:00'."
    text = one if kind(one) is Kind.TEXT else other
    number = other if text is one else one
    if kind(text) is Kind.TEXT and kind(number) in NUMBER:
        hint = _number_hint(text, number)
    return f"{described(one)} and {described(other)}: they cannot be compared.{hint}"


def _number_hint(text: exp.Expr, number: exp.Expr) -> str:
    if isinstance(number, exp.Literal):
        return f" Write '{number.this}' to compare text."
    if isinstance(text, exp.Literal):
        return " Write the number without quotation marks." if text.this.replace(".", "", 1).isdigit() else ""
    return " CAST(... AS DOUBLE) reads the number in a text."
