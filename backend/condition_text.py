"""The text of the conditions as typed: cut into conditions, each with its place, before any parser sees it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

MAX_TEXT_BYTES = 20_000

_PIECE = re.compile(
    r"""
    (?P<comment> --[^\n]* | /\*.*?\*/ )
    | (?P<open_comment> /\* )
    | (?P<string> '(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" )
    | (?P<name> `[^`]*` )
    | (?P<end> ; )
    | (?P<code> [A-Za-z0-9_.,()+\-*/%<>=!|\s] )
    | (?P<other> . )
    """,
    re.DOTALL | re.VERBOSE,
)
_UNCLOSED = {"'": "string", '"': "string", "`": "quoted name"}
_QUOTES = "‘’‚‛“”„‟«»´"


class Refusal(Exception):
    """Why a condition is refused, and at which character of the text.

    Parameters
    ----------
    offset
        Index of the first character that is to blame.
    reason
        A sentence without its place.
    nearest
        What was probably meant; may be empty.
    """

    def __init__(self, offset: int, reason: str, nearest: str = "") -> None:
        super().__init__(reason)
        self.offset = offset
        self.reason = reason
        self.nearest = nearest


@dataclass(frozen=True)
class Statement:
    """One condition as typed.

    Parameters
    ----------
    offset
        Index of its first character in the whole text.
    text
        As typed, without the closing semicolon.
    code
        The same, character by character, with blanks instead of comments: places are those of the text.
    """

    offset: int
    text: str
    code: str


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of the character at `offset`."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


def offset_at(text: str, line: int, column: int) -> int:
    """Index of the character at a line and column, both from 1."""
    return sum(len(each) + 1 for each in text.split("\n")[: line - 1]) + column - 1


def split_conditions(text: str) -> Iterator[Statement]:
    """Cut the text at the semicolons that are neither in a comment nor in a string; empty conditions are left out.

    Yields
    ------
    Statement
        In the order of the text.

    Raises
    ------
    Refusal
        When the text is too long, or from a character on that cannot be part of a condition: what follows it cannot
        be cut with certainty.
    """
    _refuse_long_text(text)
    code: list[str] = []
    begin = 0
    for piece in _PIECE.finditer(text):
        if piece.lastgroup == "end":
            yield from _statement(text, begin, "".join(code))
            code, begin = [], piece.end()
        else:
            code.append(_readable(piece))
    yield from _statement(text, begin, "".join(code))


def _refuse_long_text(text: str) -> None:
    """Lone surrogates count like any character here; they are refused where they stand."""
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > MAX_TEXT_BYTES:
        offset = len(data[:MAX_TEXT_BYTES].decode("utf-8", "ignore"))
        raise Refusal(offset, f"the conditions are longer than {MAX_TEXT_BYTES // 1000} kB.")


def _statement(text: str, begin: int, code: str) -> Iterator[Statement]:
    if code.strip():
        first = begin + len(code) - len(code.lstrip())
        last = begin + len(code.rstrip())
        yield Statement(offset=first, text=text[first:last], code=code.strip())


def _readable(piece: re.Match[str]) -> str:
    """The piece as the parser may see it."""
    found, offset = piece.group(), piece.start()
    match piece.lastgroup:
        case "comment":
            if found.startswith("/*+"):
                raise Refusal(offset, "hints to the query planner are not allowed.")
            return re.sub(r"[^\n]", " ", found)
        case "open_comment":
            raise Refusal(offset, "the comment that begins here is never closed.")
        case "code":
            return found if found == "\n" or not found.isspace() else " "
        case "other":
            raise Refusal(offset, _why_not(found))
    _refuse_unprintable(found, offset)
    return found


def _refuse_unprintable(quoted: str, offset: int) -> None:
    for n, character in enumerate(quoted):
        if character == "\0" or unicodedata.category(character) == "Cs":
            raise Refusal(offset + n, _why_not(character))


def _why_not(character: str) -> str:
    if character in _UNCLOSED:
        return f"the {_UNCLOSED[character]} that begins here is never closed."
    if character in _QUOTES:
        return f"{character} is a typographic quotation mark; write ' instead."
    if character in "[]":
        return "elements of lists and maps cannot be chosen with brackets."
    if character in "${}@?:":
        return f"parameters are not allowed: {character} has no meaning here."
    shown = character if character.isprintable() and character.isascii() else f"U+{ord(character):04X}"
    return f"the character {shown} has no meaning in a condition."
