"""Of which kind each part of a condition is, and what functions and operators take and give."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlglot import exp

from backend.condition_dialect import Log2, Log10, PositiveMod
from backend.condition_text import Refusal


class Kind(StrEnum):
    """The kinds of values that conditions tell apart, in the words of a message."""

    BOOLEAN = "true or false"
    INTEGER = "a whole number"
    REAL = "a number"
    TEXT = "text"
    TIME = "a time"
    NULL = "NULL"
    COMPOUND = "a structure, a list or an image"


NUMBER = (Kind.INTEGER, Kind.REAL)
_OF_TYPE = {
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

_TIME = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?")


@dataclass(frozen=True)
class Signature:
    """What a function or an operator takes and gives.

    Parameters
    ----------
    takes
        The kinds that each operand may have.
    gives
        The kind of the result; none: the widest kind of the operands.
    least
        How many operands there must be; none: all of them.
    repeats
        Whether the last operand may come again and again.
    """

    takes: tuple[tuple[Kind, ...], ...]
    gives: Kind | None = None
    least: int | None = None
    repeats: bool = False


_TEXT, _INTEGER, _BOOLEAN = (Kind.TEXT,), (Kind.INTEGER,), (Kind.BOOLEAN,)
SIGNATURES: dict[type[exp.Expr], Signature] = {
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Mod, PositiveMod), Signature((NUMBER, NUMBER))),
    **dict.fromkeys((exp.Neg, exp.Abs), Signature((NUMBER,))),
    **dict.fromkeys((exp.Div, exp.Pow, exp.Atan2), Signature((NUMBER, NUMBER), Kind.REAL)),
    **dict.fromkeys((exp.Sqrt, exp.Cbrt, exp.Exp, exp.Ln, Log10, Log2, exp.Sign), Signature((NUMBER,), Kind.REAL)),
    **dict.fromkeys((exp.Sin, exp.Cos, exp.Tan, exp.Asin, exp.Acos, exp.Atan), Signature((NUMBER,), Kind.REAL)),
    **dict.fromkeys((exp.Degrees, exp.Radians), Signature((NUMBER,), Kind.REAL)),
    exp.Log: Signature((NUMBER, NUMBER), Kind.REAL),
    **dict.fromkeys((exp.Floor, exp.Ceil), Signature((NUMBER,), Kind.INTEGER)),
    exp.Round: Signature((NUMBER, _INTEGER), least=1),
    exp.IsNan: Signature((NUMBER,), Kind.BOOLEAN),
    **dict.fromkeys((exp.And, exp.Or), Signature((_BOOLEAN, _BOOLEAN), Kind.BOOLEAN)),
    exp.Not: Signature((_BOOLEAN,), Kind.BOOLEAN),
    exp.DPipe: Signature((_TEXT, _TEXT), Kind.TEXT),
    **dict.fromkeys((exp.Lower, exp.Upper, exp.Trim), Signature((_TEXT,), Kind.TEXT)),
    exp.Length: Signature((_TEXT,), Kind.INTEGER),
    exp.Substring: Signature((_TEXT, _INTEGER, _INTEGER), Kind.TEXT, least=2),
    exp.Concat: Signature((_TEXT,), Kind.TEXT, repeats=True),
    **dict.fromkeys((exp.StartsWith, exp.EndsWith, exp.Contains), Signature((_TEXT, _TEXT), Kind.BOOLEAN)),
    **dict.fromkeys((exp.Like, exp.RegexpLike), Signature((_TEXT, _TEXT), Kind.BOOLEAN)),
}
EQUALITIES = (exp.EQ, exp.NEQ)
COMPARISONS = (*EQUALITIES, exp.GT, exp.GTE, exp.LT, exp.LTE)


def kind(node: exp.Expr) -> Kind:
    """The kind of a node that `check_tree` has seen."""
    found: Kind = node.meta["kind"]
    return found


def operands(node: exp.Expr) -> Iterator[exp.Expr]:
    """The parts of a node that are values, in the order of the text; a type is not one."""
    if not is_leaf(node):
        yield from (child for child in node.iter_expressions() if not isinstance(child, exp.DataType))


def place(node: exp.Expr) -> int:
    """Index of the first character of a node that sqlglot has kept a place of."""
    return min((each.meta["start"] for each in node.walk() if "start" in each.meta), default=0)


def is_leaf(node: exp.Expr) -> bool:
    """Whether what is below the node are parts of a name."""
    return isinstance(node, (exp.Column, exp.DataType))


def word(node: exp.Expr) -> str:
    """How a user calls the node."""
    if isinstance(node, exp.Anonymous):
        return str(node.name)
    return node.sql_name().lower() if isinstance(node, exp.Func) else node.key.upper()


def described(node: exp.Expr) -> str:
    if isinstance(node, exp.Column):
        return f"{node.meta['path']} is {kind(node).value}"
    if isinstance(node, exp.Literal):
        return f"{node.sql('spark')[:40]} is {kind(node).value}"
    return f"this is {kind(node).value}"


def _of_signature(node: exp.Expr) -> Kind:
    signature = SIGNATURES[type(node)]
    given = list(operands(node))
    most, least = len(signature.takes), signature.least or len(signature.takes)
    if len(given) < least or (len(given) > most and not signature.repeats):
        raise Refusal(place(node), f"{word(node)} takes {least if least == most else f'{least} or {most}'} values.")
    for n, operand in enumerate(given):
        if kind(operand) not in signature.takes[min(n, most - 1)]:
            wanted = " or ".join(each.value for each in signature.takes[min(n, most - 1)][-1:])
            raise Refusal(place(operand), f"{described(operand)}, where {word(node)} needs {wanted}.")
    return signature.gives or _common(node, given)


def _common(node: exp.Expr, given: Iterable[exp.Expr]) -> Kind:
    """The kind that holds all of them; NULL fits with each."""
    widest: exp.Expr | None = None
    for operand in given:
        if kind(operand) is Kind.NULL:
            continue
        if kind(operand) is Kind.COMPOUND:
            raise Refusal(place(operand), f"{described(operand)}, which can only be tested with IS NULL.")
        if widest is not None and kind(operand) is not kind(widest):
            if not {kind(operand), kind(widest)} <= set(NUMBER):
                raise Refusal(place(node), _mismatch(widest, operand))
            widest = operand if kind(operand) is Kind.REAL else widest
        widest = widest or operand
    return kind(widest) if widest is not None else Kind.NULL


def _mismatch(one: exp.Expr, other: exp.Expr) -> str:
    hint = ""
    if {kind(one), kind(other)} == {Kind.TIME, Kind.TEXT}:
        hint = " Write a time as TIMESTAMP '2024-09-01 00:00:00'."
    return f"{described(one)} and {described(other)}: they cannot be compared.{hint}"


def _of_comparison(node: exp.Expr) -> Kind:
    given = list(operands(node))
    for operand in given:
        if kind(operand) is Kind.NULL:
            raise Refusal(place(node), "a comparison with NULL is never true; write IS NULL or IS NOT NULL.")
    common = _common(node, given)
    if common is Kind.BOOLEAN and not isinstance(node, (*EQUALITIES, exp.In)):
        raise Refusal(place(node), "true and false have no order; compare them with = or <>.")
    return Kind.BOOLEAN


def _of_in(node: exp.Expr) -> Kind:
    if not node.expressions:
        raise Refusal(place(node), "IN needs a list in parentheses with at least one value.")
    return _of_comparison(node)


def _of_is(node: exp.Expr) -> Kind:
    if type(node.expression) is not exp.Null:
        raise Refusal(place(node), "IS is only allowed in IS NULL and IS NOT NULL.")
    return Kind.BOOLEAN


def _of_pattern(node: exp.Expr) -> Kind:
    result = _of_signature(node)
    if not isinstance(node.expression, exp.Literal):
        raise Refusal(place(node), "the pattern must be text in quotation marks.")
    check = _check_like if isinstance(node, exp.Like) else _check_regular_expression
    check(node.expression)
    return result


def _check_like(pattern: exp.Literal) -> None:
    if re.search(r"^(?:[^\\]|\\.)*\\(?![\\%_])", pattern.this, re.DOTALL):
        raise Refusal(place(pattern), r"in a LIKE pattern \ must stand before %, _ or \.")


def _check_regular_expression(pattern: exp.Literal) -> None:
    try:
        re.compile(pattern.this)
    except (re.error, OverflowError) as error:
        raise Refusal(place(pattern), f"this is not a regular expression: {error}.") from error
    if re.search(r"\(\?(?![:i=!])", pattern.this):
        raise Refusal(place(pattern), "groups such as (?...) are not allowed in a regular expression.")


def _of_round(node: exp.Expr) -> Kind:
    digits = node.args.get("decimals")
    number = digits.this if isinstance(digits, exp.Neg) else digits
    if digits is not None and not isinstance(number, exp.Literal):
        raise Refusal(place(digits), "the digits of round must be written as a number.")
    return _of_signature(node)


def _of_case(node: exp.Expr) -> Kind:
    compared = [node.this, *(each.this for each in node.args["ifs"])] if node.this else []
    if compared:
        _common(node, compared)
    else:
        _need_conditions(each.this for each in node.args["ifs"])
    results = [each.args["true"] for each in node.args["ifs"]]
    return _common(node, [*results, *filter(None, [node.args.get("default")])])


def _of_if(node: exp.Expr) -> Kind:
    if isinstance(node.parent, exp.Case):
        return Kind.NULL
    _need_conditions([node.this])
    return _common(node, filter(None, [node.args["true"], node.args.get("false")]))


def _need_conditions(nodes: Iterable[exp.Expr]) -> None:
    for node in nodes:
        if kind(node) is not Kind.BOOLEAN:
            raise Refusal(place(node), f"{described(node)}, where a condition is needed.")


def _of_cast(node: exp.Expr) -> Kind:
    to, source = CAST_TO[node.args["to"].this], kind(node.this)
    if source is Kind.COMPOUND or (Kind.TIME in (to, source) and {to, source} - {Kind.TIME, Kind.TEXT, Kind.NULL}):
        raise Refusal(place(node), f"{described(node.this)} and cannot be cast to {node.args['to'].sql('spark')}.")
    if to is Kind.TIME and isinstance(node.this, exp.Literal):
        _check_time(node.this)
    return to


def _check_time(text: exp.Literal) -> None:
    """Spark would read what is not a time as null, and the condition would never hold."""
    try:
        is_time = bool(_TIME.fullmatch(text.this)) and bool(datetime.fromisoformat(text.this))
    except ValueError:
        is_time = False
    if not is_time:
        raise Refusal(place(text), f"{text.sql('spark')[:40]} is not a time such as '2024-09-01 00:00:00'.")


def _of_choice(node: exp.Expr) -> Kind:
    given = list(operands(node))
    if len(given) < 2:
        raise Refusal(place(node), f"{word(node)} takes two values or more.")
    return _common(node, given)


def _of_literal(node: exp.Expr) -> Kind:
    if node.is_string:
        if "${" in node.this:
            raise Refusal(place(node), "text with ${ is not allowed: Spark would put a setting in its place.")
        return Kind.TEXT
    if not re.fullmatch(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", node.this):
        raise Refusal(place(node), f"{node.this[:30]} is not a number.")
    return Kind.INTEGER if node.this.isdigit() else Kind.REAL


KIND_OF: dict[type[exp.Expr], Callable[[exp.Expr], Kind]] = {
    **dict.fromkeys(SIGNATURES, _of_signature),
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
    exp.Paren: lambda node: kind(node.this),
    exp.Literal: _of_literal,
    exp.Boolean: lambda node: Kind.BOOLEAN,
    exp.Null: lambda node: Kind.NULL,
    exp.Column: lambda node: _OF_TYPE.get(node.meta["type"], Kind.COMPOUND),
    exp.DataType: lambda node: Kind.NULL,
}
