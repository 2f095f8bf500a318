"""Positions, angles and lists of objects as people type and paste them; each problem is named with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from backend.errors import InvalidRequest
from backend.region import MAX_OBJECTS, MAX_POSITIONS

WRITTEN = "Write degrees (123.45 -12.5) or hours and degrees (08:13:49.6 -12:30:00)."
RADIUS_WRITTEN = "Write arcseconds (5), or with a unit: 5 arcsec, 2 arcmin, 1.5 deg."
_ARCSEC = {
    **dict.fromkeys(("", '"', "″", "''", "s", "as", "arcsec", "arcsecs", "arcsecond", "arcseconds"), 1.0),
    **dict.fromkeys(("'", "′", "m", "am", "arcmin", "arcmins", "arcminute", "arcminutes"), 60.0),
    **dict.fromkeys(("°", "d", "deg", "degs", "degree", "degrees"), 3600.0),
}
_NUMBER = r"\d+\.?\d*|\.\d+"
_SCIENTIFIC = rf"[+-]?(?:{_NUMBER})(?:[eE][+-]?\d+)?"
_DECIMAL = re.compile(rf"(?P<value>{_SCIENTIFIC})\s*(?:°|d|deg|degrees)?", re.IGNORECASE)
_RADIUS = re.compile(rf"(?P<value>{_SCIENTIFIC})\s*(?P<unit>\D*)")
_SEXAGESIMAL = re.compile(
    rf"""(?P<sign>[+-]?)(?P<whole>\d{{1,3}})(?:\s*[:hd°]\s*|\s+)
    (?P<minutes>\d{{1,2}})(?:(?:\s*[:m'′]\s*|\s+)(?P<seconds>{_NUMBER})?\s*(?:s|"|″|'')?|m|'|′)?""",
    re.VERBOSE | re.IGNORECASE,
)
_MINUS = str.maketrans("−–—", "---")
_OBJECT = re.compile(r"[A-Za-z0-9_+.-]{1,64}")
_HEADER = re.compile(r"[A-Za-z_]+(?:[\s,;|]+[A-Za-z_.]+)*")


def parse_right_ascension(text: str) -> float:
    """Right ascension in degrees, 0 to 360, from degrees (``123.45``) or hours (``08:13:48``, ``8h13m48s``).

    Raises
    ------
    InvalidRequest
        It is neither, or out of range.
    """
    return _coordinate(text, "right ascension")


def parse_declination(text: str) -> float:
    """Declination in degrees, -90 to 90, from degrees (``-12.5``) or parts of them (``-12:30:00``, ``-12d30m``).

    Raises
    ------
    InvalidRequest
        It is neither, or out of range.
    """
    return _coordinate(text, "declination")


def parse_position(text: str) -> tuple[float, float]:
    """Right ascension and declination in degrees, from one line that holds both.

    Raises
    ------
    InvalidRequest
        It does not hold two coordinates, or one that is out of range.
    """
    halves = _halves(text.translate(_MINUS).strip())
    if halves is None:
        raise InvalidRequest(f"{_shown(text)} is no position.", WRITTEN)
    return parse_right_ascension(halves[0]), parse_declination(halves[1])


def parse_radius_arcsec(text: str) -> float:
    """An angle in arcsec, from a number with or without a unit.

    Raises
    ------
    InvalidRequest
        It is no number, of no unit that we know, or not more than 0.
    """
    found = _RADIUS.fullmatch(text.translate(_MINUS).strip())
    factor = _ARCSEC.get(found["unit"].strip().rstrip(".").lower()) if found else None
    if found is None or factor is None:
        raise InvalidRequest(f"{_shown(text)} is no radius.", RADIUS_WRITTEN)
    radius_arcsec = float(found["value"]) * factor
    if radius_arcsec <= 0:
        raise InvalidRequest(f"The radius {_shown(text)} is not more than 0.", RADIUS_WRITTEN)
    return radius_arcsec


def parse_objects(text: str) -> tuple[str, ...]:
    """The names in a pasted list, each once, in order: one a line, or with commas, semicolons or blanks between.

    A line that begins with ``#`` is a comment; quotes around a name and a heading ``objectId`` are passed over.

    Raises
    ------
    InvalidRequest
        Something is no name, there is none, or there are too many; says in which line.
    """
    names: dict[str, None] = {}
    for number, line in _lines(text):
        for word in re.split(r"[\s,;]+", line):
            name = word.strip("\"'[](){}")
            if not name or name.lower() == "objectid":
                continue
            if not _OBJECT.fullmatch(name):
                raise InvalidRequest(f"Line {number}: {_shown(name)} is no object's name.", "Write ZTF18abcdefg.")
            names[name] = None
            if len(names) > MAX_OBJECTS:
                raise InvalidRequest(
                    f"Line {number}: there are more than {MAX_OBJECTS:,} objects.", "Send them in parts."
                )
    if not names:
        raise InvalidRequest("The list holds no object.", "Write one objectId a line.")
    return tuple(names)


def parse_positions(text: str) -> tuple[tuple[float, float], ...]:
    """The positions (right ascension, declination; degrees) in a pasted list, one a line, each once, in order.

    A line that begins with ``#`` is a comment; a heading in words, such as ``ra,dec``, is passed over.

    Raises
    ------
    InvalidRequest
        A line is no position, there is none, or there are too many; says in which line.
    """
    positions: dict[tuple[float, float], None] = {}
    for place, (number, line) in enumerate(_lines(text)):
        if place == 0 and _HEADER.fullmatch(line):
            continue
        try:
            positions[parse_position(line)] = None
        except InvalidRequest as error:
            raise InvalidRequest(f"Line {number}: {error.message}", error.hint) from error
        if len(positions) > MAX_POSITIONS:
            raise InvalidRequest(
                f"Line {number}: there are more than {MAX_POSITIONS:,} positions.", "Send them in parts."
            )
    if not positions:
        raise InvalidRequest("The list holds no position.", f"One a line. {WRITTEN}")
    return tuple(positions)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers."""
    for number, line in enumerate(text.splitlines(), start=1):
        if (stripped := line.strip()) and not stripped.startswith("#"):
            yield number, stripped


def _halves(text: str) -> tuple[str, str] | None:
    """Where the one coordinate ends and the other begins."""
    if len(parts := [part for part in re.split(r"\s*[,;|\t]\s*", text) if part]) > 1:
        return (parts[0], parts[1]) if len(parts) == 2 else None
    words = text.split()
    if len(words) % 2 == 0 and 0 < len(words) <= 6:
        half = len(words) // 2
        return " ".join(words[:half]), " ".join(words[half:])
    signed = re.fullmatch(r"(.*\S)\s*([+-].*)", text)  # 8h13m48s-12d30m, or blanks in one of the two only
    return (signed[1], signed[2]) if signed else None


def _coordinate(text: str, name: str) -> float:
    is_ra = name == "right ascension"
    plain = text.translate(_MINUS).strip()
    if len(plain) > 1 and plain[0] == plain[-1] == '"':  # as spreadsheets write it
        plain = plain[1:-1].strip()
    if decimal := _DECIMAL.fullmatch(plain):
        degrees = float(decimal["value"])
    elif parts := _SEXAGESIMAL.fullmatch(plain):
        degrees = _from_parts(parts, text, name, in_hours=is_ra and not re.search("[d°]", plain, re.IGNORECASE))
    else:
        raise InvalidRequest(f"{_shown(text)} is no {name}.", WRITTEN)
    low, high = (0.0, 360.0) if is_ra else (-90.0, 90.0)
    if not low <= degrees <= high:
        raise InvalidRequest(f"The {name} {_shown(text)} does not lie between {low:g} and {high:g} degrees.", WRITTEN)
    return degrees


def _from_parts(parts: re.Match[str], text: str, name: str, *, in_hours: bool) -> float:
    if name == "declination" and re.search("h", parts[0], re.IGNORECASE):
        raise InvalidRequest(f"The declination {_shown(text)} is given in hours.", WRITTEN)
    minutes, seconds = int(parts["minutes"]), float(parts["seconds"] or 0)
    if minutes >= 60 or seconds >= 60:
        what = "minutes" if minutes >= 60 else "seconds"
        raise InvalidRequest(f"The {name} {_shown(text)} has 60 {what} or more.", WRITTEN)
    value = (int(parts["whole"]) * 3600 + minutes * 60 + seconds) / 3600
    return (-value if parts["sign"] == "-" else value) * (15 if in_hours else 1)


def _shown(text: str) -> str:
    short = text.strip()
    return repr(short if len(short) <= 40 else f"{short[:40]}…")
