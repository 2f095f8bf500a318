"""-999 in the conditions: which fields are told of, and what the fix writes."""

from __future__ import annotations

import duckdb
import pytest

from backend.condition_sentinels import holds_sentinel, sentinel_columns, without_sentinel
from backend.conditions import parse_conditions
from tests.support.condition_parsing import ZTF, only


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("candidate.distnr < 2", ("candidate.distnr",)),
        (
            "candidate.magnr - candidate.magpsf < -4 * LOG10(candidate.distnr)",
            ("candidate.magnr", "candidate.magpsf", "candidate.distnr"),
        ),
        ("if(Plx > 1, roid, 2) IN (1, 2)", ("Plx", "roid")),
        ("Plx BETWEEN 1 AND 2 OR e_Plx IS NULL", ("Plx",)),
        ("exists(prv_candidates, p -> p.magpsf < candidate.magpsf)", ("candidate.magpsf",)),
        ("Plx IS NOT NULL AND NOT isnan(e_Plx)", ()),
        ("objectId = 'a' AND from_upper", ()),
        ("nullif(Plx, -999) < 1", ()),
        ("Plx < 1 AND Plx > -999", ()),
        ("Plx < 1 AND Plx <> -999.0", ()),
        ("Plx IN (1, -999)", ()),
        ("Plx BETWEEN -999 AND 1", ()),
        ("(Plx) < 1 AND (Plx) > -999", ()),
        ("Plx < 1 AND e_Plx > -999", ("Plx",)),
    ],
)
def test_numbers_that_are_compared_may_be_sentinels(text: str, columns: tuple[str, ...]) -> None:
    assert sentinel_columns(only(text)) == columns


def test_the_fix_changes_one_field_of_one_condition() -> None:
    text = (
        "-- é\ncandidate.distnr < 2;\n  t2.`M-dwarf` > 1 AND candidate . distnr < 3"
        " OR candidate.distnr IS NULL; Plx < 1"
    )

    fixed = without_sentinel(text, parse_conditions(text, ZTF)[1], "candidate.distnr")
    fixed = without_sentinel(fixed, parse_conditions(fixed, ZTF)[1], "t2.M-dwarf")

    assert fixed == (
        "-- é\ncandidate.distnr < 2;\n  nullif(t2.`M-dwarf`, -999) > 1 AND nullif(candidate . distnr, -999) < 3"
        " OR nullif(candidate.distnr, -999) IS NULL; Plx < 1"
    )
    assert sentinel_columns(parse_conditions(fixed, ZTF)[1]) == ()


def test_what_is_told_are_alerts_that_match_with_the_sentinel() -> None:
    alerts = duckdb.connect()
    alerts.execute('CREATE TABLE alerts AS SELECT unnest([-999, -999, 1, 3, NULL])::FLOAT AS "candidate.distnr"')
    condition = only("candidate.distnr < 2")

    sql = holds_sentinel(condition, "candidate.distnr")
    assert alerts.execute(f"SELECT count(*) FROM alerts WHERE {sql}").fetchall() == [(2,)]

    fixed = only(without_sentinel(condition.text, condition, "candidate.distnr"))
    assert alerts.execute(f"SELECT count(*) FROM alerts WHERE {fixed.duckdb_sql}").fetchall() == [(1,)]


def test_nothing_is_told_where_nothing_is_counted() -> None:
    assert holds_sentinel(only("exists(prv_candidates, p -> p.magpsf < Plx)"), "Plx") is None
