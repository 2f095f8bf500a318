"""Spark's SQL as sqlglot reads and writes it, with the few functions that sqlglot would rewrite or not know.

sqlglot turns ``log10(x)`` into ``LOG(10, x)``, which Spark computes as a quotient of logarithms: 2.9999999999999996
for 1000. Functions of their own keep what was typed.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.parsers.spark import SparkParser


class Log10(exp.Expression, exp.Func):
    """``log10(x)``."""

    arg_types = {"this": True}  # noqa: RUF012 - sqlglot's own form
    _sql_names = ["LOG10"]  # noqa: RUF012


class Log2(exp.Expression, exp.Func):
    """``log2(x)``."""

    arg_types = {"this": True}  # noqa: RUF012
    _sql_names = ["LOG2"]  # noqa: RUF012


class PositiveMod(exp.Expression, exp.Func):
    """``pmod(x, y)``: the remainder with the sign of ``y``."""

    arg_types = {"this": True, "expression": True}  # noqa: RUF012
    _sql_names = ["PMOD"]  # noqa: RUF012


class NanVl(exp.Expression, exp.Func):
    """``nanvl(x, y)``: ``y`` where ``x`` is NaN. Only we write it."""

    arg_types = {"this": True, "expression": True}  # noqa: RUF012
    _sql_names = ["NANVL"]  # noqa: RUF012


class ConditionDialect(Spark):
    """Spark's dialect with the functions above."""

    class Parser(SparkParser):
        FUNCTIONS = {  # noqa: RUF012
            **SparkParser.FUNCTIONS,
            **{name: each.from_arg_list for each in (Log10, Log2, PositiveMod, NanVl) for name in each.sql_names()},
        }
