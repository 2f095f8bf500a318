"""The words of a condition, looked at before the parser runs: how many, how deep, and which are not for conditions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from difflib import get_close_matches

from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from backend.condition_dialect import ConditionDialect
from backend.condition_functions import FUNCTIONS
from backend.condition_text import Refusal, Statement

MAX_TOKENS = 5_000
MAX_NESTING = 25
"""sqlglot's parser takes some twenty Python frames a level; Python stops at a thousand."""
MAX_SIGNS = 3
"""NOT and signs in a row: each is a level of the parser too."""
LARGEST_INTEGER = 2**63 - 1

_BEFORE_PARENTHESIS = frozenset(
    ("and", "or", "not", "in", "between", "like", "rlike", "regexp", "case", "when", "then", "else")
)
_OPERATORS = frozenset(
    ("(", ")", ",", ".", "+", "-", "*", "/", "%", "<", ">", "=", "<=", ">=", "<>", "!=", "==", "||", "->")
)

_QUERY = """select from where having group order limit union intersect except with join values table lateral"""
_WINDOW = "over partition window"
_STATEMENT = """insert update delete drop create alter set show use truncate merge grant revoke cache uncache describe
    explain refresh analyze load call copy add comment reset msck begin commit rollback"""
_SESSION = """current_date current_timestamp current_time current_user current_catalog current_schema session_user user
    localtime localtimestamp"""
_OTHER_PREDICATES = "escape ilike collate symmetric similar unknown any all some distinct"
_REFUSED_WORDS = {
    "interval": "intervals are not allowed",
    "div": "write floor(a / b)",
    **dict.fromkeys(_QUERY.split(), "queries and sub-queries are not allowed: a condition is one predicate"),
    **dict.fromkeys(_WINDOW.split(), "window functions are not allowed"),
    **dict.fromkeys(_STATEMENT.split(), "statements are not allowed: a condition is one predicate"),
    **dict.fromkeys(_SESSION.split(), "functions of the session are not allowed"),
    **dict.fromkeys(_OTHER_PREDICATES.split(), "this form of predicate is not allowed; IN, LIKE and RLIKE are"),
}
_OTHER_FORMS = {
    "any": "exists",
    "array_any": "exists",
    "len": "length",
    "position": "instr",
    "locate": "instr",
    "isnull": "IS NULL",
    "isnotnull": "IS NOT NULL",
    "regexp_like": "RLIKE",
    **dict.fromkeys(("double", "float", "int", "bigint", "string", "boolean", "timestamp", "date"), "cast"),
}


_MAY_PRECEDE_TEXT = frozenset(
    (
        *(TokenType.AND, TokenType.OR, TokenType.NOT, TokenType.LIKE, TokenType.RLIKE, TokenType.IN, TokenType.BETWEEN),
        *(TokenType.CASE, TokenType.WHEN, TokenType.THEN, TokenType.ELSE),
        *(TokenType.DATE, TokenType.TIMESTAMP, TokenType.TIMESTAMPTZ),
    )
)


def read_words(statement: Statement, field_words: frozenset[str]) -> list[Token]:
    """Cut the statement into tokens and refuse those that no condition may have.

    Parameters
    ----------
    field_words
        Every part of a field's path: such a word may be a field even where SQL gives it a meaning.

    Raises
    ------
    Refusal
        At the first token that is to blame; its place is in the whole text.
    """
    try:
        tokens = ConditionDialect().tokenize(statement.code)
    except TokenError as error:
        raise Refusal(statement.offset, "this cannot be read as SQL.") from error
    try:
        _check_size(tokens)
        for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
            _check_token(before, token, after, field_words)
        _check_nesting(tokens)
    except Refusal as refusal:
        raise Refusal(statement.offset + refusal.offset, refusal.reason, refusal.nearest) from None
    return tokens


def _check_size(tokens: list[Token]) -> None:
    if len(tokens) > MAX_TOKENS:
        raise Refusal(tokens[MAX_TOKENS].start, f"the condition has more than {MAX_TOKENS:,} words and signs.")


def _check_token(before: Token | None, token: Token, after: Token | None, field_words: frozenset[str]) -> None:
    match token.token_type:
        case TokenType.STRING:
            _check_string(token, after)
        case kind if kind.name.endswith("_STRING"):
            raise Refusal(token.start, "write text as '...', without a letter before it, and numbers in decimals.")
        case TokenType.NUMBER:
            _check_number(token)
        case TokenType.IDENTIFIER:
            pass
        case _ if _is_word(token):
            _check_word(before, token, after, field_words)
        case _:
            _check_operator(token)


def _is_word(token: Token) -> bool:
    return token.text.replace("_", "a").isalnum()


def _check_string(token: Token, after: Token | None) -> None:
    if after is not None and after.token_type is TokenType.STRING:
        raise Refusal(after.start, r"two strings follow each other; write \' for a quotation mark inside a string.")
    if "${" in token.text:
        raise Refusal(token.start, "text with ${ is not allowed: Spark would put a setting in its place.")


def _check_number(token: Token) -> None:
    try:
        value = float(token.text)
    except ValueError as error:
        raise Refusal(token.start, f"{token.text[:30]} is not a number.") from error
    if not math.isfinite(value) or (token.text.isdigit() and int(token.text) > LARGEST_INTEGER):
        raise Refusal(token.start, f"the number {token.text[:30]} is too large.")


def _check_word(before: Token | None, token: Token, after: Token | None, field_words: frozenset[str]) -> None:
    word = token.text.lower()
    if before is not None and before.token_type is TokenType.DOT:
        if after is not None and after.token_type is TokenType.L_PAREN:
            raise Refusal(token.start, f"there is no function {token.text}.")
        return
    if word in _REFUSED_WORDS and token.text not in field_words:
        raise Refusal(token.start, f"{token.text.upper()}: {_REFUSED_WORDS[word]}.")
    calls = after is not None and after.token_type is TokenType.L_PAREN
    if word == "if" and not calls:
        raise Refusal(token.start, "write if(condition, value, other value).")
    if after is None:
        return
    if after.token_type is TokenType.STRING and token.token_type not in _MAY_PRECEDE_TEXT:
        raise Refusal(token.start, f"{token.text} before text has no meaning in a condition.")
    if calls and word not in FUNCTIONS | _BEFORE_PARENTHESIS:
        close = get_close_matches(word, FUNCTIONS, n=1, cutoff=0.8)
        nearest = _OTHER_FORMS.get(word) or (close[0] if close else "")
        raise Refusal(token.start, f"the function {token.text} is not allowed in a condition.", nearest)


def _check_operator(token: Token) -> None:
    if token.text in _OPERATORS:
        return
    reasons = {
        "!": "write NOT instead of !.",
        "::": "write numbers without a letter behind them.",
        "<=>": "the operator <=> is not allowed; use = and IS NULL.",
    }
    raise Refusal(token.start, reasons.get(token.text, f"{token.text[:30]} has no meaning in a condition."))


def _check_nesting(tokens: Iterable[Token]) -> None:
    """Parentheses and CASE close what they open, not too deep; no long row of NOT and signs."""
    opened: list[Token] = []
    signs = 0
    for token in tokens:
        signs = signs + 1 if token.token_type in (TokenType.NOT, TokenType.DASH, TokenType.PLUS) else 0
        if token.token_type in (TokenType.L_PAREN, TokenType.CASE):
            opened.append(token)
        elif token.token_type in (TokenType.R_PAREN, TokenType.END):
            _close(opened, token)
        if len(opened) > MAX_NESTING or signs > MAX_SIGNS:
            raise Refusal(token.start, "the condition is nested too deeply.")
    if opened:
        raise Refusal(opened[-1].start, f"this {_named(opened[-1])} is never closed.")


def _close(opened: list[Token], token: Token) -> None:
    opener = TokenType.L_PAREN if token.token_type is TokenType.R_PAREN else TokenType.CASE
    if opened and opened[-1].token_type is opener:
        opened.pop()
    elif opener is TokenType.L_PAREN:
        raise Refusal(token.start, "this parenthesis closes nothing.")
    elif opened and any(each.token_type is opener for each in opened):
        raise Refusal(opened[-1].start, "this parenthesis is never closed.")


def _named(token: Token) -> str:
    return "parenthesis" if token.token_type is TokenType.L_PAREN else "CASE"
