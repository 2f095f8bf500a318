"""Links of requests: what is packed is unpacked again, and nothing else is accepted."""

from __future__ import annotations

import base64
import json
import re
import zlib
from datetime import date

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from backend.errors import InvalidRequest
from backend.models import TransferRequest
from backend.nights import NightRange
from backend.region import Region
from backend.request_link import LONGEST_LINK, LONGEST_UNPACKED, link_text, request_in_link
from tests.unit.backend.test_request_file import REQUESTS

NIGHTS = (NightRange(start=date(2024, 9, 1), stop=date(2024, 9, 2)),)


def packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(content, 9)).decode().rstrip("=")


@given(REQUESTS)
def test_a_link_gives_back_its_request(request: TransferRequest) -> None:
    try:
        text = link_text(request)
    except InvalidRequest:
        reject()  # it is too long
    assert re.fullmatch(r"[A-Za-z0-9_-]+", text)
    assert request_in_link(text) == request


def test_a_short_request_is_a_short_link() -> None:
    assert len(link_text(TransferRequest(nights=NIGHTS, conditions="candidate.magpsf > 19.5;"))) < 160


def test_a_request_that_is_too_long_is_saved_instead() -> None:
    objects = tuple(f"ZTF{hash((n, 7)) % 10**12:012d}" for n in range(2_000))
    with pytest.raises(InvalidRequest, match="too long for a link"):
        link_text(TransferRequest(nights=NIGHTS, region=Region(objects=objects)))


def test_a_long_request_that_packs_well_gets_no_link_that_nobody_could_read() -> None:
    repeated = "candidate.magpsf > 19.5;\n" * 20_000
    with pytest.raises(InvalidRequest, match="too long for a link"):
        link_text(TransferRequest(nights=NIGHTS, conditions=repeated))


@given(st.text(max_size=200))
def test_any_text_is_a_request_or_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        request_in_link(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "cannot be read"),
        (link_text(TransferRequest(nights=NIGHTS))[:-6], "cannot be read"),
        ("A" * (LONGEST_LINK + 1), "cannot be read"),
        (packed(b" " * (LONGEST_UNPACKED + 1)), "cannot be read"),
        (packed(b"[" * 100_000), "cannot be read"),
        (packed(b"\xff\xfe"), "cannot be read"),
        (packed(b"[]"), "holds no request"),
        (packed(json.dumps({"nights": {"start": "2024-09-01"}}).encode()), "nights.stop is missing"),
    ],
)
def test_a_link_that_holds_no_request_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        request_in_link(text)
