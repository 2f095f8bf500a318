"""Which kind each part of a condition is of: one rule for each node of sqlglot's that a condition may have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from sqlglot import exp

from backend.condition_functions import COMPARISONS, EQUALITIES, SIGNATURES
from backend.condition_lists import LIST_RULES
from backend.condition_patterns import UnknownPattern, check_like, check_regular_expression
from backend.condition_text import Refusal
from backend.condition_values import (
    CAST_TO,
    INDIVISIBLE,
    Kind,
    Value,
    common_value,
    described,
    is_branch,
    kind,
    operands,
    place,
    results_of,
    value,
    word,
)

_TIME = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?")


def read_time(text: str) -> datetime | None:
    """The time that a text such as ``2024-09-01 00:00:00`` means, in UTC; None when it means none."""
    try:
        read = datetime.fromisoformat(text) if _TIME.fullmatch(text) else None
    except ValueError:
        return None
    return read.replace(tzinfo=UTC) if read is not None and read.tzinfo is None else read


def _of_signature(node: exp.Expr) -> Value:
    signature = SIGNATURES[type(node)]
    given = list(operands(node))
    most = len(signature.takes)
    least = most if signature.least is None else signature.least
    if len(given) < least or (len(given) > most and not signature.repeats):
        raise Refusal(place(node), f"{word(node)} takes {least if least == most else f'{least} or {most}'} values.")
    for n, operand in enumerate(given):
        if kind(operand) not in signature.takes[min(n, most - 1)]:
            wanted = " or ".join(each.value for each in signature.takes[min(n, most - 1)][-1:])
            raise Refusal(place(operand), f"{described(operand)}, where {word(node)} needs {wanted}.")
    return Value(signature.gives) if signature.gives else common_value(node, given)


def _of_comparison(node: exp.Expr) -> Value:
    given = list(operands(node))
    for operand in given:
        if kind(operand) is Kind.NULL:
            raise Refusal(place(node), "a comparison with NULL is never true; write IS NULL or IS NOT NULL.")
    common = common_value(node, given).kind
    if common is Kind.BOOLEAN and not isinstance(node, (*EQUALITIES, exp.In)):
        raise Refusal(place(node), "true and false have no order; compare them with = or <>.")
    return Value(Kind.BOOLEAN)


def _of_in(node: exp.Expr) -> Value:
    if not node.expressions:
        raise Refusal(place(node), "IN needs a list in parentheses with at least one value.")
    return _of_comparison(node)


def _of_is(node: exp.Expr) -> Value:
    if type(node.expression) is not exp.Null:
        raise Refusal(place(node), "IS is only allowed in IS NULL and IS NOT NULL.")
    return Value(Kind.BOOLEAN)


def _of_pattern(node: exp.Expr) -> Value:
    result = _of_signature(node)
    pattern = node.expression
    if not isinstance(pattern, exp.Literal):
        raise Refusal(place(node), "the pattern must be text in quotation marks.")
    check = check_like if isinstance(node, exp.Like) else check_regular_expression
    try:
        check(pattern.this)
    except UnknownPattern as why:
        raise Refusal(place(pattern), str(why)) from why
    return result


def _of_round(node: exp.Expr) -> Value:
    digits = node.args.get("decimals")
    number = digits.this if isinstance(digits, exp.Neg) else digits
    if digits is not None and not (isinstance(number, exp.Literal) and number.this.isdigit()):
        raise Refusal(place(digits), "the digits of round must be written as a number.")
    if number is not None and int(number.this) > 15:
        raise Refusal(place(digits or node), "round takes at most 15 digits.")
    return _of_signature(node)


def _of_case(node: exp.Expr) -> Value:
    compared = [node.this, *(each.this for each in node.args["ifs"])] if node.this else []
    if compared:
        common_value(node, compared)
    else:
        _need_conditions(each.this for each in node.args["ifs"])
    return common_value(node, results_of(node))


def _of_if(node: exp.Expr) -> Value:
    if is_branch(node):
        return Value(Kind.NULL)
    _need_conditions([node.this])
    return common_value(node, results_of(node))


def _need_conditions(nodes: Iterable[exp.Expr]) -> None:
    for node in nodes:
        if kind(node) is not Kind.BOOLEAN:
            raise Refusal(place(node), f"{described(node)}, where a condition is needed.")


def _of_cast(node: exp.Expr) -> Value:
    to, source = CAST_TO[node.args["to"].this], kind(node.this)
    if source in INDIVISIBLE or (Kind.TIME in (to, source) and {to, source} - {Kind.TIME, Kind.TEXT, Kind.NULL}):
        raise Refusal(place(node), f"{described(node.this)} and cannot be cast to {node.args['to'].sql('spark')}.")
    if to is Kind.TIME and isinstance(node.this, exp.Literal) and read_time(node.this.this) is None:
        # Spark would read it as null, and the condition would never hold.
        text = node.this.sql("spark")[:40]
        raise Refusal(place(node.this), f"{text} is not a time such as '2024-09-01 00:00:00'.")
    return Value(to)


def _of_choice(node: exp.Expr) -> Value:
    given = list(operands(node))
    if len(given) < 2:
        raise Refusal(place(node), f"{word(node)} takes two values or more.")
    return common_value(node, given)


def _of_literal(node: exp.Expr) -> Value:
    if node.is_string:
        if "${" in node.this:
            raise Refusal(place(node), "text with ${ is not allowed: Spark would put a setting in its place.")
        return Value(Kind.TEXT)
    if not re.fullmatch(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", node.this):
        raise Refusal(place(node), f"{node.this[:30]} is not a number.")
    return Value(Kind.INTEGER if node.this.isdigit() else Kind.REAL)


RULES: dict[type[exp.Expr], Callable[[exp.Expr], Value]] = {
    **dict.fromkeys(SIGNATURES, _of_signature),
    **LIST_RULES,
    **dict.fromkeys(COMPARISONS, _of_comparison),
    exp.Between: _of_comparison,
    exp.In: _of_in,
    exp.Is: _of_is,
    exp.Like: _of_pattern,
    exp.RegexpLike: _of_pattern,
    exp.Round: _of_round,
    exp.Case: _of_case,
    exp.If: _of_if,
    **dict.fromkeys((exp.Cast, exp.TryCast), _of_cast),
    **dict.fromkeys((exp.Greatest, exp.Least, exp.Coalesce, exp.Nullif), _of_choice),
    exp.Paren: lambda node: value(node.this),
    exp.Literal: _of_literal,
    exp.Boolean: lambda node: Value(Kind.BOOLEAN),
    exp.Null: lambda node: Value(Kind.NULL),
    exp.DataType: lambda node: Value(Kind.NULL),
}
"""Node -> what it gives, when what is below it is known; a column's rule is in `condition_grammar`."""
