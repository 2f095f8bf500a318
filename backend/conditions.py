"""The user's extra conditions: from the text as typed to predicates that Spark may run.

What the user typed never reaches Spark. Each condition is cut out of the text, read by sqlglot, held against an
allow-list and the survey's fields, and written again from the tree.

No value never satisfies a comparison: null and NaN are both *no value*, in fields and in intermediate results.
``x IS NULL`` therefore means that `x` has no value, ``isnan(x)`` that it is NaN.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

from backend import condition_duckdb, condition_rendering
from backend.alert_schema import Survey
from backend.condition_dialect import ConditionDialect
from backend.condition_duckdb_types import NotCounted
from backend.condition_grammar import check_tree
from backend.condition_text import Refusal, Statement, line_and_column, split_conditions
from backend.condition_words import read_words
from backend.errors import InvalidRequest

MAX_CONDITIONS = 100


@dataclass(frozen=True)
class Condition:
    """One checked condition.

    Parameters
    ----------
    text
        As typed, without the closing semicolon.
    line, column
        Where it begins in the text, both from 1.
    tree
        What was typed, as sqlglot reads it; not to be changed.
    columns
        Path of each field that it uses -> the field's Spark SQL type.
    """

    text: str
    line: int
    column: int
    tree: exp.Expr
    columns: Mapping[str, str]

    @cached_property
    def spark_sql(self) -> str:
        """The condition as Spark runs it."""
        return condition_rendering.spark_sql(self._prepared)

    @property
    def duckdb_sql(self) -> str | None:
        """The condition as DuckDB runs it over the sample of alerts; None where the sample cannot tell."""
        return self._duckdb[0]

    @property
    def not_counted(self) -> str:
        """Why the sample cannot tell, such as ``prv_candidates is history``; empty where it can."""
        return self._duckdb[1]

    @cached_property
    def _duckdb(self) -> tuple[str | None, str]:
        try:
            return condition_duckdb.duckdb_sql(self._prepared), ""
        except NotCounted as reason:
            return None, str(reason)

    @cached_property
    def _prepared(self) -> exp.Expr:
        return condition_rendering.prepared(self.tree)


@dataclass(frozen=True)
class Verdict:
    """What is to be said of one condition.

    Parameters
    ----------
    text
        The condition as typed; empty when the text could not be cut into conditions here.
    line, column
        Where a refused condition goes wrong, where an accepted one begins; both from 1.
    reason
        Why it is refused, as a sentence without its place; empty when it is accepted.
    nearest
        What was probably meant; may be empty.
    """

    text: str
    line: int
    column: int
    reason: str = ""
    nearest: str = ""
    condition: Condition | None = None

    @property
    def accepted(self) -> bool:
        """Whether the condition may run."""
        return self.condition is not None

    @property
    def message(self) -> str:
        """Place, reason and suggestion in one line; empty when the condition is accepted."""
        if self.accepted:
            return ""
        suggestion = f" Did you mean {self.nearest}?" if self.nearest else ""
        return f"line {self.line}, column {self.column}: {self.reason}{suggestion}"


def parse_conditions(text: str, survey: Survey) -> tuple[Condition, ...]:
    """The conditions of a text, all of them checked.

    Parameters
    ----------
    text
        Predicates as typed, each ending with ``;`` (the last one may do without), with ``--`` comments anywhere.

    Raises
    ------
    InvalidRequest
        When a condition is refused; the message has a line for each refused one.
    """
    verdicts = check_conditions(text, survey)
    refused = [each.message for each in verdicts if not each.accepted]
    if refused:
        raise InvalidRequest("\n".join(refused))
    return tuple(each.condition for each in verdicts if each.condition)


def check_conditions(text: str, survey: Survey) -> tuple[Verdict, ...]:
    """A verdict for each condition, in the order of the text; never an exception for what a user may type."""
    return tuple(_verdicts(text, survey))


def _verdicts(text: str, survey: Survey) -> Iterator[Verdict]:
    try:
        for n, statement in enumerate(split_conditions(text)):
            if n == MAX_CONDITIONS:
                raise Refusal(statement.offset, f"there are more than {MAX_CONDITIONS} conditions.")
            yield _verdict(text, statement, survey)
    except Refusal as refusal:
        yield _refused(text, refusal)


def _verdict(text: str, statement: Statement, survey: Survey) -> Verdict:
    line, column = line_and_column(text, statement.offset)
    try:
        tree, columns = _checked_tree(statement, survey)
    except Refusal as refusal:
        return _refused(text, refusal, statement.text)
    condition = Condition(statement.text, line, column, tree, MappingProxyType(columns))
    return Verdict(statement.text, line, column, condition=condition)


def _refused(text: str, refusal: Refusal, condition_text: str = "") -> Verdict:
    line, column = line_and_column(text, refusal.offset)
    return Verdict(condition_text, line, column, refusal.reason, refusal.nearest)


def _checked_tree(statement: Statement, survey: Survey) -> tuple[exp.Expr, dict[str, str]]:
    read_words(statement, _field_words(survey.name, tuple(survey.fields)))
    try:
        tree = sqlglot.parse_one(statement.code, dialect=ConditionDialect)
    except ParseError as error:
        raise _syntax_refusal(statement, error) from error
    try:
        return tree, check_tree(tree, survey)
    except Refusal as refusal:
        raise Refusal(statement.offset + refusal.offset, refusal.reason, refusal.nearest) from None


@lru_cache(maxsize=8)
def _field_words(_survey_name: str, paths: tuple[str, ...]) -> frozenset[str]:
    return frozenset(part for path in paths for part in path.split("."))


def _syntax_refusal(statement: Statement, error: ParseError) -> Refusal:
    """sqlglot names the last character of the token at which it gave up; its own words are for programmers."""
    found = error.errors[0] if error.errors else {}
    word = str(found.get("highlight") or "")
    lines = statement.code.split("\n")
    line = int(found.get("line") or 1)
    end = sum(len(each) + 1 for each in lines[: line - 1]) + int(found.get("col") or 1)
    offset = statement.offset + max(0, min(end - len(word), len(statement.code) - 1))
    if str(found.get("description")).startswith("Required keyword"):
        return Refusal(offset, f"something is missing after {word}." if word else "something is missing here.")
    return Refusal(offset, f"{word} is not expected here." if word else "this cannot be read as SQL.")
