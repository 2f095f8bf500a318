"""What a condition may consist of: an allow-list of sqlglot's nodes; what is not in it is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sqlglot import exp

from backend.alert_schema import Survey
from backend.condition_kinds import RULES
from backend.condition_lists import bind, entry_field, list_value, variable
from backend.condition_text import Refusal
from backend.condition_values import CAST_TO, OF_TYPE, Kind, Value, described, is_leaf, kind, place, value, word

MAX_DEPTH = 100
"""Levels of a condition's tree, chains of AND and OR not counted: Spark's parser recurses too."""

ALLOWED = frozenset((*RULES, exp.Column, exp.Dot, exp.Identifier))
_OPERAND_ARGS = frozenset(
    (
        *("this", "expression", "expressions", "low", "high", "ifs", "default", "true", "false"),
        *("start", "length", "decimals", "to", "substr", "replacement", "initial", "merge", "finish"),
    )
)
_FLAGS = frozenset(
    (
        *((exp.Literal, "is_string"), (exp.Literal, "this"), (exp.Boolean, "this"), (exp.Identifier, "this")),
        *((exp.Identifier, "quoted"), (exp.Like, "negate"), (exp.Trim, "position"), (exp.TryCast, "safe")),
        *((exp.Div, "safe"), (exp.DPipe, "safe"), (exp.Concat, "safe")),
        *((exp.Greatest, "ignore_nulls"), (exp.Least, "ignore_nulls")),
    )
)
"""What nodes say by a word or a flag and both renderings understand; any other could change what is meant."""


def check_tree(tree: exp.Expr, survey: Survey) -> dict[str, str]:
    """Hold a tree against the allow-list and the survey's fields, and note what each node gives in its ``meta``.

    Children come before their parents, and in the order of the text, without recursion.

    Returns
    -------
    dict
        Path of each field that is used -> its Spark SQL type.

    Raises
    ------
    Refusal
        At the first part that is not allowed, unknown, or of the wrong kind; its place is in the tree's own text.
    """
    nodes = list(tree.walk(bfs=False, prune=is_leaf))
    _check_depth(nodes)
    for node in nodes:
        _check_allowed(node)
    columns: dict[str, str] = {}
    for node, is_entered in _steps(tree):
        if is_entered:
            if isinstance(node, exp.Lambda):
                bind(node, survey)
        elif isinstance(node, exp.Column):
            node.meta["value"] = _of_column(node, survey)
            if "path" in node.meta:
                columns[node.meta["path"]] = survey.fields[node.meta["path"]].type
        elif isinstance(node, exp.Dot):
            node.meta["value"] = entry_field(value(node.this), node.name, node, survey)
        elif not isinstance(node, exp.Identifier):
            node.meta["value"] = RULES[type(node)](node)
    if kind(tree) is not Kind.BOOLEAN:
        raise Refusal(place(tree), f"{described(tree)}, not a condition: compare it with something.")
    return columns


def _steps(tree: exp.Expr) -> Iterator[tuple[exp.Expr, bool]]:
    """Each node twice: when it is entered (true), and when all that is below it is done."""
    waiting = [(tree, True)]
    while waiting:
        node, is_entered = waiting.pop()
        yield node, is_entered
        if is_entered:
            below = [] if is_leaf(node) else list(node.iter_expressions())
            waiting += [(node, False), *((each, True) for each in reversed(below))]


def _of_column(column: exp.Column, survey: Survey) -> Value:
    """What a name gives: a variable before an arrow, or a field, compared with case, unlike Spark."""
    path = ".".join(part.name for part in column.parts)
    bound = variable(column)
    if bound is not None:
        return bound if len(column.parts) == 1 else entry_field(bound, path, column, survey)
    found = survey.fields.get(path)
    if found is None:
        nearest = survey.nearest(path)
        raise Refusal(place(column), f"there is no field {path}.", nearest and _typed(nearest))
    if found.in_list:
        raise Refusal(
            place(column),
            f"{path} lies inside the list {found.root}: an alert has many of it.",
            f"exists({found.root}, p -> p.{found.name} > ...)",
        )
    column.meta.update(path=path, type=found.type)
    return list_value(path, found.type) or Value(OF_TYPE.get(found.type, Kind.COMPOUND))


def _typed(path: str) -> str:
    """A path as it must be typed: in backticks where SQL would read an operator."""
    return ".".join(part if re.fullmatch(r"\w+", part) else f"`{part}`" for part in path.split("."))


def _check_depth(nodes: Iterable[exp.Expr]) -> None:
    for node in nodes:
        parent = node.parent.meta if node.parent and "depth" in node.parent.meta else {"depth": 0, "nested": 0}
        is_chain = isinstance(node, exp.Connector)
        node.meta.update(depth=parent["depth"] + 1, nested=parent["nested"] + (not is_chain))
        if node.meta["nested"] > MAX_DEPTH:
            raise Refusal(place(node), "the condition is nested too deeply.")


def _check_allowed(node: exp.Expr) -> None:
    if type(node) is exp.DataType:
        if node.this not in CAST_TO or node.expressions:
            raise Refusal(place(node.parent or node), f"CAST to {node.sql('spark')} is not allowed.")
        return
    if type(node) not in ALLOWED or (isinstance(node, exp.Exists) and not isinstance(node.expression, exp.Lambda)):
        blamed = node.args["alias"] if isinstance(node, exp.Alias) else node
        raise Refusal(place(blamed), _why_refused(node))
    if type(node) is exp.Column:
        return
    if type(node) is exp.Dot and type(node.expression) is not exp.Identifier:
        raise Refusal(place(node), "a name is expected after the dot.")
    for name, given in node.args.items():
        allowed = name in _OPERAND_ARGS if isinstance(given, (exp.Expr, list)) else (type(node), name) in _FLAGS
        if given and not allowed:
            raise Refusal(place(node), f"this form of {word(node)} is not allowed.")


def _why_refused(node: exp.Expr) -> str:
    reasons: tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], str], ...] = (
        (exp.Exists, "exists takes a list and a function: exists(prv_candidates, p -> p.magpsf < 18)."),
        (exp.Query, "sub-queries are not allowed."),
        (exp.Window, "window functions are not allowed."),
        (exp.JSONExtract, "-> has its place after a list, as in exists(prv_candidates, p -> p.magpsf < 18)."),
        (exp.Star, "* stands for nothing here: name a field."),
        (exp.AggFunc, f"{word(node)} counts over many alerts; a condition sees one."),
        (exp.Func, f"the function {word(node)} is not allowed in a condition."),
        (exp.Tuple, "a list in parentheses is only allowed after IN."),
        (exp.Alias, f"{node.alias} is not expected here; is an operator missing before it?"),
        ((exp.DDL, exp.Command), "statements are not allowed: a condition is one predicate."),
    )
    for types, reason in reasons:
        if isinstance(node, types):
            return reason
    return f"{word(node)} is not allowed in a condition."
