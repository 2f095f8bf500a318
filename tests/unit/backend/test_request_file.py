"""Request files: what is written is read again, and what is wrong is said by name."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import InvalidRequest
from backend.models import Content, TransferRequest
from backend.nights import NightRange
from backend.request_file import parse_request, read_request, write_request

NIGHTS = st.builds(
    lambda start, days: NightRange(start=start, stop=start + timedelta(days=days)),
    st.dates(date(2019, 11, 1), date(2030, 1, 1)),
    st.integers(0, 3000),
)
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n"), max_size=200)
REQUESTS = st.builds(
    TransferRequest,
    nights=NIGHTS,
    classes=st.lists(TEXT, max_size=4).map(tuple),
    conditions=TEXT,
    content=st.sampled_from(Content) | st.lists(TEXT, min_size=1, max_size=5).map(tuple),
)


@given(REQUESTS)
def test_what_is_written_is_read_again(request: TransferRequest) -> None:
    assert parse_request(write_request(request)) == request


def test_a_request_as_people_write_it() -> None:
    request = parse_request(
        "nights: {start: 2024-09-01, stop: 2024-09-02}\nclasses: ['(Fink) Tracklet']\ncontent: full"
    )
    assert request.nights.nights() == (date(2024, 9, 1), date(2024, 9, 2))
    assert request.content is Content.FULL
    assert request.survey == "ztf"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds names and values"),
        ("nights: [", "line 1"),
        ("- 1", "holds names and values"),
        ("content: full", "nights is missing"),
        ("nights: {start: 2024-09-02, stop: 2024-09-01}", "before the first"),
        ("nights: {start: 2024-09-02}", "nights.stop is missing"),
        ("nights: {start: yesterday, stop: 2024-09-01}", "nights.start"),
        ("nights: {start: 2024-09-01, stop: 2024-09-01}\nclases: []", "no field clases. Did you mean classes"),
        ("nights: {start: 2024-09-01, stop: 2024-09-01}\ncontent: light", "content must be one of lightcurve"),
        ("nights: {start: 2024-09-01, stop: 2024-09-01}\nconditions: [1]", "conditions"),
        ("!!python/object/apply:os.system ['true']", "not YAML"),
        ("[" * 5000, "nested too deeply"),
    ],
)
def test_what_is_wrong_is_said_by_name(text: str, sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        parse_request(text)


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"none\.yml cannot be read"):
        read_request(tmp_path / "none.yml")
    (tmp_path / "binary.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidRequest, match="not UTF-8"):
        read_request(tmp_path / "binary.yml")
