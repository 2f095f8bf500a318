"""Remainders, rounding and casts, whose form in DuckDB depends on the types of what they are given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlglot import exp

from backend.condition_duckdb_templates import BOOLEAN_OF_TEXT, NUMBER_OF_TEXT
from backend.condition_duckdb_types import NotCounted, alike, as_double, quoted, sql_of, type_of
from backend.condition_kinds import read_time
from backend.condition_values import Kind, kind, operands

_SMALLEST = "(-9223372036854775807 - 1)"
_DAY_US = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def remainder(node: exp.Expr) -> str:
    """The divisor once as null where it is 0: a whole number modulo 0 would end the query."""
    left, right = alike(list(operands(node)))
    rest = f"({left} % nullif({right}, 0))"
    if isinstance(node, exp.Mod):
        return rest
    if kind(node) is Kind.REAL:
        return f"(CASE WHEN {rest} < 0 THEN ({rest} + {right}) % {right} ELSE {rest} END)"
    large = f"CAST({rest} AS HUGEINT)"
    overflow = f"WHEN {rest} < 0 AND {right} = {_SMALLEST} THEN {large} - {right}"  # as Java's addition does
    return (
        f"TRY_CAST(CASE WHEN {rest} < 0 AND {right} > 0 THEN {large} + {right} {overflow} ELSE {large} END AS BIGINT)"
    )


def sign_change(node: exp.Expr) -> str:
    """The smallest whole number has no positive one: Java leaves it as it is, DuckDB would end the query."""
    write = "abs({})" if isinstance(node, exp.Abs) else "(-{})"
    if kind(node) is not Kind.INTEGER or isinstance(node.this, exp.Literal):
        return write.format(sql_of(node.this))
    changed = write.format(f"nullif({sql_of(node.this)}, {_SMALLEST})")
    return f"(CASE WHEN {sql_of(node.this)} = {_SMALLEST} THEN {_SMALLEST} ELSE {changed} END)"


def floor_or_ceil(node: exp.Expr) -> str:
    """``floor`` and ``ceil`` give BIGINT, its limits where there is no such number."""
    if kind(node.this) is Kind.INTEGER:
        return sql_of(node.this)
    name, x = "floor" if isinstance(node, exp.Floor) else "ceil", as_double(node.this)
    return (
        f"(CASE WHEN {x} >= 9223372036854775807e0 THEN 9223372036854775807"
        f" WHEN {x} <= -9223372036854775808e0 THEN {_SMALLEST} ELSE TRY_CAST({name}({x}) AS BIGINT) END)"
    )


def rounded(node: exp.Expr) -> str:
    """Halves go away from zero in decimals, as Java's BigDecimal has them: 2.675 is 2.68, though it is less."""
    digits = node.args.get("decimals")
    if isinstance(digits, exp.Neg):
        raise NotCounted("round with negative digits")
    if kind(node) is Kind.INTEGER:
        return sql_of(node.this)
    x, places = as_double(node.this), digits.this if digits is not None else "0"
    in_decimals = f"CAST(TRY_CAST(CAST({x} AS VARCHAR) AS DECIMAL(38, {places})) AS DOUBLE)"
    # From 2^52 on a double has no decimals.
    rounded = f"(CASE WHEN abs({x}) < 4503599627370496e0 THEN {in_decimals} ELSE {x} END)"
    return rounded if type_of(node) == "DOUBLE" else f"CAST({rounded} AS FLOAT)"


def cast(node: exp.Expr) -> str:
    """As Spark's ``try_cast``: decimals are cut off, and what does not fit is null."""
    to: exp.DType = node.args["to"].this
    source, wanted, x = kind(node.this), kind(node), sql_of(node.this)
    if source is Kind.NULL:
        return "NULL"
    if Kind.TIME in (source, wanted):
        return _time_of(node.this, to)
    if source is Kind.TEXT:
        return _cast_text(x, to)
    if wanted is Kind.BOOLEAN:
        return x if source is Kind.BOOLEAN else f"({x} <> 0)"
    if wanted is Kind.TEXT and source is Kind.REAL:
        raise NotCounted("a number with decimals as text")
    if wanted is Kind.REAL:
        return as_double(node.this) if to is exp.DType.DOUBLE else _as_float(x)
    return (
        f"TRY_CAST({f'trunc({x})' if source is Kind.REAL else x} AS {'VARCHAR' if wanted is Kind.TEXT else to.value})"
    )


def _as_float(x: str) -> str:
    """Beyond the largest FLOAT there is infinity in Java, an error in DuckDB."""
    beyond = f"CASE WHEN {x} > 0 THEN CAST('inf' AS FLOAT) WHEN {x} < 0 THEN CAST('-inf' AS FLOAT) END"
    return f"coalesce(TRY_CAST({x} AS FLOAT), {beyond})"


def _cast_text(x: str, to: exp.DType) -> str:
    if to is exp.DType.BOOLEAN:
        return BOOLEAN_OF_TEXT.format(x)
    if to is exp.DType.TEXT:
        return x
    is_real = to in (exp.DType.FLOAT, exp.DType.DOUBLE)
    number = f"regexp_extract({x}, {quoted(NUMBER_OF_TEXT[is_real])}, 1)"
    if to is exp.DType.FLOAT:
        return _as_float(f"TRY_CAST({number} AS DOUBLE)")
    return f"TRY_CAST({number} AS {to.value})"


def _time_of(node: exp.Expr, to: exp.DType) -> str:
    if isinstance(node, exp.Literal):
        time = read_time(node.this)
        assert time is not None  # the grammar has read it
        microseconds = (time - _EPOCH) // timedelta(microseconds=1)
        x = str(microseconds)
        return str(microseconds // _DAY_US * _DAY_US) if to is exp.DType.DATE else x
    if kind(node) is not Kind.TIME or to is exp.DType.TEXT:
        raise NotCounted("a text as a time or a time as text")
    x = sql_of(node)
    return f"({x} - ((({x}) % {_DAY_US}) + {_DAY_US}) % {_DAY_US})" if to is exp.DType.DATE else x
