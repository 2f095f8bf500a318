"""Numbers, sizes and times as people read them; data as text."""

from __future__ import annotations

from datetime import timedelta

import pytest

from views.components.wording import counted, plain, size_text, span_text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1_020, "1.0 KB"), (13_100, "13 KB"), (17_400_000, "17 MB"), (999_700, "1.0 MB"),
     (2.5e9, "2.5 GB"), (3e13, "30.0 TB")],
)  # fmt: skip
def test_sizes(size: float, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("span", "text"),
    [(timedelta(seconds=-5), "0 s"), (timedelta(seconds=40), "40 s"), (timedelta(minutes=12), "12 min"),
     (timedelta(hours=5), "5 h"), (timedelta(days=3, hours=23, minutes=59), "3 d 23 h")],
)  # fmt: skip
def test_spans(span: timedelta, text: str) -> None:
    assert span_text(span) == text


def test_numbers_with_their_nouns() -> None:
    assert [counted(number, "alert") for number in (0, 1, 12_340)] == ["0 alerts", "1 alert", "12,340 alerts"]


@pytest.mark.parametrize("link", ["http://x.org", "WWW.x.org", "a@x.org"])
def test_data_become_no_links(link: str) -> None:
    shown = plain(link).replace("\\", "")
    assert link not in shown
    assert shown.replace("\u2060", "") == link


def test_data_stay_text() -> None:
    assert plain("C*_a [x](y) <b> $1$ :red[z]") == "C\\*\\_a \\[x\\]\\(y\\) \\<b\\> \\$1\\$ \\:red\\[z\\]"
