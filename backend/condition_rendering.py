"""From a checked tree to what runs: names in backticks, and no value never satisfies a comparison.

Spark holds NaN equal to itself and above every number. Here NaN counts as null wherever a number is compared, tested
with ``IS NULL``, or handed to a function that would turn NaN into a value. Between these places NaN may pass, because
arithmetic hands it on. A whole number that is too large for its type is no value either.
"""

from __future__ import annotations

from sqlglot import exp

from backend.condition_dialect import (
    ArraySize,
    ConditionDialect,
    Log2,
    Log10,
    NanVl,
    PositiveMod,
    TryAdd,
    TryMultiply,
    TrySubtract,
)
from backend.condition_functions import COMPARISONS, LAMBDA_VARIABLES
from backend.condition_values import Kind, Value, is_leaf, operands

_HANDS_NAN_ON = frozenset(
    (
        *(exp.Paren, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, PositiveMod, exp.Abs, exp.Round, exp.Sign),
        *(exp.Sqrt, exp.Cbrt, exp.Exp, exp.Ln, exp.Log, Log10, Log2, exp.Degrees, exp.Radians),
        *(exp.Sin, exp.Cos, exp.Tan, exp.Asin, exp.Acos, exp.Atan, exp.Atan2, exp.Sinh, exp.Cosh, exp.Tanh),
        *(exp.If, exp.IsNan, exp.Connector, exp.Not, exp.And, exp.Or),
    )
)
"""Nodes that give NaN or null where an operand is NaN; ``isnan`` is the one that asks for it."""
_NEVER_NAN = frozenset(
    (exp.Literal, exp.Pi, exp.Greatest, exp.Least, exp.Coalesce, exp.Nullif, exp.ArrayMin, exp.ArrayMax)
)
_PREDICATES = (*COMPARISONS, exp.Between, exp.In, exp.Is, exp.Like, exp.RegexpLike, exp.Not, exp.And, exp.Or)
_TAKES_VALUES = (*COMPARISONS, exp.Between, exp.In, exp.Is)
_WITHOUT_OVERFLOW: dict[type[exp.Expr], type[exp.Func]] = {exp.Add: TryAdd, exp.Sub: TrySubtract, exp.Mul: TryMultiply}


def prepared(tree: exp.Expr) -> exp.Expr:
    """A copy of the tree in which what a condition means, beyond what SQL means, is written out.

    Parameters
    ----------
    tree
        A tree that `condition_grammar.check_tree` has accepted; it is left as it is.
    """
    whole = exp.Paren(this=tree.copy())
    for node in list(whole.this.walk(bfs=False, prune=is_leaf)):
        _keep_together(node)
        _cast_safely(node)
        _sum_as_double(node)
        _take_nan_as_null(node)
        _take_nan_in_list_as_null(node)
        _write_as_double(node)
        _widen_integers(node)
        _narrow_places_in_text(node)
    for name in list(whole.find_all(exp.Identifier)):
        name.set("quoted", True)
    for column in list(whole.find_all(exp.Column)):
        if "path" in column.meta:
            column.replace(_quoted(column))
    result: exp.Expr = whole.this
    result.pop()
    return result


def spark_sql(ready: exp.Expr) -> str:
    """A prepared condition as Spark runs it, in Spark's three-valued logic with NaN as null."""
    return ready.sql(dialect=ConditionDialect, comments=False)


def _keep_together(node: exp.Expr) -> None:
    """Spark's grammar wants parentheses about a predicate that is compared: ``(a IS NULL) = TRUE``."""
    if isinstance(node, _TAKES_VALUES):
        for operand in operands(node):
            if isinstance(operand, _PREDICATES):
                _wrap(operand, exp.Paren())


def _cast_safely(node: exp.Expr) -> None:
    """What cannot be cast is no value; Spark's own cast would give the nearest number, or a wrong one."""
    if type(node) is exp.Cast:  # a time, which the grammar has read
        _rewrite(node, exp.TryCast(this=node.this, to=node.args["to"]))
    elif type(node) is exp.TryCast:
        node.set("safe", True)


def _sum_as_double(node: exp.Expr) -> None:
    """Spark wants one type from the start of ``aggregate`` to its end."""
    if isinstance(node, exp.Reduce):
        for part in (node.args["initial"], node.args["merge"].this):
            _wrap(part, exp.TryCast(to=exp.DataType(this=exp.DType.DOUBLE)), Value(Kind.REAL))


def _take_nan_as_null(node: exp.Expr) -> None:
    if isinstance(node, exp.Case):
        to_wrap = [node.this] if node.this else []
    elif isinstance(node, exp.Lambda):
        to_wrap = [node.this] if isinstance(node.parent, exp.Transform) else []
    elif type(node) in _HANDS_NAN_ON or type(node) in LAMBDA_VARIABLES:
        to_wrap = []
    else:
        to_wrap = list(operands(node))
    for operand in to_wrap:
        if _may_be_nan(operand):
            _wrap(operand, NanVl(expression=exp.Null()))


def _take_nan_in_list_as_null(node: exp.Expr) -> None:
    """Lists of numbers that the archive has; those that ``transform`` gives have no NaN already."""
    if not isinstance(node, exp.Column) or node.meta["value"] != Value(Kind.LIST, Value(Kind.REAL)):
        return
    if isinstance(node.parent, (ArraySize, exp.Is)):
        return
    name = exp.to_identifier("value")
    entry = exp.column(name.copy())
    entry.meta["value"] = Value(Kind.REAL)
    without_nan = exp.Lambda(this=NanVl(this=entry, expression=exp.Null()), expressions=[name])
    _wrap(node, exp.Transform(expression=without_nan))


def _may_be_nan(node: exp.Expr) -> bool:
    if "value" not in node.meta or node.meta["value"].kind is not Kind.REAL:
        return False
    while isinstance(node, (exp.Paren, exp.Neg)):
        node = node.this
    return type(node) not in _NEVER_NAN


def _write_as_double(node: exp.Expr) -> None:
    """Spark reads ``0.1`` as a decimal, ``0.1E0`` as the double that Python and DuckDB's columns hold."""
    if isinstance(node, exp.Literal) and node.meta["value"].kind is Kind.REAL and "e" not in node.this.lower():
        node.set("this", f"{node.this}E0")


def _widen_integers(node: exp.Expr) -> None:
    """Spark's whole numbers overflow in silence."""
    if "value" not in node.meta or node.meta["value"].kind is not Kind.INTEGER:
        return
    if type(node) in _WITHOUT_OVERFLOW:
        _as_bigint(node.expression if isinstance(node.this, exp.Literal) else node.this)
        _rewrite(node, _WITHOUT_OVERFLOW[type(node)](this=node.this, expression=node.expression))
    elif isinstance(node, (exp.Neg, exp.Abs, exp.Round, PositiveMod)) and not isinstance(node.this, exp.Literal):
        _as_bigint(node.this)


def _narrow_places_in_text(node: exp.Expr) -> None:
    """Spark takes places and lengths as INT, and would drop the upper half of a larger number in silence."""
    if isinstance(node, (exp.Substring, exp.Left, exp.Right)):
        for place in list(operands(node))[1:]:
            if not _is_short(place):
                _wrap(place, exp.TryCast(to=exp.DataType(this=exp.DType.INT), safe=True))


def _is_short(node: exp.Expr) -> bool:
    number = node.this if isinstance(node, exp.Neg) else node
    return isinstance(number, exp.Literal) and len(number.this) < 10


def _as_bigint(operand: exp.Expr) -> None:
    _wrap(operand, exp.TryCast(to=exp.DataType(this=exp.DType.BIGINT)))


def _wrap(node: exp.Expr, wrapper: exp.Expr, gives: Value | None = None) -> None:
    wrapper.meta["value"] = gives or node.meta["value"]
    node.replace(wrapper)
    wrapper.set("this", node)


def _rewrite(node: exp.Expr, as_other: exp.Expr) -> None:
    as_other.meta.update(node.meta)
    node.replace(as_other)


def _quoted(column: exp.Column) -> exp.Column:
    """The field as a column whose parts are all in backticks."""
    path = column.meta["path"]
    quoted = exp.column(*(exp.to_identifier(part, quoted=True) for part in reversed(path.split("."))))
    quoted.meta.update(column.meta)
    return quoted
