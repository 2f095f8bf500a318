"""DuckDB's SQL as sqlglot reads and writes it, with each function kept as it was typed.

sqlglot knows many functions and writes some of them in other words, or drops what it cannot write. Here a call is a
name with its operands, and the name is looked up in our own list.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlglot.dialects.duckdb import DuckDB
from sqlglot.parsers.duckdb import DuckDBParser

_WITH_WORDS = ("CAST", "TRY_CAST", "EXTRACT")
"""Functions whose operands are divided by words."""


class SelectDialect(DuckDB):
    """DuckDB's dialect without knowledge of its functions."""

    class Parser(DuckDBParser):
        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {name: DuckDBParser.FUNCTION_PARSERS[name] for name in _WITH_WORDS}
        NO_PAREN_FUNCTIONS: ClassVar[dict[Any, Any]] = {}
        NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {"CASE": DuckDBParser.NO_PAREN_FUNCTION_PARSERS["CASE"]}
