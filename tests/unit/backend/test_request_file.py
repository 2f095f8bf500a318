"""Request files: what is written is read again, and what is wrong is said by name."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import InvalidRequest
from backend.job_size import JobSize
from backend.models import Content, TransferRequest
from backend.nights import NightRange
from backend.region import Cone, Positions, Rectangle, Region
from backend.request_file import parse_request, read_request, write_request
from backend.sample import Sample

NIGHTS = st.builds(
    lambda start, days: NightRange(start=start, stop=start + timedelta(days=days)),
    st.dates(date(2019, 11, 1), date(2030, 1, 1)),
    st.integers(0, 3000),
)
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n"), max_size=200)
RA, DEC = st.floats(0, 360), st.floats(-90, 90)
RADII = st.floats(0, 3600, exclude_min=True)
REGIONS = st.one_of(
    st.builds(Region, cone=st.builds(Cone, ra_deg=RA, dec_deg=DEC, radius_arcsec=RADII)),
    st.builds(
        lambda ra_min, ra_max, decs: Region(
            rectangle=Rectangle(ra_min_deg=ra_min, ra_max_deg=ra_max, dec_min_deg=min(decs), dec_max_deg=max(decs))
        ),
        RA,
        RA,
        st.tuples(DEC, DEC),
    ),
    st.builds(Region, objects=st.lists(st.from_regex(r"ZTF[0-9]{2}[a-z]{7}", fullmatch=True), min_size=1).map(tuple)),
    st.builds(
        Region,
        positions=st.builds(
            Positions,
            ra_dec_deg=st.lists(st.tuples(RA, DEC), min_size=1, max_size=5).map(tuple),
            radius_arcsec=RADII,
        ),
    ),
)
SAMPLES = st.one_of(
    st.builds(Sample, fraction=st.floats(0, 1, exclude_min=True, exclude_max=True)),
    st.builds(Sample, max_alerts=st.integers(1)),
    st.builds(Sample, per_class=st.integers(1)),
)
REQUESTS = st.builds(
    TransferRequest,
    nights=st.lists(NIGHTS, min_size=1, max_size=3).map(tuple),
    region=st.none() | REGIONS,
    sample=st.none() | SAMPLES,
    classes=st.lists(TEXT, max_size=4).map(tuple),
    conditions=TEXT,
    job_size=st.sampled_from(JobSize),
    content=st.sampled_from(Content) | st.lists(TEXT, min_size=1, max_size=5).map(tuple),
)


@given(REQUESTS)
def test_what_is_written_is_read_again(request: TransferRequest) -> None:
    assert parse_request(write_request(request)) == request


def test_a_request_as_people_write_it() -> None:
    request = parse_request(
        "nights: {start: 2024-09-01, stop: 2024-09-02}\nclasses: ['(Fink) Tracklet']\ncontent: full"
    )
    assert request.every_night() == (date(2024, 9, 1), date(2024, 9, 2))
    assert request.content is Content.FULL
    assert request.survey == "ztf"


def test_conditions_are_written_line_by_line() -> None:
    text = "nights: {start: 2024-09-01, stop: 2024-09-02}\nconditions: |\n  a > 1;\n  b > 2;\n"
    assert "conditions: |\n  a > 1;\n  b > 2;\n" in write_request(parse_request(text))


RANGE = "nights: {start: 2024-09-01, stop: 2024-09-01}\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nights: []", "nights"),
        ("nights: 2024-09-01", "nights must be a range, such as {start: 2024-09-01, stop: 2024-09-02}"),
        ("nights: [7]", "nights, entry 1 must be a range"),
        (RANGE + "classes: SN", "classes must be a list"),
        (RANGE + "region: north", "region must be a mapping"),
        ("nights: [{start: 2024-09-01, stop: 2024-09-01}, {start: 2024-09-02}]", "nights, entry 2, stop is missing"),
        (RANGE + "region: {}", "region: one of cone, rectangle, positions and objects must be given"),
        (RANGE + "region: {cone: {ra_deg: 400, dec_deg: 0, radius_arcsec: 1}}", r"region.cone.ra_deg: .* equal to 360"),
        (RANGE + "region: {cone: {ra_deg: 4, dec_deg: 0, radius: 1}}", "no field region.cone.radius. Did you mean rad"),
        (RANGE + "region: {positions: {ra_dec_deg: [[1]], radius_arcsec: 5}}", "ra_dec_deg, entry 1, entry 2 is miss"),
        (RANGE + "sample: {fraction: 1.5}", "sample.fraction: .* less than 1"),
        (RANGE + "job_size: huge", "job_size: .*small.*large"),
        (RANGE + "sample: {per_clas: 3}", "no field sample.per_clas. Did you mean per_class"),
        (RANGE + "sample: {fraction: 0.5, max_alerts: 3}", "sample: one of fraction, max_alerts and per_class"),
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
