"""Parts of a prepared condition in DuckDB's words: what has been written of them, and the type that each has."""

from __future__ import annotations

from sqlglot import exp

from backend.condition_dialect import NanVl, PositiveMod
from backend.condition_values import Kind, kind, operands, results_of


class NotCounted(ValueError):
    """Why a condition cannot be counted in the sample, as words that follow 'not counted:'."""


def sql_of(node: exp.Expr) -> str:
    """What has been written of the node already."""
    written: str = node.meta["duckdb"]
    return written


def type_of(node: exp.Expr) -> str:
    """The type in which Spark holds the node; whole numbers are BIGINT here whatever their size."""
    match kind(node):
        case Kind.INTEGER:
            return "BIGINT"
        case Kind.REAL:
            return _real_type(node)
        case Kind.TEXT:
            return "VARCHAR"
        case Kind.NULL:
            return "NULL"
        case Kind.BOOLEAN:
            return "BOOLEAN"
    return "TIME"


def _real_type(node: exp.Expr) -> str:
    if isinstance(node, exp.Column):
        return "FLOAT" if node.meta["type"] == "float" else "DOUBLE"
    if isinstance(node, (exp.Cast, exp.TryCast)):
        return "FLOAT" if node.args["to"].this is exp.DType.FLOAT else "DOUBLE"
    if isinstance(node, (exp.Paren, exp.Neg, exp.Abs, exp.Round, NanVl, exp.Nullif)):
        return type_of(node.this)
    if isinstance(node, (exp.Case, exp.If)):
        return _common_type(results_of(node))
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Mod, PositiveMod, exp.Greatest, exp.Least, exp.Coalesce)):
        return _common_type(list(operands(node)))
    return "DOUBLE"


def _common_type(nodes: list[exp.Expr]) -> str:
    """As in Spark: whole numbers with FLOAT are FLOAT."""
    types = {type_of(each) for each in nodes} - {"NULL"}
    for each in ("DOUBLE", "FLOAT", "BIGINT"):
        if each in types:
            return each
    return types.pop() if types else "NULL"


def as_type(node: exp.Expr, wanted: str) -> str:
    """The node as a number of the wanted type."""
    if wanted not in ("DOUBLE", "FLOAT", "BIGINT") or type_of(node) in (wanted, "NULL"):
        return sql_of(node)
    return f"CAST({sql_of(node)} AS {wanted})"


def as_double(node: exp.Expr) -> str:
    """The node as DOUBLE."""
    return as_type(node, "DOUBLE")


def alike(nodes: list[exp.Expr]) -> list[str]:
    """The nodes in the type to which Spark brings them all."""
    wanted = _common_type(nodes)
    return [as_type(each, wanted) for each in nodes]


def quoted(text: str) -> str:
    """The text as a literal."""
    return "'" + text.replace("'", "''") + "'"
