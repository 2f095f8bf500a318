"""What the SQL box lets through: one SELECT over the alerts; all else is refused with a sentence, at its place."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import InvalidRequest
from backend.select_check import checked_select
from backend.select_names import Names
from tests.support.select_cases import HOSTILE, LEGITIMATE

NAMES = Names(
    (
        "objectId",
        "candid",
        "jd",
        "magpsf",
        "fid",
        "never_set",
        "finkclass",
        "tnsclass",
        "observed",
        "night",
        "candidate",
    ),
    ("candidate.ra", "candidate.dec"),
)
_WORDS = """SELECT WITH RECURSIVE AS FROM WHERE GROUP BY ALL HAVING ORDER LIMIT OFFSET JOIN LEFT ON USING UNION EXCEPT
    INTERSECT DISTINCT CASE WHEN THEN ELSE END AND OR NOT IN IS NULL BETWEEN LIKE EXISTS OVER PARTITION ROWS FILTER CAST
    INTERVAL DATE alerts a candid jd fid observed count sum max lag unnest concat meta 'x' '%' "candid" 1 0.5 1e9 * ( )
    , . + - / // % ** ^ < > = <= <> || :: [ ] ; -- /* */ ' " $ ? : @ # { } ~ \\ PIVOT VALUES LATERAL DESCRIBE ATTACH"""
WORDS = _WORDS.split()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_query_is_refused_with_a_sentence(text: str) -> None:
    began = time.monotonic()
    with pytest.raises(InvalidRequest, match=r"^Line \d+, column \d+: .{5,300}[.?]$"):
        checked_select(text, NAMES)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("text", LEGITIMATE)
def test_what_an_astronomer_asks_is_written_anew_and_may_be_asked_again(text: str) -> None:
    written = checked_select(text, NAMES)
    assert "--" not in written.replace("'it''s; -- no comment'", "")
    assert checked_select(written, NAMES)


@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [
        ("SELECT magpfs FROM alerts", 1, 8, "Did you mean magpsf?"),
        ("SELECT candid,\n  MAGPSFF FROM alerts", 2, 3, "Did you mean magpsf?"),
        ("SELECT ra FROM alerts", 1, 8, "Did you mean candidate.ra?"),
        ("SELECT candidate.decc FROM alerts", 1, 8, "Did you mean candidate.dec?"),
        ("SELECT candid FROM alert", 1, 20, "Did you mean alerts?"),
        ("WITH bright AS (SELECT 1) SELECT * FROM brigth", 1, 41, "Did you mean bright?"),
        ("SELECT /* a\n comment */ getenv('HOME')", 2, 13, "the function getenv is not allowed"),
        ("SELECT meadian(jd) FROM alerts", 1, 8, "Did you mean median?"),
        ("SELECT candid FROM alerts; SELECT 1", 1, 28, "one query at a time"),
        ("SELECT candid FROM alerts WHERE", 1, 27, "something is missing after WHERE"),
        ("SELECT candid\nFROM alerts WHERE fid = 1)", 2, 26, "closes nothing"),
        ("SELECT count(* FROM alerts", 1, 13, "never closed"),
        ("INSTALL httpfs", 1, 1, "begins with SELECT or WITH"),
    ],
)
def test_the_place_and_what_was_meant_are_named(text: str, line: int, column: int, part: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        checked_select(text, NAMES)
    assert refused.value.message.startswith(f"Line {line}, column {column}: ")
    assert part in refused.value.message


def test_nothing_that_was_typed_beside_the_query_is_kept() -> None:
    written = checked_select("select /* sqlglot.anonymous */ candid -- ; drop\n from alerts;", NAMES)
    assert written == 'SELECT "candid" FROM "alerts"'


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=200))
def test_any_text_is_answered_or_refused(text: str) -> None:
    _answered_or_refused(text)


@settings(deadline=None, max_examples=600)
@given(st.lists(st.sampled_from(WORDS), max_size=30))
def test_any_words_of_sql_are_answered_or_refused(words: list[str]) -> None:
    _answered_or_refused("SELECT " + " ".join(words))


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(LEGITIMATE), st.data())
def test_a_query_that_was_changed_somewhere_is_answered_or_refused(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    removed = data.draw(st.integers(0, 12))
    _answered_or_refused(f"{text[:at]} {data.draw(st.sampled_from(WORDS))} {text[at + removed :]}")


def _answered_or_refused(text: str) -> None:
    with suppress(InvalidRequest):
        assert checked_select(text, NAMES)
