"""Functions of lists, such as ``exists(prv_candidates, p -> p.magpsf < 18)``: their variables, and what they give."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches

from sqlglot import exp

from backend.alert_schema import Survey
from backend.condition_dialect import ArraySize, ElementAt, ForAll
from backend.condition_functions import LAMBDA_VARIABLES
from backend.condition_text import Refusal
from backend.condition_values import (
    INDIVISIBLE,
    NUMBER,
    OF_TYPE,
    Kind,
    Value,
    described,
    kind,
    place,
    value,
    word,
)

MAX_ARROWS = 2
"""Arrows inside one another; each multiplies the work by the length of a list."""


def bind(arrow: exp.Lambda, survey: Survey) -> None:
    """Note in the ``meta`` of a lambda what its variables stand for; the list before it has its kind already.

    Raises
    ------
    Refusal
        When it is not the argument of a function of lists, or a name is taken.
    """
    call, names = arrow.parent, [each.name for each in arrow.expressions]
    if call is None or type(call) not in LAMBDA_VARIABLES or call.this is arrow:
        raise Refusal(place(arrow), "-> has its place after a list, as in exists(prv_candidates, p -> p.magpsf < 18).")
    if len(names) != LAMBDA_VARIABLES[type(call)]:
        wanted = "one name" if LAMBDA_VARIABLES[type(call)] == 1 else "two names, as in (total, p)"
        raise Refusal(place(arrow), f"{word(call)} takes {wanted} before ->.")
    outer = [each for each in _arrows_about(arrow) if each is not arrow]
    if len(outer) >= MAX_ARROWS:
        raise Refusal(place(arrow), f"at most {MAX_ARROWS} functions with -> may stand inside one another.")
    taken = {each.root.lower() for each in survey.fields.values()}
    taken |= {name.lower() for each in outer for name in each.meta["variables"]}
    for n, each in enumerate(arrow.expressions):
        if each.name.lower() in taken | {name.lower() for name in names[:n]}:
            raise Refusal(place(each), f"{each.name} is a name already; choose another before ->.")
        if not re.fullmatch(r"[A-Za-z_]\w*", each.name, re.ASCII):
            raise Refusal(place(each), f"{each.name} cannot stand before ->; choose a word.")
    entry = _entry(call)
    arrow.meta["variables"] = dict(zip(names, (Value(Kind.REAL), entry) if len(names) > 1 else (entry,), strict=True))


def variable(column: exp.Column) -> Value | None:
    """What the variable stands for that the column begins with; None when that is the name of no variable."""
    name = column.parts[0].name
    return next(
        (each.meta["variables"][name] for each in _arrows_about(column) if name in each.meta["variables"]), None
    )


def entry_field(of: Value, path: str, node: exp.Expr, survey: Survey) -> Value:
    """What a field of a list's entry gives.

    Parameters
    ----------
    path
        As typed, such as ``p.magpsf``.

    Raises
    ------
    Refusal
        When the entries have no such field.
    """
    typed, _, name = path.rpartition(".")
    if of.kind is not Kind.ENTRY or "." in typed:
        raise Refusal(place(node), f"there is no field {path}.")
    found = survey.fields.get(f"{of.of}.{name}")
    if found is None:
        names = {each.name.lower(): each.name for each in survey.fields.values() if each.in_list and each.root == of.of}
        close = get_close_matches(name.lower(), names, n=1, cutoff=0.7)
        nearest = f"{typed}.{names[close[0]]}".lstrip(".") if close else ""
        raise Refusal(place(node), f"the entries of {of.of} have no field {name}.", nearest)
    return Value(OF_TYPE.get(found.type, Kind.COMPOUND))


def list_value(path: str, type_name: str) -> Value | None:
    """What a list of the survey gives, by its Spark SQL type; None when it is no list."""
    if type_name == "array":
        return Value(Kind.LIST, Value(Kind.ENTRY, path))
    of_values = re.fullmatch(r"array<(\w+)>", type_name)
    return Value(Kind.LIST, Value(OF_TYPE[of_values[1]])) if of_values else None


def _arrows_about(node: exp.Expr) -> list[exp.Lambda]:
    found = []
    while node.parent is not None:
        node = node.parent
        if isinstance(node, exp.Lambda):
            found.append(node)
    return found


def _entry(call: exp.Expr) -> Value:
    """What an entry of the list is that a function gets."""
    of = value(call.this)
    if of.kind is not Kind.LIST:
        raise Refusal(place(call.this), f"{described(call.this)}, where {word(call)} needs a list.", "prv_candidates")
    assert isinstance(of.of, Value)  # every list has it
    return of.of


def _of_predicate(node: exp.Expr) -> Value:
    _entry(node)
    _need_arrow(node, node.expression)
    if kind(node.expression) is not Kind.BOOLEAN:
        raise Refusal(place(node.expression.this), f"{described(node.expression.this)}, where a condition is needed.")
    return value(node.this) if isinstance(node, exp.ArrayFilter) else Value(Kind.BOOLEAN)


def _of_transform(node: exp.Expr) -> Value:
    _entry(node)
    _need_arrow(node, node.expression)
    if kind(node.expression) in (*INDIVISIBLE, Kind.NULL):
        raise Refusal(place(node.expression.this), "transform must give numbers, texts, times, or true and false.")
    return Value(Kind.LIST, value(node.expression))


def _of_aggregate(node: exp.Expr) -> Value:
    _entry(node)
    start, merge = node.args["initial"], node.args["merge"]
    _need_arrow(node, merge)
    if node.args.get("finish"):
        raise Refusal(place(node.args["finish"]), "aggregate takes a list, a number, and (total, p) -> ...")
    for each in (start, merge):
        if kind(each) not in NUMBER:
            raise Refusal(place(each), f"{described(each)}, where aggregate needs a number.")
    return Value(Kind.REAL)


def _of_element(node: exp.Expr) -> Value:
    """Spark ends the job at entry 0."""
    entry, index = _entry(node), node.expression
    number = index.this if isinstance(index, exp.Neg) else index
    if not isinstance(number, exp.Literal) or not number.this.isdigit() or not 0 < int(number.this) < 10_000:
        raise Refusal(place(index), "element_at takes a number such as 1, the first entry, or -1, the last.")
    return entry


def _of_extreme(node: exp.Expr) -> Value:
    entry = _entry(node)
    if entry.kind not in (*NUMBER, Kind.TEXT, Kind.TIME):
        raise Refusal(
            place(node), f"{word(node)} needs a list of numbers.", "array_max(transform(prv_candidates, p -> p.magpsf))"
        )
    return entry


def _of_contains(node: exp.Expr) -> Value:
    entry = _entry(node)
    if kind(node.expression) is Kind.NULL or entry.kind in INDIVISIBLE:
        raise Refusal(place(node), "array_contains takes a list of numbers or texts, and one of them.")
    if entry.kind is not kind(node.expression) and not {entry.kind, kind(node.expression)} <= set(NUMBER):
        raise Refusal(place(node), f"{described(node.expression)} and the entries of the list are {entry.kind.value}.")
    return Value(Kind.BOOLEAN)


def _of_distinct(node: exp.Expr) -> Value:
    if _entry(node).kind in INDIVISIBLE:
        raise Refusal(place(node), "array_distinct needs a list of numbers or texts.")
    return value(node.this)


def _of_size(node: exp.Expr) -> Value:
    if kind(node.this) is not Kind.LIST:
        raise Refusal(place(node), f"{described(node.this)}, where size needs a list.", "prv_candidates")
    return Value(Kind.INTEGER)


def _need_arrow(node: exp.Expr, argument: exp.Expr | None) -> None:
    if not isinstance(argument, exp.Lambda):
        raise Refusal(place(node), f"{word(node)} needs a function such as p -> p.magpsf < 18 after the list.")


LIST_RULES: dict[type[exp.Expr], Callable[[exp.Expr], Value]] = {
    **dict.fromkeys((exp.Exists, ForAll, exp.ArrayFilter), _of_predicate),
    exp.Transform: _of_transform,
    exp.Reduce: _of_aggregate,
    exp.Lambda: lambda node: value(node.this),
    ElementAt: _of_element,
    **dict.fromkeys((exp.ArrayMin, exp.ArrayMax), _of_extreme),
    exp.ArrayContains: _of_contains,
    exp.ArrayDistinct: _of_distinct,
    ArraySize: _of_size,
}
