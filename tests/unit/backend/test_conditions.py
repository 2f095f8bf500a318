"""Conditions as typed: what is accepted, what is refused and where, and what is written for Spark."""

from __future__ import annotations

import sys

import pytest
import sqlglot
from hypothesis import given, settings
from sqlglot import exp

from backend.condition_dialect import ONLY_WRITTEN, ConditionDialect
from backend.condition_grammar import ALLOWED
from backend.condition_rendering import prepared
from backend.conditions import check_conditions, parse_conditions
from backend.errors import InvalidRequest
from tests.support.condition_cases import MISSION
from tests.support.condition_parsing import ZTF, only, rendered
from tests.support.condition_strategies import CONDITIONS


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
        ("CAST(Plx AS INT) = 1", "TRY_CAST(NANVL(`Plx`, NULL) AS INT) = 1"),
        ("`candidate.magpsf` > 19", "NANVL(`candidate`.`magpsf`, NULL) > 19"),
        ("size(prv_candidates) > 1", "ARRAY_SIZE(`prv_candidates`) > 1"),
        (
            "exists(prv_candidates, p -> p.magpsf < candidate.magpsf)",
            "EXISTS(`prv_candidates`, `p` -> NANVL(`p`.`magpsf`, NULL) < NANVL(`candidate`.`magpsf`, NULL))",
        ),
        (
            "array_max(transform(prv_candidates, p -> p.jd)) > 1",
            "ARRAY_MAX(TRANSFORM(`prv_candidates`, `p` -> NANVL(`p`.`jd`, NULL))) > 1",
        ),
        ("array_min(cmagpsf) > 1", "ARRAY_MIN(TRANSFORM(`cmagpsf`, `value` -> NANVL(`value`, NULL))) > 1"),
        ("element_at(prv_candidates, -1).fid = 1", "ELEMENT_AT(`prv_candidates`, -1).`fid` = 1"),
        ("from_upper", "`from_upper`"),
        ("prv_candidates IS NULL", "`prv_candidates` IS NULL"),
        ("finkclass = 'SN candidate'", "`finkclass` = 'SN candidate'"),
        ("TRUE = NOT from_upper", "TRUE = (NOT `from_upper`)"),
        ("candidate.fid * 3 = 6", "TRY_MULTIPLY(CAST(`candidate`.`fid` AS BIGINT), 3) = 6"),
        ("timestamp > TIMESTAMP '2024-09-01'", "`timestamp` > CAST('2024-09-01' AS TIMESTAMP)"),
        ("left(objectId, candid) = 'a'", "LEFT(`objectId`, TRY_CAST(`candid` AS INT)) = 'a'"),
        ("candid > 1 /* c */ -- d", "`candid` > 1"),
        ("candid /* c */* 2 > 1", "TRY_MULTIPLY(CAST(`candid` AS BIGINT), 2) > 1"),
    ],
)
def test_what_spark_runs(text: str, sql: str) -> None:
    assert rendered(text) == sql


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
        return below(frames - 1) if frames else len(parse_conditions(deepest, ZTF)) == 1

    assert below(sys.getrecursionlimit() - 700 - _frames_in_use())


def _frames_in_use() -> int:
    frame, count = sys._getframe(), 0
    while frame := frame.f_back:
        count += 1
    return count


@settings(deadline=None)
@given(CONDITIONS)
def test_what_is_rendered_parses_to_the_same_tree(text: str) -> None:
    condition = only(text)

    tree = sqlglot.parse_one(condition.spark_sql, dialect=ConditionDialect)

    assert tree == prepared(condition.tree)
    assert tree.sql(dialect=ConditionDialect) == condition.spark_sql


@settings(deadline=None)
@given(CONDITIONS)
def test_an_accepted_condition_holds_nothing_but_the_allow_list(text: str) -> None:
    condition = only(text)

    tree = sqlglot.parse_one(condition.spark_sql, dialect=ConditionDialect)
    assert {type(node) for node in tree.walk()} <= {*ALLOWED, *ONLY_WRITTEN}
    paths = {".".join(part.name for part in column.parts) for column in tree.find_all(exp.Column)}
    variables = {each.name for arrow in tree.find_all(exp.Lambda) for each in arrow.expressions}
    assert {path for path in paths if path.partition(".")[0] not in variables} == set(condition.columns)
    assert all(part.args["quoted"] for part in tree.find_all(exp.Identifier))
    assert not tree.find(exp.Anonymous)
    assert "${" not in condition.spark_sql
