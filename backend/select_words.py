"""The text of a query as typed: what no SELECT has is refused, at its place, before any parser sees it."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable

from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from backend.condition_text import Refusal
from backend.select_dialect import SelectDialect

MAX_TEXT_BYTES = 20_000
MAX_TOKENS = 1_500
MAX_NESTING = 20
"""sqlglot's parser takes some forty Python frames a sub-query; Python stops at a thousand."""
MAX_SIGNS = 3
"""NOT and signs in a row: each is a level of the parser too."""
MAX_LITERAL = 300
"""Characters of a text between quotation marks: functions make more of it, once a row."""
MAX_DIGITS = 38

_PIECE = re.compile(
    r"""
    (?P<comment> --[^\n]* | /\*.*?\*/ )
    | (?P<open_comment> /\* )
    | (?P<string> '(?:[^']|'')*' )
    | (?P<name> "(?:[^"]|"")*" )
    | (?P<end> ; )
    | (?P<code> [A-Za-z0-9_.,()+\-*/%<>=!|\[\]:^\s] )
    | (?P<other> . )
    """,
    re.DOTALL | re.VERBOSE,
)
_UNCLOSED = {"'": "text", '"': "quoted name"}
_QUOTES = "‘’‚‛“”„‟«»´`"
_OPERATORS = frozenset(
    (
        *("(", ")", "[", "]", ",", ".", "+", "-", "*", "/", "//", "%", "^", "**"),
        *("<", ">", "=", "==", "<=", ">=", "<>", "!=", "||", "::"),
    )
)
_BEGINNINGS = frozenset(("select", "with", "("))
_OPENED_BY = {TokenType.R_PAREN: TokenType.L_PAREN, TokenType.R_BRACKET: TokenType.L_BRACKET}


def read_words(text: str) -> str:
    """The query with blanks instead of comments and of a closing semicolon: places are those of the text.

    Raises
    ------
    Refusal
        At the first character or word that is to blame.
    """
    code = _without_comments(text)
    if not code.strip():
        raise Refusal(0, "there is no query.")
    try:
        tokens = SelectDialect().tokenize(code)
    except TokenError as error:
        raise Refusal(len(code) - len(code.lstrip()), "this cannot be read as SQL.") from error
    if len(tokens) > MAX_TOKENS:
        raise Refusal(tokens[MAX_TOKENS].start, f"the query has more than {MAX_TOKENS:,} words and signs.")
    if tokens[0].text.lower() not in _BEGINNINGS:
        raise Refusal(tokens[0].start, "a query begins with SELECT or WITH; nothing else may be asked.")
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        _check_token(token, after)
    _check_nesting(tokens)
    return code


def _without_comments(text: str) -> str:
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > MAX_TEXT_BYTES:
        offset = len(data[:MAX_TEXT_BYTES].decode("utf-8", "ignore"))
        raise Refusal(offset, f"the query is longer than {MAX_TEXT_BYTES // 1000} kB.")
    code: list[str] = []
    has_ended = False
    for piece in _PIECE.finditer(text):
        readable = _readable(piece)
        if has_ended and readable.strip():
            raise Refusal(piece.start(), "one query at a time: nothing may follow the semicolon.")
        has_ended = has_ended or piece.lastgroup == "end"
        code.append(readable)
    return "".join(code)


def _readable(piece: re.Match[str]) -> str:
    """The piece as the parser may see it."""
    found, offset = piece.group(), piece.start()
    match piece.lastgroup:
        case "comment":
            return re.sub(r"[^\n]", " ", found)
        case "open_comment":
            raise Refusal(offset, "the comment that begins here is never closed.")
        case "end":
            return " "
        case "code":
            return found if found == "\n" or not found.isspace() else " "
        case "other":
            raise Refusal(offset, _why_not(found))
    if len(found) > MAX_LITERAL + 2:
        raise Refusal(offset, f"this has more than {MAX_LITERAL} characters between its quotation marks.")
    for n, character in enumerate(found):
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n":
            raise Refusal(offset + n, _why_not(character))
    return found


def _why_not(character: str) -> str:
    if character in _UNCLOSED:
        return f"the {_UNCLOSED[character]} that begins here is never closed."
    if character in _QUOTES:
        return f"{character} is no quotation mark of SQL; write ' around text, \" around names."
    if character in "${}@?#&":
        return f"parameters, braces and settings are not allowed: {character} has no meaning here."
    shown = character if character.isprintable() and character.isascii() else f"U+{ord(character):04X}"
    return f"the character {shown} has no meaning in a query."


def _check_token(token: Token, after: Token | None) -> None:
    match token.token_type:
        case TokenType.STRING:
            if after is not None and after.token_type is TokenType.STRING:
                raise Refusal(after.start, "two texts follow each other; write '' for a quotation mark inside a text.")
        case kind if kind.name.endswith("_STRING"):
            raise Refusal(token.start, "write text as '...', without a letter before it, and numbers in decimals.")
        case TokenType.NUMBER:
            _check_number(token, after)
        case TokenType.IDENTIFIER:
            if not token.text:
                raise Refusal(token.start, "a name between quotation marks is empty.")
        case _ if token.text not in _OPERATORS and not re.fullmatch(r"[\w\s]+", token.text):  # ORDER BY is one token
            reason = "is not allowed" if len(token.text) > 1 else "has no meaning here"
            raise Refusal(token.start, f"{token.text[:30]} {reason}.")


def _check_number(token: Token, after: Token | None) -> None:
    try:
        value = float(token.text)
    except ValueError as error:
        raise Refusal(token.start, f"{token.text[:30]} is not a number.") from error
    if not math.isfinite(value) or sum(map(str.isdigit, token.text)) > MAX_DIGITS:
        raise Refusal(token.start, f"the number {token.text[:30]} is too large.")
    # Otherwise 0x1F would be 0 under the name x1F.
    if after is not None and after.start == token.end + 1 and after.text[0].isalnum():
        raise Refusal(token.start, f"{token.text[:30]}{after.text[:30]} is not a number.")


def _check_nesting(tokens: Iterable[Token]) -> None:
    """Parentheses, brackets and CASE close what they open, not too deep; no long row of NOT and signs."""
    opened: list[Token] = []
    signs = 0
    for token in tokens:
        kind = token.token_type
        signs = signs + 1 if kind in (TokenType.NOT, TokenType.DASH, TokenType.PLUS) else 0
        if kind in (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.CASE):
            opened.append(token)
        elif kind in _OPENED_BY:
            while opened and opened[-1].token_type is TokenType.CASE:
                opened.pop()
            if not opened or opened.pop().token_type is not _OPENED_BY[kind]:
                raise Refusal(token.start, f"this {token.text} closes nothing.")
        elif kind is TokenType.END and opened and opened[-1].token_type is TokenType.CASE:
            opened.pop()
        if len(opened) > MAX_NESTING or signs > MAX_SIGNS:
            raise Refusal(token.start, "the query is nested too deeply.")
    if opened:
        raise Refusal(opened[-1].start, f"this {opened[-1].text} is never closed.")
