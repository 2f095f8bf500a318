"""From a checked tree to what Spark runs: names in backticks, and no value never satisfies a comparison.

Spark holds NaN equal to itself and above every number. Here NaN counts as null wherever a number is compared, tested
with ``IS NULL``, or handed to a function that would turn NaN into a value. Between these places NaN may pass, because
arithmetic hands it on.
"""

from __future__ import annotations

from sqlglot import exp

from backend.condition_dialect import ConditionDialect, Log2, Log10, NanVl, PositiveMod
from backend.condition_kinds import COMPARISONS, Kind, is_leaf, kind, operands

_HANDS_NAN_ON = frozenset(
    (
        *(exp.Paren, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, PositiveMod, exp.Abs, exp.Round, exp.Sign),
        *(exp.Sqrt, exp.Cbrt, exp.Exp, exp.Ln, exp.Log, Log10, Log2, exp.Degrees, exp.Radians),
        *(exp.Sin, exp.Cos, exp.Tan, exp.Asin, exp.Acos, exp.Atan, exp.Atan2, exp.If, exp.IsNan),
    )
)
"""Nodes that give NaN or null where an operand is NaN; ``isnan`` is the one that asks for it."""
_NEVER_NAN = frozenset((exp.Literal, exp.Greatest, exp.Least, exp.Coalesce, exp.Nullif))
_PREDICATES = (*COMPARISONS, exp.Between, exp.In, exp.Is, exp.Like, exp.RegexpLike, exp.Not, exp.And, exp.Or)
_TAKES_VALUES = (*COMPARISONS, exp.Between, exp.In, exp.Is)


def spark_sql(tree: exp.Expr) -> str:
    """The condition as Spark runs it, in Spark's three-valued logic with NaN as null.

    Parameters
    ----------
    tree
        A tree that `condition_grammar.check_tree` has accepted; it is left as it is.
    """
    rendered = exp.Paren(this=tree.copy())
    for node in list(rendered.this.walk(bfs=False, prune=is_leaf)):
        _keep_together(node)
        _widen_integers(node)
        _take_nan_as_null(node)
        _write_as_double(node)
    for column in list(rendered.find_all(exp.Column)):
        column.replace(_quoted(column.meta["path"]))
    written: exp.Expr = rendered.this
    return written.sql(dialect=ConditionDialect, comments=False)


def _keep_together(node: exp.Expr) -> None:
    """Spark's grammar wants parentheses about a predicate that is compared: ``(a IS NULL) = TRUE``."""
    if isinstance(node, _TAKES_VALUES):
        for operand in operands(node):
            if isinstance(operand, _PREDICATES):
                _wrap(operand, exp.Paren())


def _widen_integers(node: exp.Expr) -> None:
    """Spark's 32-bit integers overflow in silence."""
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul)) and kind(node) is Kind.INTEGER:
        operand = node.expression if isinstance(node.this, exp.Literal) else node.this
        _wrap(operand, exp.TryCast(to=exp.DataType(this=exp.DType.BIGINT)))


def _take_nan_as_null(node: exp.Expr) -> None:
    if type(node) in _HANDS_NAN_ON or isinstance(node, (exp.Case, exp.Connector, exp.Not)):
        operands_to_wrap = [node.this] if isinstance(node, exp.Case) and node.this else []
    elif isinstance(node, exp.If):
        operands_to_wrap = []
    else:
        operands_to_wrap = list(operands(node))
    for operand in operands_to_wrap:
        if _may_be_nan(operand):
            _wrap(operand, NanVl(expression=exp.Null()))


def _may_be_nan(node: exp.Expr) -> bool:
    if node.meta.get("kind") is not Kind.REAL:
        return False
    while isinstance(node, (exp.Paren, exp.Neg)):
        node = node.this
    return type(node) not in _NEVER_NAN


def _write_as_double(node: exp.Expr) -> None:
    """Spark reads ``0.1`` as a decimal, ``0.1E0`` as the double that Python and DuckDB's columns hold."""
    if isinstance(node, exp.Literal) and kind(node) is Kind.REAL and "e" not in node.this.lower():
        node.set("this", f"{node.this}E0")


def _wrap(node: exp.Expr, wrapper: exp.Expr) -> None:
    wrapper.meta["kind"] = node.meta.get("kind")
    node.replace(wrapper)
    wrapper.set("this", node)


def _quoted(path: str) -> exp.Column:
    """The field as a column whose parts are all in backticks."""
    return exp.column(*(exp.to_identifier(part, quoted=True) for part in reversed(path.split("."))))
