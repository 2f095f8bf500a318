"""A query as an expert types it: one SELECT over the alerts, read, held against an allow-list, and written anew.

What the user typed never reaches DuckDB. What runs is written from the tree, read once more, and held against the same
list again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from backend.condition_text import Refusal, line_and_column
from backend.condition_values import place
from backend.errors import InvalidRequest
from backend.select_dialect import SelectDialect
from backend.select_grammar import (
    ANY_OPERANDS,
    CAST_TO,
    FUNCTIONS,
    JOIN_KINDS,
    MOST_OPERANDS,
    NODES,
    OF_LITERAL_PATTERN,
)
from backend.select_names import Names, check_names, check_stars, check_tables, nearest
from backend.select_texts import limit_texts
from backend.select_words import read_words

MAX_DEPTH = 100
"""Levels of the tree, chains of AND and OR not counted."""
MAX_FORMAT = 60
_PARSER_FAILURES = (SqlglotError, RecursionError, AttributeError, IndexError, KeyError, TypeError, ValueError)
"""sqlglot's parser stumbles over some texts that are no SQL."""


def checked_select(text: str, names: Names) -> str:
    """What DuckDB may run for a query as typed.

    Parameters
    ----------
    text
        One SELECT over the table ``alerts``, with ``--`` comments anywhere, and a semicolon at its end or not.
    names
        What the table holds.

    Raises
    ------
    InvalidRequest
        When anything else is asked; the message names the place.
    """
    try:
        code = read_words(text)
        tree = _parsed(code)
        _check(tree, names)
        limit_texts(tree)
        written = _written(tree)
        # Should sqlglot write anything but what it read, it is found here.
        _check(_parsed(written), names)
        return written
    except Refusal as refusal:
        line, column = line_and_column(text, min(refusal.offset, len(text)))
        suggestion = f" Did you mean {refusal.nearest}?" if refusal.nearest else ""
        raise InvalidRequest(f"Line {line}, column {column}: {refusal.reason}{suggestion}") from refusal


def _parsed(code: str) -> exp.Expr:
    try:
        statements = sqlglot.parse(code, dialect=SelectDialect)
    except ParseError as error:
        raise _syntax_refusal(code, error) from error
    except _PARSER_FAILURES as error:
        raise Refusal(0, "this cannot be read as SQL.") from error
    tree = statements[0] if len(statements) == 1 else None
    if not isinstance(tree, exp.Query):
        raise Refusal(0, "one SELECT may be asked, and nothing else.")
    return tree


def _written(tree: exp.Expr) -> str:
    try:
        return tree.sql(dialect=SelectDialect, identify=True, comments=False)
    except _PARSER_FAILURES as error:
        raise Refusal(0, "this query cannot be written anew; put it more simply.") from error


def _syntax_refusal(code: str, error: ParseError) -> Refusal:
    """sqlglot names the last character of the token at which it gave up; its own words are for programmers."""
    found = error.errors[0] if error.errors else {}
    word = str(found.get("highlight") or "")
    line = int(found.get("line") or 1)
    end = sum(len(each) + 1 for each in code.split("\n")[: line - 1]) + int(found.get("col") or 1)
    offset = max(0, min(end - len(word), len(code) - 1))
    if str(found.get("description")).startswith("Required keyword"):
        return Refusal(offset, f"something is missing after {word[:30]}." if word else "something is missing here.")
    return Refusal(offset, f"{word[:30]} is not expected here." if word else "this cannot be read as SQL.")


def _check(tree: exp.Expr, names: Names) -> None:
    """Hold a tree against the allow-list and the names that there are.

    Raises
    ------
    Refusal
        At the first part that is not allowed or unknown.
    """
    nodes = list(tree.walk(bfs=False))
    _check_depth(nodes)
    for node in nodes:
        _check_allowed(node)
    check_tables(tree)
    check_stars(nodes)
    check_names(nodes, names)


def _check_depth(nodes: list[exp.Expr]) -> None:
    for node in nodes:
        above = node.parent.meta.get("depth", 0) if node.parent else 0
        node.meta["depth"] = above + (not isinstance(node, exp.Connector))
        if node.meta["depth"] > MAX_DEPTH:
            raise Refusal(place(node), "the query is nested too deeply.")


def _check_allowed(node: exp.Expr) -> None:
    allowed = NODES.get(type(node))
    if allowed is None:
        raise Refusal(_place(node), _why_refused(node))
    for name, given in node.args.items():
        if given and name not in allowed:
            raise Refusal(_place(node), _why_argument_refused(node, name))
    check = _CHECKS.get(type(node))
    if check is not None:
        check(node)


def _place(node: exp.Expr) -> int:
    """Where the node is, or else what it is a part of."""
    while node.parent is not None and not any("start" in each.meta for each in node.walk()):
        node = node.parent
    return place(node)


def _why_refused(node: exp.Expr) -> str:
    reasons: tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], str], ...] = (
        (exp.Lambda, "functions with -> or lambda are not allowed."),
        (exp.Values, "rows of your own (VALUES) are not allowed: only the alerts can be asked."),
        (exp.Lateral, "LATERAL is not allowed."),
        ((exp.Pivot, exp.Describe, exp.Summarize, exp.Show), f"{node.key.upper()} is not allowed."),
        ((exp.Cube, exp.Rollup, exp.GroupingSets), "GROUP BY takes columns or ALL."),
        ((exp.Placeholder, exp.Parameter), "parameters are not allowed."),
        ((exp.Array, exp.Struct, exp.Map), "lists, structures and maps of your own are not allowed."),
        ((exp.DDL, exp.DML, exp.Command), "statements that change something are not allowed."),
    )
    for types, reason in reasons:
        if isinstance(node, types):
            return reason
    return f"{node.key.upper()} is not allowed in a query."


def _why_argument_refused(node: exp.Expr, name: str) -> str:
    reasons = {
        "recursive": "recursive queries are not allowed.",
        "method": f"{node.text('method').upper()} JOIN is not allowed; name columns with ON or USING.",
        "sample": "samples are not allowed.",
        "pivots": "PIVOT is not allowed.",
        "into": "INTO is not allowed: nothing can be written.",
        "locks": "FOR UPDATE is not allowed: nothing can be written.",
        "except_": "* without EXCLUDE: name the columns that you want.",
        "replace": "* without REPLACE: name the columns that you want.",
        "rename": "* without RENAME: name the columns that you want.",
        "db": "there is one table: write alerts, without a schema before it.",
        "catalog": "there is one table: write alerts, without a schema before it.",
        "alias": "named windows are not allowed; write OVER (...).",
        "windows": "named windows are not allowed; write OVER (...).",
    }
    return reasons.get(name, f"this form of {node.key.upper()} is not allowed.")


def _check_call(node: exp.Anonymous) -> None:
    name = node.name.lower()
    if name not in FUNCTIONS:
        raise Refusal(_place(node), f"the function {node.name[:60]} is not allowed.", nearest(name, FUNCTIONS))
    operands = node.expressions
    if len(operands) > MOST_OPERANDS.get(name, ANY_OPERANDS):
        raise Refusal(_place(node), f"{name} takes fewer operands here.")
    if name in OF_LITERAL_PATTERN and not (len(operands) > 1 and operands[1].is_string):
        raise Refusal(_place(node), f"write the pattern of {name} as a text, such as '^ZTF24'.")
    if name == "strftime" and not any(each.is_string and len(each.name) <= MAX_FORMAT for each in operands):
        raise Refusal(_place(node), f"write the format of strftime as a text of {MAX_FORMAT} characters at most.")
    if name == "unnest" and not isinstance(node.parent, (exp.Select, exp.Alias)):
        raise Refusal(_place(node), "unnest is only allowed as a column of its own after SELECT.")


def _check_column(node: exp.Column) -> None:
    if not isinstance(node.this, (exp.Identifier, exp.Star)):
        raise Refusal(_place(node), "a name is expected here.")


def _check_table(node: exp.Table) -> None:
    if not isinstance(node.this, exp.Identifier):
        raise Refusal(_place(node), "functions that give tables are not allowed: only the table alerts can be asked.")


def _check_join(node: exp.Join) -> None:
    if node.side not in ("", "LEFT", "RIGHT", "FULL") or node.kind not in JOIN_KINDS:
        raise Refusal(_place(node), f"{node.side} {node.kind} JOIN is not allowed.")
    if not isinstance(node.this, (exp.Table, exp.Subquery)):
        raise Refusal(_place(node), "a JOIN takes alerts or a sub-query.")


def _check_subquery(node: exp.Subquery) -> None:
    if not isinstance(node.this, exp.Query):
        raise Refusal(_place(node), "a sub-query begins with SELECT.")


def _check_from(node: exp.From) -> None:
    if not isinstance(node.this, (exp.Table, exp.Subquery)):
        raise Refusal(_place(node), "FROM takes alerts or a sub-query.")


def _check_cte(node: exp.CTE) -> None:
    if not isinstance(node.this, exp.Query):
        raise Refusal(_place(node), "WITH takes a query that begins with SELECT.")


def _check_limit(node: exp.Limit | exp.Offset) -> None:
    number = node.expression
    if not (isinstance(number, exp.Literal) and not number.is_string and number.this.isdigit()):
        raise Refusal(_place(node), "LIMIT and OFFSET take a whole number.")


def _check_type(node: exp.DataType) -> None:
    if node.this not in CAST_TO or not all(isinstance(each, exp.DataTypeParam) for each in node.expressions):
        raise Refusal(_place(node), f"a CAST to {node.sql('duckdb')[:60]} is not allowed.")


def _check_parameter(node: exp.DataTypeParam) -> None:
    if not isinstance(node.this, exp.Literal) or node.this.is_string:
        raise Refusal(_place(node), "a type takes whole numbers in parentheses.")


def _check_dot(node: exp.Dot) -> None:
    if not isinstance(node.expression, exp.Identifier):
        raise Refusal(_place(node), "a name is expected after the dot.")


def _check_bracket(node: exp.Bracket) -> None:
    if len(node.expressions) != 1 or not isinstance(node.expressions[0], (exp.Literal, exp.Neg)):
        raise Refusal(_place(node), "brackets take one number, or one name of a map.")


def _check_interval(node: exp.Interval) -> None:
    if not isinstance(node.this, exp.Literal) or not isinstance(node.args.get("unit"), exp.Var):
        raise Refusal(_place(node), "write an interval as INTERVAL 3 DAY.")


def _check_word(node: exp.Var) -> None:
    is_all = isinstance(node.parent, exp.Ordered) and node.name.upper() == "ALL"
    is_unit = isinstance(node.parent, (exp.Interval, exp.Extract)) and node.name.isidentifier()
    if not (is_all or is_unit):
        raise Refusal(_place(node), f"{node.name[:30]} is not expected here.")


def _check_window(node: exp.Window) -> None:
    if not isinstance(node.this, (exp.Anonymous, exp.Filter)):
        raise Refusal(_place(node), "OVER has its place after a function.")


def _check_pattern(node: exp.Like | exp.ILike) -> None:
    if not node.expression.is_string:
        raise Refusal(_place(node), "write the pattern as a text, such as LIKE 'ZTF24%'.")


_CHECKS: dict[type[exp.Expr], Callable[[Any], None]] = {
    exp.Anonymous: _check_call,
    exp.Column: _check_column,
    exp.Table: _check_table,
    exp.Join: _check_join,
    exp.Subquery: _check_subquery,
    exp.From: _check_from,
    exp.CTE: _check_cte,
    exp.Limit: _check_limit,
    exp.Offset: _check_limit,
    exp.DataType: _check_type,
    exp.DataTypeParam: _check_parameter,
    exp.Dot: _check_dot,
    exp.Bracket: _check_bracket,
    exp.Interval: _check_interval,
    exp.Var: _check_word,
    exp.Window: _check_window,
    exp.Like: _check_pattern,
    exp.ILike: _check_pattern,
}
