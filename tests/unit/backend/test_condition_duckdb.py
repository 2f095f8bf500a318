"""What DuckDB is given of a condition; that it means the same as in Spark is tested beside Spark."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings

from backend.condition_duckdb import MAX_LENGTH
from tests.support.condition_parsing import ZTF, only
from tests.support.condition_strategies import COUNTED, ON_HISTORY

DUCKDB_TYPES = {"string": "VARCHAR", "timestamp": "TIMESTAMP", "binary": None, "struct": None, "map": None}


@pytest.fixture(scope="module")
def no_alerts() -> duckdb.DuckDBPyConnection:
    """A table with a column for each field that the sample has, and no rows."""
    flat = [f for f in ZTF.fields.values() if not f.in_list and "array" not in f.type]
    typed = [(f.path, DUCKDB_TYPES.get(f.type, f.type)) for f in flat]
    connection = duckdb.connect()
    columns = ", ".join(f'"{path}" {kind}' for path, kind in typed if kind)
    connection.execute(f"CREATE TABLE alerts ({columns})")
    return connection


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("candid = 5", '("candid" = 5)'),
        ("candidate.magpsf > 19", "(nullif(\"candidate.magpsf\", CAST('nan' AS FLOAT)) > CAST(19 AS FLOAT))"),
        ("t2.`M-dwarf` > .5", "(CAST(nullif(\"t2.M-dwarf\", CAST('nan' AS FLOAT)) AS DOUBLE) > 0.5E0)"),
        ('objectId = "it\'s"', "(\"objectId\" = 'it''s')"),
        ("isnan(Plx)", 'coalesce(isnan(CAST("Plx" AS DOUBLE)), FALSE)'),
        ("timestamp > TIMESTAMP '1970-01-02'", '(epoch_us("timestamp") > 86400000000)'),
        (
            "candid + 1 > 2",
            '(TRY_CAST(CAST(TRY_CAST("candid" AS BIGINT) AS HUGEINT) + CAST(1 AS HUGEINT) AS BIGINT) > 2)',
        ),
    ],
)
def test_what_duckdb_runs(text: str, sql: str) -> None:
    condition = only(text)

    assert condition.duckdb_sql == sql
    assert condition.not_counted == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("size(prv_candidates) > 2", "prv_candidates is history"),
        ("roid = 3 AND exists(prv_candidates, p -> p.magpsf < 18)", "prv_candidates is history"),
        ("array_max(cmagpsf) > 18", "cmagpsf is history"),
        ("cutoutScience.stampData IS NOT NULL", "cutoutScience.stampData is an image"),
        ("candidate IS NULL", "candidate is a structure"),
        ("mangrove IS NULL", "mangrove is a structure"),
        ("CAST(Plx AS STRING) = '1.0'", "a number with decimals as text"),
        ("CAST(timestamp AS STRING) = '2024'", "a text as a time or a time as text"),
        ("CAST(objectId AS TIMESTAMP) > timestamp", "a text as a time or a time as text"),
        ("round(Plx, -1) > 10", "round with negative digits"),
        ("cdsxmatch RLIKE '(?=a)b'", "a regular expression that looks ahead, behind or back"),
        (r"cdsxmatch RLIKE '(a)\\1'", "a regular expression that looks ahead, behind or back"),
        ("log2(" * 20 + "Plx" + ")" * 20 + " > 1", "the condition is too involved to be counted"),
    ],
)
def test_what_the_sample_cannot_tell_says_why(text: str, reason: str) -> None:
    condition = only(text)

    assert condition.duckdb_sql is None
    assert condition.not_counted == reason
    assert condition.spark_sql


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("CAST(from_upper OR is_transient AS BOOLEAN) = FALSE", []),
        ("CAST(from_upper OR is_transient AS BOOLEAN) AND objectId = 'ab'", [1]),
        ("CASE from_upper OR is_transient WHEN FALSE THEN TRUE END", []),
        ("nullif(from_upper OR is_transient, TRUE) = FALSE", []),
        ("from_upper OR is_transient AND from_upper", [1]),
        ("substring(objectId, -4) = 'ab'", [1]),
        ("substring(objectId, -4) = 'cdef'", [2]),
        ("substring(objectId, candid) = 'bcdef' OR left(objectId, candid) IS NULL", [2, 2**63 - 1]),
        ("CAST(cdsxmatch AS BOOLEAN)", [2]),
    ],
)
def test_which_alerts_duckdb_keeps(text: str, kept: list[int]) -> None:
    alerts = duckdb.connect()
    alerts.execute(
        "CREATE TABLE alerts (candid BIGINT, from_upper BOOLEAN, is_transient BOOLEAN, objectId VARCHAR,"
        " cdsxmatch VARCHAR)"
    )
    rows = [(1, True, False, "ab", "SN"), (2, False, True, "abcdef", "\tTrue\n"), (2**63 - 1, False, True, "c", "no")]
    alerts.executemany("INSERT INTO alerts VALUES (?, ?, ?, ?, ?)", rows)

    found = alerts.execute(f"SELECT candid FROM alerts WHERE {only(text).duckdb_sql} ORDER BY candid").fetchall()

    assert [candid for (candid,) in found] == kept


def test_long_chains_and_lists_are_counted(no_alerts: duckdb.DuckDBPyConnection) -> None:
    names = ", ".join(f"'ZTF{n:08d}'" for n in range(1_200))
    chain = " OR ".join(f"roid = {n} AND NOT candid = {n}" for n in range(400))

    for text in (f"objectId IN ({names})", chain):
        sql = only(text).duckdb_sql
        assert sql is not None
        assert len(sql) < MAX_LENGTH
        assert no_alerts.execute(f"SELECT count(*) FROM alerts WHERE {sql}").fetchall() == [(0,)]


@settings(deadline=None)
@given(COUNTED)
def test_duckdb_understands_whatever_is_counted(no_alerts: duckdb.DuckDBPyConnection, text: str) -> None:
    condition = only(text)

    if condition.duckdb_sql is None:
        assert condition.not_counted == "the condition is too involved to be counted"
    else:
        assert no_alerts.execute(f"SELECT * FROM alerts WHERE {condition.duckdb_sql}").fetchall() == []


@settings(deadline=None)
@given(ON_HISTORY)
def test_history_is_never_counted(text: str) -> None:
    assert only(text).not_counted.endswith("is history")
