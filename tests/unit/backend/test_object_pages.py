"""Addresses of others' pages: whatever a name holds, it stays one part of the path."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.object_pages import FINK_URL, fink_url, tns_url_by_name


def test_the_page_of_an_object() -> None:
    assert fink_url("ZTF18aabcdef") == "https://fink-portal.org/ZTF18aabcdef"


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1))
def test_no_name_leaves_its_part_of_the_address(name: str) -> None:
    parts = urlsplit(fink_url(name))
    assert (f"{parts.scheme}://{parts.netloc}", parts.query, parts.fragment) == (FINK_URL, "", "")
    assert parts.path.count("/") == 1
    assert unquote(parts.path[1:]) == name


@pytest.mark.parametrize(
    ("name", "page"),
    [("SN 2023ixf", "2023ixf"), ("AT2018cow", "2018cow"), ("2024abcd", "2024abcd"), ("SN 1987A", "1987A")],
)
def test_a_name_of_tns_leads_to_its_object(name: str, page: str) -> None:
    assert tns_url_by_name({"tns": name}) == f"https://www.wis-tns.org/object/{page}"


@pytest.mark.parametrize("text", ["", "SN Ia", "SN II", None, "2023ixf/../../search", "Varstar"])
def test_a_type_of_tns_is_no_name(text: str | None) -> None:
    assert tns_url_by_name({"tns": text}) is None
