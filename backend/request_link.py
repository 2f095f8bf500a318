"""A request as a short text for the address of a page: to share it as a link."""

from __future__ import annotations

import base64
import binascii
import json
import zlib

from backend.errors import InvalidRequest
from backend.models import TransferRequest
from backend.request_file import request_from

LONGEST_LINK = 6_000
"""Characters; a longer one is cut by some browser, mail program or proxy."""
LONGEST_UNPACKED = 200_000
"""Bytes of the request in a link: a few characters of a link can stand for gigabytes."""
_SHORT = (",", ":")


def link_text(request: TransferRequest) -> str:
    """The request as letters, digits, ``-`` and ``_``; `request_in_link` gives it back.

    Raises
    ------
    InvalidRequest
        It would be longer than a link may be.
    """
    document = request.model_dump(mode="json", exclude_defaults=True)
    unpacked = json.dumps(document, ensure_ascii=False, separators=_SHORT).encode()
    text = base64.urlsafe_b64encode(zlib.compress(unpacked, level=9)).decode().rstrip("=")
    if len(text) > LONGEST_LINK or len(unpacked) > LONGEST_UNPACKED:
        raise InvalidRequest("This request is too long for a link.", "Save it as a file.")
    return text


def request_in_link(text: str) -> TransferRequest:
    """The request of a link.

    Raises
    ------
    InvalidRequest
        The link was cut or changed, or holds no request.
    """
    try:
        if len(text) > LONGEST_LINK:
            raise ValueError("longer than any link of ours")
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        document = json.loads(_unpacked(packed))
    except (ValueError, binascii.Error, zlib.error, RecursionError) as error:
        raise InvalidRequest(
            "The request in this link cannot be read.", "It may have been cut: copy it again."
        ) from error
    if not isinstance(document, dict):
        raise InvalidRequest("The link holds no request.", "Copy it again.")
    return request_from(document)


def _unpacked(packed: bytes) -> str:
    unpacking = zlib.decompressobj()
    content = unpacking.decompress(packed, LONGEST_UNPACKED)
    if not unpacking.eof:
        raise ValueError("not complete, or too large")
    return content.decode()
