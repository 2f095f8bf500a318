"""Spark's SQL as sqlglot reads and writes it, with the few functions that sqlglot would rewrite or not know.

sqlglot turns ``log10(x)`` into ``LOG(10, x)``, which Spark computes as a quotient of logarithms: 2.9999999999999996
for 1000. Functions of their own keep what was typed.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.parsers.spark import SparkParser

_ONE: dict[str, bool] = {"this": True}
_TWO: dict[str, bool] = {"this": True, "expression": True}


class Log10(exp.Expression, exp.Func):
    """``log10(x)``."""

    arg_types = _ONE
    _sql_names = ["LOG10"]  # noqa: RUF012 - sqlglot's own form


class Log2(exp.Expression, exp.Func):
    """``log2(x)``."""

    arg_types = _ONE
    _sql_names = ["LOG2"]  # noqa: RUF012


class PositiveMod(exp.Expression, exp.Func):
    """``pmod(x, y)``: the remainder with the sign of ``y``."""

    arg_types = _TWO
    _sql_names = ["PMOD"]  # noqa: RUF012


class ArraySize(exp.Expression, exp.Func):
    """``size(list)``, written as ``array_size``: Spark's ``size`` is -1 where there is no list."""

    arg_types = _ONE
    _sql_names = ["ARRAY_SIZE", "SIZE", "CARDINALITY"]  # noqa: RUF012


class ElementAt(exp.Expression, exp.Func):
    """``element_at(list, n)``: from 1 on, from the end when negative, null where there is none."""

    arg_types = _TWO
    _sql_names = ["ELEMENT_AT"]  # noqa: RUF012


class ForAll(exp.Expression, exp.Func):
    """``forall(list, p -> ...)``."""

    arg_types = _TWO
    _sql_names = ["FORALL"]  # noqa: RUF012


class NanVl(exp.Expression, exp.Func):
    """``nanvl(x, y)``: ``y`` where ``x`` is NaN. Only we write it."""

    arg_types = _TWO
    _sql_names = ["NANVL"]  # noqa: RUF012


class TryAdd(exp.Expression, exp.Func):
    """``try_add(x, y)``: null where a whole number overflows. Only we write it."""

    arg_types = _TWO
    _sql_names = ["TRY_ADD"]  # noqa: RUF012


class TrySubtract(exp.Expression, exp.Func):
    """``try_subtract(x, y)``. Only we write it."""

    arg_types = _TWO
    _sql_names = ["TRY_SUBTRACT"]  # noqa: RUF012


class TryMultiply(exp.Expression, exp.Func):
    """``try_multiply(x, y)``. Only we write it."""

    arg_types = _TWO
    _sql_names = ["TRY_MULTIPLY"]  # noqa: RUF012


ONLY_WRITTEN = (NanVl, TryAdd, TrySubtract, TryMultiply)
_OWN = (Log10, Log2, PositiveMod, ArraySize, ElementAt, ForAll, *ONLY_WRITTEN)


class ConditionDialect(Spark):
    """Spark's dialect with the functions above."""

    class Parser(SparkParser):
        FUNCTIONS = {  # noqa: RUF012
            **SparkParser.FUNCTIONS,
            **{name: each.from_arg_list for each in _OWN for name in each.sql_names()},
        }

        def _replace_lambda(self, node: exp.Expr | None, expressions: list[exp.Expr]) -> Any:
            """Variables stay columns, so that they are resolved, placed and written like fields."""
            return node
