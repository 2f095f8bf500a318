"""Wrong conditions are refused at their place, with a reason and a suggestion; whatever is typed gets a verdict."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.conditions import check_conditions
from tests.support.condition_parsing import ZTF

REFUSED = [
    ("candidate.magpsf > 19;\n          candidate.magpfs < 20", 2, 11, "no field candidate.magpfs", "candidate.magpsf"),
    ("magpsf > 19", 1, 1, "no field magpsf", "candidate.magpsf"),
    ("candidate.Magpsf > 19", 1, 1, "no field candidate.Magpsf", "candidate.magpsf"),
    ("OBJECTID = 'a'", 1, 1, "no field OBJECTID", "objectId"),
    ("t2.M-dwarf > 0.5", 1, 1, "no field t2.M", "t2.`M-dwarf`"),
    ("candid.x > 1", 1, 1, "no field candid.x", "candid"),
    ("candid.* > 1", 1, 1, "no field candid.*", "candid"),
    ("year = 2024", 1, 1, "no field year", ""),
    ("objectId > 5", 1, 1, "objectId is text and 5 is a whole number", ""),
    ("candidate.magpsf = 'bright'", 1, 1, "candidate.magpsf is a number and 'bright' is text", ""),
    ('candidate.magpsf = "bright"', 1, 1, "candidate.magpsf is a number and 'bright' is text", ""),
    ("candidate.magpsf + 1", 1, 1, "not a condition", ""),
    ("objectId", 1, 1, "not a condition", ""),
    ("NULL", 1, 1, "not a condition", ""),
    ("candid AND TRUE", 1, 1, "candid is a whole number, where and needs true or false", ""),
    ("NOT candid", 1, 5, "candid is a whole number", ""),
    ("candid + 'a' > 1", 1, 10, "'a' is text, where ADD needs a number", ""),
    ("sqrt(objectId) > 1", 1, 6, "objectId is text", ""),
    ("lower(candid) = 'a'", 1, 7, "candid is a whole number, where lower needs text", ""),
    ("candid LIKE 'a'", 1, 1, "candid is a whole number", ""),
    ("from_upper > TRUE", 1, 1, "have no order", ""),
    ("from_upper = 1", 1, 1, "from_upper is true or false and 1 is a whole number", ""),
    ("candidate = 1", 1, 1, "can only be tested with IS NULL", ""),
    ("cutoutScience.stampData = 'a'", 1, 1, "can only be tested with IS NULL", ""),
    ("cast(prv_candidates AS STRING) = 'a'", 1, 6, "cannot be cast", ""),
    (
        "prv_candidates.magpsf > 1",
        1,
        1,
        "lies inside the list prv_candidates",
        "exists(prv_candidates, p -> p.magpsf > ...)",
    ),
    ("timestamp > '2024-09-01'", 1, 1, "Write a time as TIMESTAMP", ""),
    ("timestamp > DATE 'soon'", 1, 18, "'soon' is not a time", ""),
    ("timestamp > TIMESTAMP '2024-13-01'", 1, 23, "is not a time", ""),
    ("candid = NULL", 1, 1, "write IS NULL", ""),
    ("candid IN (1, NULL)", 1, 1, "write IS NULL", ""),
    ("CASE WHEN candid THEN TRUE END", 1, 11, "where a condition is needed", ""),
    ("candid IN ()", 1, 1, "at least one value", ""),
    ("candid IN objectId", 1, 1, "this form of IN", ""),
    ("(candid, 1) IN ((1, 2))", 1, 2, "only allowed after IN", ""),
    ("round(Plx, roid) > 1", 1, 12, "digits of round", ""),
    ("abs(Plx, 1) > 1", 1, 11, "not expected here", ""),
    ("coalesce(Plx) > 1", 1, 1, "two values or more", ""),
    ("log11(Plx) > 1", 1, 1, "the function log11 is not allowed", "log10"),
    ("isnull(Plx)", 1, 1, "the function isnull is not allowed", "IS NULL"),
    ("Plx IS TRUE", 1, 1, "only allowed in IS NULL", ""),
    ("cdsxmatch RLIKE '('", 1, 17, "not a regular expression", ""),
    (r"cdsxmatch RLIKE '(?<x>a)'", 1, 17, "is not allowed in a regular expression", ""),
    (r"cdsxmatch LIKE 'a\\b'", 1, 16, "LIKE pattern", ""),
    ("objectId LIKE tns", 1, 1, "pattern must be text", ""),
    ("candid > 1 AND", 1, 12, "missing after AND", ""),
    ("candid >", 1, 8, "missing after >", ""),
    ("candid > 1\n  objectId", 2, 3, "objectId is not expected here", ""),
    ("if candid > 1", 1, 1, "write if(", ""),
    ("candid BETWEEN 1", 1, 16, "missing after 1", ""),
    ("roid = 3;\n (candid > 1", 2, 2, "parenthesis is never closed", ""),
    ("candid > 1)", 1, 11, "closes nothing", ""),
    ("CASE WHEN candid > 1 THEN TRUE", 1, 1, "CASE is never closed", ""),
    ("candid = .5.5", 1, 1, "is not a number", ""),
    ("candid = 1e400", 1, 10, "too large", ""),
    ("candid = 99999999999999999999", 1, 10, "too large", ""),
    ("candid = 5L", 1, 10, "without a letter", ""),
    ("exists(prv_candidates, p -> p.magpfs < 18)", 1, 29, "have no field magpfs", "p.magpsf"),
    ("exists(prv_candidates, p -> p.magpsf)", 1, 29, "where a condition is needed", ""),
    ("exists(prv_candidates, p -> p > 1)", 1, 29, "p is an entry of a list", ""),
    ("exists(prv_candidates, p -> q.magpsf > 1)", 1, 29, "no field q.magpsf", "cmagpsf"),
    ("exists(prv_candidates)", 1, 1, "takes a list and a function", ""),
    ("exists(prv_candidates, TRUE)", 1, 1, "takes a list and a function", ""),
    ("exists(Plx, p -> p > 1)", 1, 8, "Plx is a number, where exists needs a list", "prv_candidates"),
    ("exists(candidate, p -> p > 1)", 1, 8, "where exists needs a list", "prv_candidates"),
    ("filter(prv_candidates, p -> p.magpsf < 18)", 1, 1, "this is a list, not a condition", ""),
    ("transform(prv_candidates, p -> p.fid) = 1", 1, 11, "can only be tested with IS NULL", ""),
    ("transform(prv_candidates, p -> p) IS NULL", 1, 32, "transform must give numbers", ""),
    ("array_max(prv_candidates) > 1", 1, 1, "list of numbers", "array_max(transform(prv_candidates, p -> p.magpsf))"),
    ("array_contains(cfid, 'g')", 1, 1, "'g' is text and the entries of the list are a whole number", ""),
    ("element_at(prv_candidates, roid).magpsf > 1", 1, 28, "takes a number such as 1", ""),
    ("element_at(prv_candidates, 1) = 2", 1, 1, "an entry of a list", ""),
    ("element_at(prv_candidates, 1).magpfs > 18", 1, 1, "have no field magpfs", "magpsf"),
    ("size(objectId) > 1", 1, 1, "objectId is text, where size needs a list", "prv_candidates"),
    ("len(objectId) > 1", 1, 1, "the function len is not allowed", "length"),
    ("aggregate(prv_candidates, '', (t, p) -> t + p.fid) > 1", 1, 27, "aggregate", ""),
    ("aggregate(prv_candidates, 0, p -> p.fid) > 1", 1, 30, "two names", ""),
]


@pytest.mark.parametrize(("text", "line", "column", "reason", "nearest"), REFUSED, ids=[each[0] for each in REFUSED])
def test_wrong_conditions_say_where_and_why(text: str, line: int, column: int, reason: str, nearest: str) -> None:
    verdict = check_conditions(text, ZTF)[-1]

    assert not verdict.accepted
    assert (verdict.line, verdict.column, verdict.nearest) == (line, column, nearest)
    assert reason in verdict.reason
    assert verdict.reason.endswith((".", "?"))


WORDS = """candid objectId candidate.magpsf from_upper timestamp prv_candidates . , ( ) + - * / % < > = <= <> || ;
    1 2.5 1e9 'a' "b" `Plx` AND OR NOT IN BETWEEN LIKE RLIKE IS NULL TRUE FALSE CASE WHEN THEN ELSE END CAST AS INT
    DOUBLE STRING DATE TIMESTAMP abs log if coalesce substring trim SELECT FROM OVER INTERVAL -> :: ! -- /* */ /*+
    ' " ` \\ $ { } [ ] ? @ # ’ é"""
TOKENS = st.sampled_from([*WORDS.split(), "\n", "\0"])


@settings(deadline=None)
@given(st.lists(TOKENS, max_size=60).map(" ".join))
def test_any_words_get_verdicts_with_a_place_in_the_text(text: str) -> None:
    lines = text.split("\n")
    for verdict in check_conditions(text, ZTF):
        assert verdict.accepted == (not verdict.reason)
        assert 1 <= verdict.line <= len(lines)
        assert 1 <= verdict.column <= len(lines[verdict.line - 1]) + 1


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_gets_verdicts(text: str) -> None:
    for verdict in check_conditions(text, ZTF):
        assert verdict.accepted == (not verdict.reason)
