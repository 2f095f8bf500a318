"""What a condition may consist of: an allow-list of sqlglot's nodes; what is not in it is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlglot import exp

from backend.alert_schema import Survey
from backend.condition_kinds import CAST_TO, KIND_OF, Kind, described, is_leaf, kind, place, word
from backend.condition_text import Refusal

MAX_DEPTH = 100
"""Levels of a condition's tree, chains of AND and OR not counted: Spark's parser recurses too."""

_OPERAND_ARGS = frozenset(
    (
        *("this", "expression", "expressions", "low", "high", "ifs", "default", "true", "false"),
        *("start", "length", "decimals", "to"),
    )
)


def check_tree(tree: exp.Expr, survey: Survey) -> dict[str, str]:
    """Hold a tree against the allow-list and the survey's fields, and note the kind of each node in its ``meta``.

    Children come before their parents, without recursion.

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
    for node in nodes:
        if isinstance(node, exp.Column):
            path = resolve(node, survey)
            columns[path] = survey.fields[path].type
    for node in sorted(nodes, key=lambda each: -each.meta["depth"]):
        node.meta["kind"] = KIND_OF[type(node)](node)
    if kind(tree) is not Kind.BOOLEAN:
        raise Refusal(place(tree), f"{described(tree)}, not a condition: compare it with something.")
    return columns


def resolve(column: exp.Column, survey: Survey) -> str:
    """The path of the field that a column means, compared with case, unlike Spark.

    Raises
    ------
    Refusal
        When there is no such field, or it lies inside a list.
    """
    path = ".".join(part.name for part in column.parts)
    found = survey.fields.get(path)
    if found is None:
        nearest = survey.nearest(path)
        raise Refusal(place(column), f"there is no field {path}.", nearest and _typed(nearest))
    if found.in_list:
        raise Refusal(place(column), f"{path} lies inside the list {found.root}, whose entries cannot be compared.")
    column.meta.update(path=path, type=found.type)
    return path


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
    if type(node) not in KIND_OF:
        blamed = node.args["alias"] if isinstance(node, exp.Alias) else node
        raise Refusal(place(blamed), _why_refused(node))
    if type(node) is exp.Column:
        return
    for name, value in node.args.items():
        if name not in _OPERAND_ARGS and (isinstance(value, exp.Expr) or (isinstance(value, list) and value)):
            raise Refusal(place(node), f"this form of {word(node)} is not allowed.")


def _why_refused(node: exp.Expr) -> str:
    reasons: tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], str], ...] = (
        ((exp.Query, exp.Exists), "sub-queries are not allowed."),
        (exp.Window, "window functions are not allowed."),
        (exp.Lambda, "functions with -> are not allowed."),
        (exp.Star, "* stands for nothing here: name a field."),
        (exp.AggFunc, f"{word(node)} counts over many alerts; a condition sees one."),
        (exp.Func, f"the function {word(node)} is not allowed in a condition."),
        (exp.Tuple, "a list in parentheses is only allowed after IN."),
        (exp.Alias, f"{node.alias} is not expected here; is an operator missing before it?"),
        (exp.Dot, "fields are nested one level deep at most."),
        ((exp.DDL, exp.Command), "statements are not allowed: a condition is one predicate."),
    )
    for types, reason in reasons:
        if isinstance(node, types):
            return reason
    return f"{word(node)} is not allowed in a condition."
