"""Request files: the YAML form of a request, to read and to write."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from backend.errors import InvalidRequest
from backend.models import Content, TransferRequest

LARGEST_FILE_BYTES = 1_000_000


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
        sentences = dict.fromkeys(_sentence(dict(each)) for each in error.errors())
        raise InvalidRequest(" ".join(sentences)) from error


def write_request(request: TransferRequest) -> str:
    """The YAML text of a request; `parse_request` gives back the same request."""
    return yaml.safe_dump(request.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def _sentence(error: dict[str, Any]) -> str:
    field = [str(part) for part in error["loc"]]
    if field[:1] == ["content"]:
        return f"content must be one of {', '.join(Content)}, or a list of fields."
    name = ".".join(field)
    if error["type"] == "missing":
        return f"{name} is missing."
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(field[-1], (*TransferRequest.model_fields, "start", "stop"), n=1)
        return f"There is no field {name}." + (f" Did you mean {near[0]}?" if near else "")
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{name}: {message[:1].lower()}{message[1:]}."
