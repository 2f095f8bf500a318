"""Conditions as typed: what is accepted, what is refused and where, and what is written for Spark."""

from __future__ import annotations

import sys
import time

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from backend.alert_schema import survey
from backend.condition_dialect import ConditionDialect, NanVl
from backend.condition_kinds import KIND_OF
from backend.conditions import Verdict, check_conditions, parse_conditions
from backend.errors import InvalidRequest
from tests.support.condition_strategies import CONDITIONS

ZTF = survey("ztf")

MISSION = """-- Magnitude bigger than 19.5
candidate.magpsf > 19.5;
-- at least 2'' away to nearest ZTF reference source
candidate.distnr > 2;
(candidate.magnr - candidate.magpsf) < -4 * (LOG10(candidate.distnr) + 0.2);
rf_snia_vs_nonia > 0.5; snn_snia_vs_nonia > 0.5;
"""


def only(text: str) -> Verdict:
    (verdict,) = check_conditions(text, ZTF)
    return verdict


def rendered(text: str) -> str:
    (condition,) = parse_conditions(text, ZTF)
    return condition.spark_sql


def test_the_text_of_the_mission_is_five_conditions() -> None:
    conditions = parse_conditions(MISSION, ZTF)

    assert [c.text for c in conditions] == [
        "candidate.magpsf > 19.5",
        "candidate.distnr > 2",
        "(candidate.magnr - candidate.magpsf) < -4 * (LOG10(candidate.distnr) + 0.2)",
        "rf_snia_vs_nonia > 0.5",
        "snn_snia_vs_nonia > 0.5",
    ]
    assert [(c.line, c.column) for c in conditions] == [(2, 1), (4, 1), (5, 1), (6, 1), (6, 25)]
    assert dict(conditions[2].columns) == {
        "candidate.magnr": "float",
        "candidate.magpsf": "float",
        "candidate.distnr": "float",
    }
    assert conditions[2].spark_sql == (
        "NANVL((`candidate`.`magnr` - `candidate`.`magpsf`), NULL)"
        " < NANVL(-4 * (LOG10(`candidate`.`distnr`) + 0.2E0), NULL)"
    )


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("", []),
        (" ;;\n; -- only a comment; 'and a quote\n", []),
        ("candid > 1", ["candid > 1"]),
        ("candid > 1;", ["candid > 1"]),
        ("candid\n  > 1; roid = 3", ["candid\n  > 1", "roid = 3"]),
        ("objectId = 'a;b'; roid = 3", ["objectId = 'a;b'", "roid = 3"]),
        (r"objectId = 'a\';b'; roid = 3", [r"objectId = 'a\';b'", "roid = 3"]),
        ('objectId = "a;\'b"; roid = 3', ['objectId = "a;\'b"', "roid = 3"]),
        ("candid > -- ; it's\n 1; roid = 3", ["candid > -- ; it's\n 1", "roid = 3"]),
        ("candid /* ; ' */ > 1; roid = 3", ["candid /* ; ' */ > 1", "roid = 3"]),
        ("objectId = '-- no comment'", ["objectId = '-- no comment'"]),
        ("candid > 1 -- without newline", ["candid > 1"]),
        ("candid\u00a0> 1;\r\nroid = 3\r\n", ["candid\u00a0> 1", "roid = 3"]),
    ],
)
def test_cutting_into_conditions(text: str, texts: list[str]) -> None:
    assert [c.text for c in parse_conditions(text, ZTF)] == texts


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("candid = 5", "`candid` = 5"),
        ("`candidate`.`magpsf` > 19", "NANVL(`candidate`.`magpsf`, NULL) > 19"),
        ("t2.`M-dwarf` > .5", "NANVL(`t2`.`M-dwarf`, NULL) > 0.5E0"),
        ("Plx IS NOT NULL", "NOT NANVL(`Plx`, NULL) IS NULL"),
        ("Plx IN (1, e_Plx)", "NANVL(`Plx`, NULL) IN (1, NANVL(`e_Plx`, NULL))"),
        ("Plx BETWEEN 1 AND 2e0", "NANVL(`Plx`, NULL) BETWEEN 1 AND 2e0"),
        ("sqrt(Plx) > 1", "NANVL(SQRT(`Plx`), NULL) > 1"),
        ("floor(Plx) > 1", "FLOOR(NANVL(`Plx`, NULL)) > 1"),
        ("isnan(Plx)", "ISNAN(`Plx`)"),
        ("from_upper", "`from_upper`"),
        ("prv_candidates IS NULL", "`prv_candidates` IS NULL"),
        ("finkclass = 'SN candidate'", "`finkclass` = 'SN candidate'"),
        ("TRUE = NOT from_upper", "TRUE = (NOT `from_upper`)"),
        ("candidate.fid * 3 = 6", "CAST(`candidate`.`fid` AS BIGINT) * 3 = 6"),
        ("timestamp > TIMESTAMP '2024-09-01'", "`timestamp` > CAST('2024-09-01' AS TIMESTAMP)"),
        ("candid > 1 /* c */ -- d", "`candid` > 1"),
        ("candid /* c */* 2 > 1", "CAST(`candid` AS BIGINT) * 2 > 1"),
    ],
)
def test_what_spark_runs(text: str, sql: str) -> None:
    assert rendered(text) == sql


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
    ("prv_candidates.magpsf > 1", 1, 1, "lies inside the list prv_candidates", ""),
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
    (r"cdsxmatch RLIKE '(?<x>a)'", 1, 17, "", ""),
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
]


@pytest.mark.parametrize(("text", "line", "column", "reason", "nearest"), REFUSED, ids=[each[0] for each in REFUSED])
def test_wrong_conditions_say_where_and_why(text: str, line: int, column: int, reason: str, nearest: str) -> None:
    verdict = check_conditions(text, ZTF)[-1]

    assert not verdict.accepted
    assert (verdict.line, verdict.column, verdict.nearest) == (line, column, nearest)
    assert reason in verdict.reason
    assert verdict.reason.endswith((".", "?"))


HOSTILE = [
    ("reflect('java.lang.System', 'exit', 0)", 1, 1),
    ("java_method('java.lang.System', 'exit', 0) = 'x'", 1, 1),
    ("candid > 1 AND secret() = 'x'", 1, 16),
    ("session.secret() = 'x'", 1, 9),
    ("current_user() = 'x'", 1, 1),
    ("current_user = 'x'", 1, 1),
    ("candid IN (SELECT value FROM text.`/etc/passwd`)", 1, 12),
    ("(SELECT 1) = 1", 1, 2),
    ("EXISTS (SELECT 1)", 1, 1),
    ("candid = 1 UNION SELECT 1", 1, 12),
    ("SELECT 1", 1, 1),
    ("WITH a AS (SELECT 1) SELECT 1", 1, 1),
    ("TABLE x", 1, 1),
    ("DROP TABLE alerts", 1, 1),
    ("SET spark.sql.ansi.enabled = true", 1, 1),
    ("INSERT INTO x VALUES (1)", 1, 1),
    ("exists(prv_candidates, p -> p.magpsf > 1)", 1, 1),
    ("transform(cjd, x -> x) IS NULL", 1, 1),
    ("count(candid) > 1", 1, 1),
    ("sum(candid) OVER (PARTITION BY objectId) > 1", 1, 1),
    ("rank() > 1", 1, 1),
    ("rand() > 0.5", 1, 1),
    ("input_file_name() = 'x'", 1, 1),
    ("sleep(1000) = 1", 1, 1),
    ("* > 1", 1, 1),
    ("candid -> 1", 1, 8),
    ("candid <=> 1", 1, 8),
    ("!from_upper", 1, 1),
    ("candid = @x", 1, 10),
    ("candid = ?", 1, 10),
    ("candid = :x", 1, 10),
    ("candid = ${x}", 1, 10),
    ("candid[0] = 1", 1, 7),
    ("candid & 1 = 1", 1, 8),
    ("objectId = '${env:HOME}'", 1, 12),
    (r"objectId = '\044{env:HOME}'", 1, 12),
    (r"objectId = '\u0024{env:HOME}'", 1, 12),
    ("objectId LIKE '${spark.app.id}'", 1, 15),
    ("objectId = 'it''s'", 1, 16),
    ("objectId = 'a' 'b'", 1, 16),
    ("objectId = ’a’", 1, 12),
    ("objectId = “a”", 1, 12),
    ("objectId = r'a'", 1, 12),
    ("objectId = X'1F'", 1, 12),
    ("candid > 1\0", 1, 11),
    ("objectId = '\0'", 1, 13),
    ("objectId = '\ud800'", 1, 13),
    ("candіd > 1", 1, 5),
    ("\ufeffcandid > 1", 1, 1),
    ("candid ＞ 1", 1, 8),
    ("candid > 1 # comment", 1, 12),
    ("candid > 1 \\", 1, 12),
    ("{{ candid }} > 1", 1, 1),
    ("{# ; #} candid > 1", 1, 1),
    ("/*+ BROADCAST(x) */ candid > 1", 1, 1),
    ("candid > 1 /* never closed", 1, 12),
    ("candid > 1 /* a /* b */ c */", 1, 27),
    ("roid = 1;\nobjectId = 'never closed; candid > 1", 2, 12),
    ('objectId = "never closed', 1, 12),
    ("`never closed", 1, 1),
    (r"objectId = 'ends in backslash\'", 1, 12),
    ("objectId = 'a' ESCAPE 'b'", 1, 16),
    ("candid = ANY (1, 2)", 1, 10),
    ("candid = INTERVAL 1 DAY", 1, 10),
    ("candid COLLATE x = 1", 1, 8),
    ("CAST(candid AS ARRAY<INT>) IS NULL", 1, 6),
    ("CAST(candid AS DECIMAL(10, 2)) = 1", 1, 16),
    ("CAST(candid AS BINARY) IS NULL", 1, 6),
    ("candid::STRING = 'a'", 1, 7),
    ("a.b.c.d.e.f = 1", 1, 1),
    ("(" * 10_000 + "1" + ")" * 10_000, 1, 20_001),
    ("(" * 9_000, 1, 5_001),
    ("(" * 2_000 + "1" + ")" * 2_000, 1, 26),
    ("NOT " * 1_000 + "from_upper", 1, 13),
    ("- " * 1_000 + "1 > 2", 1, 7),
    ("CASE " * 1_000, 1, 126),
    ("abs(" * 1_000 + "1" + ")" * 1_000 + " > 1", 1, 104),
    ("1 + " * 2_000 + "1 > 2", 1, 1),
    ("x" * 1_000_000, 1, 20_001),
    ("candid > 1;\n" * 100_000, 1_667, 9),
    ("é" * 500_000, 1, 10_001),
    ("roid = 1;" * 101, 1, 901),
    ("'" * 9_999, 1, 9_999),
    ('"' + "\\" * 15_000, 1, 1),
    ("/*" * 5_000, 1, 9_997),
    ("/* " * 5_000, 1, 1),
]


def short_name(text: object) -> str | None:
    return text[:40].encode("unicode_escape").decode() if isinstance(text, str) else None


@pytest.mark.parametrize(("text", "line", "column"), HOSTILE, ids=short_name)
def test_hostile_text_is_refused_at_once_with_its_place(text: str, line: int, column: int) -> None:
    begin = time.perf_counter()
    verdict = check_conditions(text, ZTF)[-1]
    taken_s = time.perf_counter() - begin

    assert (verdict.accepted, verdict.line, verdict.column) == (False, line, column)
    assert verdict.reason
    assert taken_s < 1


def test_the_message_has_place_reason_and_suggestion() -> None:
    text = "candidate.magpsf > 19.5;\n          candidate.magpfs < 20;\nroid > 'a';"

    with pytest.raises(InvalidRequest) as refused:
        parse_conditions(text, ZTF)

    assert str(refused.value) == (
        "line 2, column 11: there is no field candidate.magpfs. Did you mean candidate.magpsf?\n"
        "line 3, column 1: roid is a whole number and 'a' is text: they cannot be compared."
    )


def test_one_wrong_condition_leaves_the_others_their_verdict() -> None:
    verdicts = check_conditions("candid > 1; bad; roid = 3; objectId = 'open", ZTF)

    assert [v.accepted for v in verdicts] == [True, False, True, False]
    assert verdicts[1].text == "bad"
    assert verdicts[0].message == ""


def test_long_lists_and_chains_are_fine() -> None:
    names = ", ".join(f"'ZTF{n:08d}'" for n in range(1_200))
    chain = " OR ".join(f"roid = {n}" for n in range(800))

    assert len(parse_conditions(f"objectId IN ({names})", ZTF)) == 1
    assert len(parse_conditions(chain, ZTF)) == 1


def test_the_deepest_nesting_fits_below_many_frames() -> None:
    deepest = "(" * 25 + "NOT - - 1 > 0" + ")" * 25

    def below(frames: int) -> bool:
        return below(frames - 1) if frames else only(deepest).accepted

    assert below(sys.getrecursionlimit() - 700 - _frames_in_use())


def _frames_in_use() -> int:
    frame, count = sys._getframe(), 0
    while frame := frame.f_back:
        count += 1
    return count


@given(CONDITIONS)
def test_what_is_rendered_parses_to_the_same_tree(text: str) -> None:
    (condition,) = parse_conditions(text, ZTF)

    tree = sqlglot.parse_one(condition.spark_sql, dialect=ConditionDialect)

    assert tree.sql(dialect=ConditionDialect) == condition.spark_sql
    assert sqlglot.parse_one(tree.sql(dialect=ConditionDialect), dialect=ConditionDialect) == tree


@given(CONDITIONS)
def test_an_accepted_condition_holds_nothing_but_the_allow_list(text: str) -> None:
    (condition,) = parse_conditions(text, ZTF)

    tree = sqlglot.parse_one(condition.spark_sql, dialect=ConditionDialect)
    assert {type(node) for node in tree.walk()} <= {*KIND_OF, NanVl, exp.Identifier}
    paths = {".".join(part.name for part in column.parts) for column in tree.find_all(exp.Column)}
    assert paths == set(condition.columns)
    assert all(part.args["quoted"] for part in tree.find_all(exp.Identifier))
    assert not tree.find(exp.Anonymous)
    assert "${" not in condition.spark_sql


WORDS = """candid objectId candidate.magpsf from_upper timestamp prv_candidates . , ( ) + - * / % < > = <= <> || ;
    1 2.5 1e9 'a' "b" `Plx` AND OR NOT IN BETWEEN LIKE RLIKE IS NULL TRUE FALSE CASE WHEN THEN ELSE END CAST AS INT
    DOUBLE STRING DATE TIMESTAMP abs log if coalesce substring trim SELECT FROM OVER INTERVAL -> :: ! -- /* */ /*+
    ' " ` \\ $ { } [ ] ? @ # ’ é"""
TOKENS = st.sampled_from([*WORDS.split(), "\n", "\0"])


@given(st.lists(TOKENS, max_size=60).map(" ".join))
def test_any_words_get_verdicts_with_a_place_in_the_text(text: str) -> None:
    lines = text.split("\n")
    for verdict in check_conditions(text, ZTF):
        assert verdict.accepted == (not verdict.reason)
        assert 1 <= verdict.line <= len(lines)
        assert 1 <= verdict.column <= len(lines[verdict.line - 1]) + 1


@given(st.text(max_size=200))
def test_any_text_gets_verdicts(text: str) -> None:
    for verdict in check_conditions(text, ZTF):
        assert verdict.accepted == (not verdict.reason)
