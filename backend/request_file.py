"""Request files: the YAML form of a request, to read and to write."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from pydantic import ValidationError

from backend.errors import InvalidRequest
from backend.models import Content, TransferRequest
from backend.nights import NightRange
from backend.region import Cone, Positions, Rectangle, Region
from backend.sample import Sample

LARGEST_FILE_BYTES = 1_000_000
_NAMES = tuple(
    name
    for model in (TransferRequest, NightRange, Region, Cone, Rectangle, Positions, Sample)
    for name in model.model_fields
)


def read_request(path: Path) -> TransferRequest:
    """The request in a file.

    Raises
    ------
    InvalidRequest
        The file cannot be read, or is no request; names the line or the field.
    """
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise InvalidRequest(f"{path} is larger than a request file may be (1 MB).")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InvalidRequest(f"The request file {path} cannot be read: {reason}.") from error
    return parse_request(text)


def parse_request(text: str) -> TransferRequest:
    """The request in a YAML text; see `read_request`."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise InvalidRequest(f"This is not YAML: {where}{getattr(error, 'problem', error)}.") from error
    except RecursionError as error:
        raise InvalidRequest("The request file is nested too deeply.") from error
    if not isinstance(document, dict):
        raise InvalidRequest("A request file holds names and values.", "It begins with nights: {start: …, stop: …}.")
    return request_from(document)


def request_from(document: dict[Any, Any]) -> TransferRequest:
    """The request in a mapping, as YAML or JSON give it.

    Raises
    ------
    InvalidRequest
        A field is missing, unknown or of the wrong kind; every one is named.
    """
    try:
        return TransferRequest.model_validate(document)
    except ValidationError as error:
        raise invalid_request(error, document) from error


def write_request(request: TransferRequest) -> str:
    """The YAML text of a request; `parse_request` gives back the same request."""
    document = request.model_dump(mode="json", exclude_none=True)
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def invalid_request(error: ValidationError, document: Mapping[Any, Any] = MappingProxyType({})) -> InvalidRequest:
    """What is wrong with the values of a request, a sentence for each, with the field's name.

    Parameters
    ----------
    document
        What the user wrote: a range of nights that stands alone there is not numbered.
    """
    sentences = dict.fromkeys(_sentence(dict(each), document) for each in error.errors())
    return InvalidRequest(" ".join(sentences))


_A_RANGE = "a range, such as {start: 2024-09-01, stop: 2024-09-02}, or a list of such ranges"
_WRONG_FORM = {"tuple_type": "a list", "model_type": "a mapping of names to values"}
"""Kind of pydantic's error -> what a value must be, in YAML's words."""


class _Dumper(yaml.SafeDumper):
    """Writes conditions line by line, as they were typed."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_text)


def _sentence(error: Mapping[str, Any], document: Mapping[Any, Any]) -> str:
    place = error["loc"]
    if place[:1] == ("content",):
        return f"content must be one of {', '.join(Content)}, or a list of fields."
    if place[:1] == ("nights",) and isinstance(document.get("nights"), dict):
        place = (place[0], *place[2:])
    name = _name(place)
    if error["type"] == "missing":
        return f"{name} is missing."
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(place[-1]), _NAMES, n=1)
        return f"There is no field {name}." + (f" Did you mean {near[0]}?" if near else "")
    if error["type"] in _WRONG_FORM:
        form = _A_RANGE if place[:1] == ("nights",) else _WRONG_FORM[error["type"]]
        return f"{name} must be {form}."
    message = str(error["msg"]).removeprefix("Value error, ")
    if not name:  # it is said of several fields together
        return f"{message[:1].upper()}{message[1:]}."
    return f"{name}: {message[:1].lower()}{message[1:]}."


def _name(place: Iterable[str | int]) -> str:
    """A field's name with dots: ``nights, entry 2, stop``."""
    name = ""
    for part in place:
        if isinstance(part, int):
            name = f"{name.rstrip(',')}, entry {part + 1},"
        else:
            name += f" {part}" if name.endswith(",") else f".{part}" if name else part
    return name.rstrip(",")
