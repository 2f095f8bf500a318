"""Patterns of LIKE and RLIKE: those that Java, which runs in Spark, and RE2, which runs in DuckDB, read alike."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_PATTERN = 500
_MAX_REPEAT = 1000

_PART = re.compile(
    r"""
    (?P<flags> ^\(\?i\) )
    | (?P<java_only> \(\?<?[=!] | \\[1-9] )
    | (?P<open> \((?:\?:)?(?!\?) )
    | (?P<close> \) )
    | (?P<repeat> (?: [*+?] | \{ \d{1,4} (?:,\d{0,4})? \} ) \?? (?![*+?{]) )
    | (?P<set> \[\^? (?: \\[dDwWnrt\-\\\]\[^.*+?(){}|$/&'"~] | [^\[\]\\&] | &(?!&) )+ \] )
    | (?P<escape> \\[dDwWbBnrt\-\\\]\[^.*+?(){}|$/] )
    | (?P<space> \\[sS] )
    | (?P<any> \. )
    | (?P<begin> \^ )
    | (?P<end> \$ (?= $ | [)|] ) )
    | (?P<or> \| )
    | (?P<plain> [^\\()\[\]{}*+?.^$|] )
    """,
    re.VERBOSE | re.DOTALL,
)
_LINE_ENDS = r"\n\r\x{85}\x{2028}\x{2029}"
_AS_RE2 = {
    "any": f"[^{_LINE_ENDS}]",
    "end": rf"(?:(?:\r\n|[{_LINE_ENDS}])?\z)",
    r"\s": r"[ \t\n\x0B\f\r]",
    r"\S": r"[^ \t\n\x0B\f\r]",
}
"""What Java's signs mean, in RE2's: Java has more ends of lines, and $ stands before the last of them too."""


class UnknownPattern(ValueError):
    """Why a pattern is refused, as a sentence."""


def check_like(pattern: str) -> None:
    r"""Refuse a LIKE pattern in which ``\`` stands before something else than ``%``, ``_`` or itself.

    Raises
    ------
    UnknownPattern
    """
    if re.search(r"^(?:[^\\]|\\.)*\\(?![\\%_])", pattern, re.DOTALL):
        raise UnknownPattern(r"in a LIKE pattern \ must stand before %, _ or \.")


def check_regular_expression(pattern: str) -> None:
    """Refuse what is no regular expression, what Java and Python read differently, and what could run for ever.

    Raises
    ------
    UnknownPattern
    """
    if len(pattern) > MAX_PATTERN:
        raise UnknownPattern(f"a regular expression has at most {MAX_PATTERN} characters.")
    parts = list(_parts(pattern))
    try:
        re.compile(pattern)
    except (re.error, OverflowError) as error:
        raise UnknownPattern(f"this is not a regular expression: {error}.") from error
    repeats: list[bool] = [False]
    closed_with_repeat = False
    for name, text in parts:
        if name == "repeat" and not text.startswith("?"):
            _check_repeat(text, closed_with_repeat)
            repeats[-1] = True
        closed_with_repeat = False
        if name == "open" or (name == "java_only" and text.startswith("(")):
            repeats.append(False)
        elif name == "close":
            closed_with_repeat = repeats.pop()
            repeats[-1] = repeats[-1] or closed_with_repeat


def regular_expression_in_re2(pattern: str) -> str | None:
    """The pattern as RE2 must read it to find what Java finds; None where RE2 cannot."""
    parts = list(_parts(pattern))
    if any(name == "java_only" for name, _ in parts):
        return None
    return "".join(_AS_RE2.get(text if name == "space" else name, text) for name, text in parts)


def _parts(pattern: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(pattern):
        found = _PART.match(pattern, at)
        if found is None or found.lastgroup is None:
            raise UnknownPattern(f"{pattern[at : at + 3]} is not allowed in a regular expression.")
        yield found.lastgroup, found.group()
        at = found.end()


def _check_repeat(text: str, of_repeat: bool) -> None:
    if of_repeat:
        raise UnknownPattern(f"{text} repeats what repeats already: such a search can take for ever.")
    if any(int(number) > _MAX_REPEAT for number in re.findall(r"\d+", text)):
        raise UnknownPattern(f"{text} repeats more than {_MAX_REPEAT} times.")
