"""A prepared condition as DuckDB runs it over the flat sample table, with Spark's results value for value.

Columns are named by their dotted path in one quoted identifier. Times are microseconds since 1970, whatever kind of
timestamp the table holds. DuckDB may run a branch of CASE for rows that take another: no branch can fail.

Where a function depends on no types a template of `condition_duckdb_templates` says it all; here is the rest. What
cannot be said in DuckDB raises `NotCounted`, and the estimate names it.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from backend.condition_dialect import NanVl, PositiveMod, TryAdd, TryMultiply, TrySubtract
from backend.condition_duckdb_numbers import cast, floor_or_ceil, remainder, rounded, sign_change
from backend.condition_duckdb_templates import OF_NUMBERS, OF_TEXTS, SUBSTRING, SUBSTRING_BEGIN, TO_THE_END, TRIM
from backend.condition_duckdb_types import NotCounted, alike, as_double, quoted, sql_of, type_of
from backend.condition_patterns import regular_expression_in_re2
from backend.condition_values import Kind, is_branch, is_leaf, kind, operands, results_of

MAX_LENGTH = 200_000
"""Templates repeat their operands: nested deeply enough, a short condition would become an endless one."""

_OPERATORS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.And: "AND",
    exp.Or: "OR",
    TryAdd: "+",
    TrySubtract: "-",
    TryMultiply: "*",
}


def duckdb_sql(ready: exp.Expr) -> str:
    """The condition as DuckDB runs it, in three-valued logic.

    Parameters
    ----------
    ready
        A tree of `condition_rendering.prepared`.

    Raises
    ------
    NotCounted
        When it uses what the sample does not have (history, images), or what DuckDB cannot do as Spark does.
    """
    nodes = list(ready.walk(bfs=False, prune=is_leaf))
    for node in nodes:
        if isinstance(node, exp.Column):
            _refuse_absent(node)
    for node in reversed(nodes):
        if not isinstance(node, exp.Identifier):
            sql = _write(node)
            if len(sql) > MAX_LENGTH:
                raise NotCounted("the condition is too involved to be counted")
            node.meta["duckdb"] = sql
    written: str = ready.meta["duckdb"]
    return written


def _refuse_absent(column: exp.Column) -> None:
    path = column.meta.get("path", "")
    match column.meta["value"].kind:
        case Kind.LIST:
            raise NotCounted(f"{path} is history")
        case Kind.COMPOUND:
            raise NotCounted(f"{path} is an image" if column.meta["type"] == "binary" else f"{path} is a structure")


def _write(node: exp.Expr) -> str:
    if type(node) in _SPECIAL:
        return _SPECIAL[type(node)](node)
    if type(node) in _OPERATORS:
        return _of_operator(node)
    if type(node) in OF_NUMBERS:
        return OF_NUMBERS[type(node)].format(*map(as_double, operands(node)))
    return OF_TEXTS[type(node)].format(*map(sql_of, operands(node)))


def _of_operator(node: exp.Expr) -> str:
    operator = _OPERATORS[type(node)]
    if isinstance(node, (exp.And, exp.Or)):
        # Links of a chain have no parentheses: DuckDB limits how deep an expression may be.
        written = f"{sql_of(node.this)} {operator} {sql_of(node.expression)}"
        return written if type(node.parent) is type(node) else f"({written})"
    if isinstance(node, (TryAdd, TrySubtract, TryMultiply)):
        left, right = (f"CAST({sql_of(each)} AS HUGEINT)" for each in operands(node))
        return f"TRY_CAST({left} {operator} {right} AS BIGINT)"
    left, right = alike(list(operands(node)))
    return f"({left} {operator} {right})"


def _of_column(node: exp.Column) -> str:
    name = '"' + node.meta["path"].replace('"', '""') + '"'
    return f"epoch_us({name})" if kind(node) is Kind.TIME else name


def _of_literal(node: exp.Expr) -> str:
    return quoted(node.this) if kind(node) is Kind.TEXT else str(node.this)


def _of_between(node: exp.Expr) -> str:
    low, high = node.args["low"], node.args["high"]
    at_least, at_most = alike([node.this, low]), alike([node.this, high])
    return f"({at_least[0]} >= {at_least[1]} AND {at_most[0]} <= {at_most[1]})"


def _of_in(node: exp.Expr) -> str:
    first, *others = alike([node.this, *node.expressions])
    return f"({first} IN ({', '.join(others)}))"


def _of_nan_as_null(node: exp.Expr) -> str:
    return f"nullif({sql_of(node.this)}, CAST('nan' AS {type_of(node.this)}))"


def _of_case(node: exp.Expr) -> str:
    if is_branch(node):
        return ""
    branches = node.args["ifs"] if isinstance(node, exp.Case) else [node]
    tested = [each.this for each in branches]
    results = alike(results_of(node))
    if isinstance(node, exp.Case) and node.this:
        pairs = [alike([node.this, each]) for each in tested]
        tests = [f"{left} = {right}" for left, right in pairs]
    else:
        tests = [sql_of(each) for each in tested]
    whens = " ".join(f"WHEN {test} THEN {result}" for test, result in zip(tests, results, strict=False))
    otherwise = f" ELSE {results[-1]}" if len(results) > len(tests) else ""
    return f"(CASE {whens}{otherwise} END)"


def _of_nullif(node: exp.Expr) -> str:
    left, right = alike(list(operands(node)))
    return f"(CASE WHEN {left} = {right} THEN NULL ELSE {sql_of(node.this)} END)"


def _of_choice(node: exp.Expr) -> str:
    return f"{node.key}({', '.join(alike(list(operands(node))))})"


def _of_substring(node: exp.Expr) -> str:
    x, start, *length = map(sql_of, operands(node))
    begin = SUBSTRING_BEGIN.format(x, start)
    return SUBSTRING.format(x, begin=begin, length=length[0] if length else TO_THE_END)


def _of_like(node: exp.Expr) -> str:
    text, pattern = map(sql_of, operands(node))
    return f"({text} {'NOT LIKE' if node.args.get('negate') else 'LIKE'} {pattern} ESCAPE '\\')"


def _of_regular_expression(node: exp.Expr) -> str:
    pattern = regular_expression_in_re2(node.expression.this)
    if pattern is None:
        raise NotCounted("a regular expression that looks ahead, behind or back")
    return f"regexp_matches({sql_of(node.this)}, {quoted(pattern)})"


_SPECIAL: dict[type[exp.Expr], Callable[..., str]] = {
    exp.Column: _of_column,
    exp.Literal: _of_literal,
    exp.Boolean: lambda node: "TRUE" if node.this else "FALSE",
    exp.Null: lambda node: "NULL",
    exp.DataType: lambda node: "",
    exp.Paren: lambda node: f"({sql_of(node.this)})",
    exp.Not: lambda node: f"(NOT ({sql_of(node.this)}))",
    exp.Is: lambda node: f"({sql_of(node.this)} IS NULL)",
    exp.Between: _of_between,
    exp.In: _of_in,
    NanVl: _of_nan_as_null,
    **dict.fromkeys((exp.Mod, PositiveMod), remainder),
    **dict.fromkeys((exp.Neg, exp.Abs), sign_change),
    **dict.fromkeys((exp.Floor, exp.Ceil), floor_or_ceil),
    exp.Round: rounded,
    **dict.fromkeys((exp.Case, exp.If), _of_case),
    exp.Nullif: _of_nullif,
    **dict.fromkeys((exp.Greatest, exp.Least, exp.Coalesce), _of_choice),
    **dict.fromkeys((exp.Cast, exp.TryCast), cast),
    exp.Substring: _of_substring,
    exp.Trim: lambda node: TRIM.get(node.text("position"), "trim({0}, ' ')").format(sql_of(node.this)),
    exp.Concat: lambda node: f"({' || '.join(map(sql_of, operands(node)))})",
    exp.Like: _of_like,
    exp.RegexpLike: _of_regular_expression,
}
