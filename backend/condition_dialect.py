"""Spark's SQL as sqlglot reads and writes it, with the few functions that sqlglot would rewrite or not know.

sqlglot turns ``log10(x)`` into ``LOG(10, x)``, which Spark computes as a quotient of logarithms: 2.9999999999999996
for 1000. Functions of their own keep what was typed.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.parsers.spark import SparkParser


def _function(node_name: str, sql_name: str, *other_names: str, operands: int) -> type[exp.Func]:
    """A function's node, named so that it is written as `sql_name` and read from the other names too."""
    arg_types = dict.fromkeys(("this", "expression")[:operands], True)
    body = {"__module__": __name__, "arg_types": arg_types, "_sql_names": [sql_name, *other_names]}
    return type(node_name, (exp.Expression, exp.Func), body)


Log10 = _function("Log10", "LOG10", operands=1)
Log2 = _function("Log2", "LOG2", operands=1)
PositiveMod = _function("PositiveMod", "PMOD", operands=2)
"""``pmod(x, y)``: the remainder with the sign of ``y``."""
ArraySize = _function("ArraySize", "ARRAY_SIZE", "SIZE", "CARDINALITY", operands=1)
"""``size(list)``, written as ``array_size``: Spark's ``size`` is -1 where there is no list."""
ElementAt = _function("ElementAt", "ELEMENT_AT", operands=2)
"""``element_at(list, n)``: from 1 on, from the end when negative, null where there is none."""
ForAll = _function("ForAll", "FORALL", operands=2)

NanVl = _function("NanVl", "NANVL", operands=2)
"""``nanvl(x, y)``: ``y`` where ``x`` is NaN."""
TryAdd = _function("TryAdd", "TRY_ADD", operands=2)
"""``try_add(x, y)``: null where a whole number overflows; so do the next two."""
TrySubtract = _function("TrySubtract", "TRY_SUBTRACT", operands=2)
TryMultiply = _function("TryMultiply", "TRY_MULTIPLY", operands=2)

ONLY_WRITTEN = (NanVl, TryAdd, TrySubtract, TryMultiply)
"""What only we write: no condition may call them."""
_OWN = (Log10, Log2, PositiveMod, ArraySize, ElementAt, ForAll, *ONLY_WRITTEN)


class ConditionDialect(Spark):
    """Spark's dialect with the functions above."""

    class Parser(SparkParser):
        FUNCTIONS = {  # noqa: RUF012 - sqlglot's own form
            **SparkParser.FUNCTIONS,
            **{name: each.from_arg_list for each in _OWN for name in each.sql_names()},
        }

        def _replace_lambda(self, node: exp.Expr | None, expressions: list[exp.Expr]) -> Any:
            """Variables stay columns, so that they are resolved, placed and written like fields."""
            return node
