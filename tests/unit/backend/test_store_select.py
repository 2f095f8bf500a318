"""Queries to a store: what an astronomer asks is answered as DuckDB answers it; nothing takes more than its share."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.alert_decoder import AlertDecoder
from backend.alert_store import AlertStore
from backend.errors import InvalidRequest
from backend.store_select import MAX_BYTES, MAX_TEXT_LENGTH, SelectResult, columns_to_ask, select
from tests.support.alert_records import LIGHT_SCHEMA
from tests.support.light_table import light_table
from tests.support.select_cases import HOSTILE, LEGITIMATE
from tests.support.waiting import wait_for

ALERTS = 400
SQL_OF_TIMES = "make_timestamp(CAST((jd - 2440587.5) * 86400 AS BIGINT) * 1000000)"
LARGE_ID = 2**62 + 1


def opened(path: Path, table: pa.Table, **options: Any) -> AlertStore:
    store = AlertStore(path, **options)
    decoder = AlertDecoder(json.dumps(LIGHT_SCHEMA))
    store.prepare("ftransfer_ztf_x", decoder.schema_text, decoder.fingerprint, table.schema)
    store.append(table, {0: len(table)})
    return store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AlertStore]:
    with opened(tmp_path_factory.mktemp("light") / "x.duckdb", light_table(range(ALERTS))) as held:
        yield held


@pytest.fixture(scope="module")
def plain() -> duckdb.DuckDBPyConnection:
    """The same alerts in a DuckDB of its own."""
    connection = duckdb.connect()
    connection.register("light", light_table(range(ALERTS)))
    connection.execute(
        f"CREATE TABLE alerts AS SELECT *, {SQL_OF_TIMES} AS observed, CAST({SQL_OF_TIMES} AS DATE) AS night FROM light"
    )
    return connection


@pytest.fixture
def heavy(tmp_path: Path) -> Iterator[AlertStore]:
    """Measurements under ``candidate``, a history, a stamp, and a text that is long."""
    rows = [
        {
            "candid": LARGE_ID + number,
            "candidate": {"jd": 2_460_555.5, "magpsf": 18.0 + number},
            "prv_candidates": [{"magpsf": 19.0}, {"magpsf": None}],
            "cutoutScience": {"stampData": bytes(number * 1000)},
            "stamp": bytes(number * 1000),
            "text": "é" * 10_000,
        }
        for number in range(5)
    ]
    visit = pa.struct([("jd", pa.float64()), ("magpsf", pa.float32())])
    fields: list[tuple[str, pa.DataType]] = [("candid", pa.int64()), ("candidate", visit)]
    fields += [("prv_candidates", pa.list_(pa.struct([("magpsf", pa.float32())])))]
    fields += [
        ("cutoutScience", pa.struct([("stampData", pa.binary())])),
        ("stamp", pa.binary()),
        ("text", pa.string()),
    ]
    with opened(tmp_path / "x.duckdb", pa.Table.from_pylist(rows, pa.schema(fields))) as held:
        yield held


def rows(result: SelectResult) -> list[tuple[Any, ...]]:
    return list(zip(*(column.to_pylist() for column in result.table.columns), strict=True))


@pytest.mark.parametrize("text", LEGITIMATE)
def test_an_answer_is_that_of_duckdb_for_the_text(
    store: AlertStore, plain: duckdb.DuckDBPyConnection, text: str
) -> None:
    expected = plain.sql(text).fetchall()
    assert expected
    result = select(store, text)
    assert rows(result) == expected
    assert not result.has_more


@settings(deadline=None, max_examples=200)
@given(asked=st.sampled_from(LEGITIMATE), other=st.sampled_from(LEGITIMATE), data=st.data())
def test_whatever_is_made_of_queries_is_answered_or_refused(
    store: AlertStore, asked: str, other: str, data: st.DataObject
) -> None:
    """Words of one query in another's place: DuckDB itself may not fail, whatever passes the check."""
    words, others = asked.split(), other.split()
    at, taken = data.draw(st.integers(0, len(words))), data.draw(st.integers(0, len(others)))
    size = data.draw(st.integers(1, 6))
    with suppress(InvalidRequest):
        select(store, " ".join([*words[:at], *others[taken : taken + size], *words[at + size :]]), time_limit_s=2)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_query_changes_nothing_and_says_why(store: AlertStore, text: str) -> None:
    began = time.monotonic()
    with pytest.raises(InvalidRequest, match=r"^Line "):
        select(store, text)
    assert time.monotonic() - began < 2
    assert store.counts.distinct == ALERTS


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("SELECT objectId + 1 FROM alerts", "+(VARCHAR"),
        ("SELECT sum(objectId) FROM alerts", "sum"),
        ("SELECT CAST(objectId AS INTEGER) FROM alerts", "ZTF24"),
        ("SELECT objectId, count(*) FROM alerts", "GROUP BY"),
        ("SELECT candid FROM alerts a JOIN alerts b ON true", "mbiguous"),
        ("SELECT (SELECT candid FROM alerts)", "one row"),
        ("SELECT sum(count(*)) FROM alerts", "nested"),
        ("SELECT x FROM (SELECT candid AS y FROM alerts), (SELECT (SELECT 1 AS x))", "x"),
        ("SELECT regexp_matches(objectId, '(') FROM alerts", "missing"),
    ],
)
def test_what_duckdb_refuses_is_a_sentence_about_the_query(store: AlertStore, text: str, part: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^DuckDB refuses the query: ") as refused:
        select(store, text)
    assert part in refused.value.message
    assert "store.main" not in refused.value.message
    assert "\n" not in refused.value.message


def test_a_thousand_rows_come_and_it_is_said_that_there_are_more(tmp_path: Path) -> None:
    with opened(tmp_path / "x.duckdb", light_table(range(60_000))) as many:
        result = select(many, "SELECT candid FROM alerts ORDER BY candid DESC")
        assert rows(result) == [(59_999 - number,) for number in range(1000)]
        assert result.has_more
        assert not select(many, "SELECT candid FROM alerts WHERE candid < 1000").has_more


def test_the_columns_to_ask_can_be_asked(store: AlertStore, heavy: AlertStore) -> None:
    for each in (store, heavy):
        names = [name for name, _ in columns_to_ask(each)]
        assert {"candid", "observed", "night"} < set(names)
        assert select(each, f"SELECT {', '.join(names)} FROM alerts").table.num_columns == len(names)
    assert ("candidate.magpsf", "FLOAT") in columns_to_ask(heavy)
    assert ("prv_candidates", "list of structures") in columns_to_ask(heavy)


def test_a_nested_store_shows_no_image_and_no_endless_text(heavy: AlertStore) -> None:
    result = select(heavy, "SELECT * FROM alerts ORDER BY candid")
    fourth = result.table.to_pylist()[3]
    assert fourth["candid"] == LARGE_ID + 3
    assert fourth["stamp"] == "3,000 bytes"
    assert fourth["cutoutScience"] == "holds images"
    assert fourth["text"] == "é" * MAX_TEXT_LENGTH + "…"
    assert "19.0" in fourth["prv_candidates"]
    assert str(fourth["night"]) == "2024-09-02"


def test_what_is_nested_can_be_asked(heavy: AlertStore) -> None:
    asked = "SELECT candidate.magpsf, prv_candidates[1].magpsf, len(prv_candidates) FROM alerts"
    assert rows(select(heavy, f"{asked} WHERE alerts.candidate.jd > 0 ORDER BY 1 LIMIT 1")) == [(18.0, 19.0, 2)]
    visits = "SELECT candid, unnest(prv_candidates) AS visit FROM alerts"
    assert rows(select(heavy, f"SELECT count(*), count(visit.magpsf) FROM ({visits})")) == [(10, 5)]


def test_columns_are_named_as_they_were_typed(store: AlertStore) -> None:
    asked = "SELECT candid AS id, \"objectId\", magpsf + 1, 'in ' || fid, concat(fid, 'x') AS band, max(jd) FROM alerts"
    names = select(store, f"{asked} GROUP BY ALL").table.column_names
    assert names == ["id", "objectId", "(magpsf + 1)", "'in ' || fid", "band", "max(jd)"]


def test_times_that_python_does_not_know_are_no_values(store: AlertStore) -> None:
    asked = "SELECT make_date(100000, 1, 1), observed + INTERVAL 99999 YEAR, make_date(9999, 1, 1) FROM alerts LIMIT 1"
    far, farther, late = rows(select(store, asked))[0]
    assert (far, farther, late) == (None, None, date(9999, 1, 1))


def test_two_columns_of_one_name_are_told_apart(store: AlertStore) -> None:
    table = select(store, "SELECT 1 AS a, 2 AS a, a.candid, b.candid FROM alerts a JOIN alerts b USING (candid)").table
    assert len(set(table.column_names)) == 4


def test_the_result_is_no_more_than_a_browser_may_hold(tmp_path: Path) -> None:
    texts = pa.table({"candid": range(1000), **{f"t{n}": ["x" * 499] * 1000 for n in range(50)}})
    with opened(tmp_path / "x.duckdb", texts) as wide:
        result = select(wide, "SELECT * FROM alerts")
        assert result.has_more
        assert MAX_BYTES / 2 < result.table.nbytes <= MAX_BYTES * 1.01


def test_an_empty_store_says_so(tmp_path: Path) -> None:
    with AlertStore(tmp_path / "x.duckdb") as empty:
        assert columns_to_ask(empty) == ()
        with pytest.raises(InvalidRequest, match="nothing to ask yet"):
            select(empty, "SELECT * FROM alerts")


def test_a_store_that_was_emptied_is_no_way_to_anything_else(tmp_path: Path) -> None:
    alerts = light_table(range(3))  # noqa: F841 - DuckDB would take a table of Python for one of this name
    with opened(tmp_path / "x.duckdb", light_table(range(5))) as emptied:
        emptied.cursor().execute("DROP TABLE store.main.alerts")
        with pytest.raises(InvalidRequest, match="DuckDB refuses"):
            select(emptied, "SELECT * FROM alerts")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT count(*) FROM alerts a, alerts b, alerts c, alerts d, alerts e"
        " WHERE a.candid + b.candid > c.candid + d.candid - e.candid",
        "SELECT a.jd + b.jd + c.jd + d.jd + e.jd AS x FROM alerts a, alerts b, alerts c, alerts d, alerts e ORDER BY x",
        "SELECT sum(x) OVER (ORDER BY x) FROM (SELECT a.jd * b.jd * c.jd * d.jd AS x FROM alerts a, alerts b, alerts c,"
        " alerts d)",
        "SELECT count(DISTINCT a.objectId || b.candid || c.candid || d.candid)"
        " FROM alerts a, alerts b, alerts c, alerts d",
        "SELECT median(a.jd * b.jd * c.jd * d.jd) FROM alerts a, alerts b, alerts c, alerts d",
    ],
)
def test_what_would_never_end_is_ended_and_the_store_answers_at_once(store: AlertStore, text: str) -> None:
    began = time.monotonic()
    with pytest.raises(InvalidRequest, match=r"ended after 0\.5 s|took the memory|more memory"):
        select(store, text, time_limit_s=0.5)
    assert time.monotonic() - began < 3
    began = time.monotonic()
    assert rows(select(store, "SELECT count(*) FROM alerts")) == [(ALERTS,)]
    assert time.monotonic() - began < 1


def test_while_a_query_runs_others_are_answered_and_the_reader_writes(tmp_path: Path) -> None:
    endless = "SELECT sum(a.jd * b.jd) FROM alerts a, alerts b, alerts c, alerts d"
    refused: list[InvalidRequest] = []

    def ask() -> None:
        with pytest.raises(InvalidRequest) as caught:
            select(busy, endless, time_limit_s=6)
        refused.append(caught.value)

    with opened(tmp_path / "x.duckdb", light_table(range(2000))) as busy:
        asking = threading.Thread(target=ask)
        asking.start()
        wait_for(lambda: any(each.name == "query watch" for each in threading.enumerate()), within_s=5)
        for number in range(3):
            first = 2000 + 500 * number
            busy.append(light_table(range(first, first + 500)), {0: first + 500})
            assert rows(select(busy, "SELECT count(*) FROM alerts")) == [(first + 500,)]
        assert asking.is_alive()
        asking.join()
    assert "ended after 6 s" in refused[0].message


def test_a_third_query_waits_for_its_turn(tmp_path: Path) -> None:
    endless = "SELECT sum(a.jd * b.jd) FROM alerts a, alerts b, alerts c, alerts d"

    def ask() -> None:
        with suppress(InvalidRequest):
            select(busy, endless, time_limit_s=4)

    with opened(tmp_path / "x.duckdb", light_table(range(2000))) as busy:
        asking = [threading.Thread(target=ask) for _ in range(2)]
        for each in asking:
            each.start()
        wait_for(lambda: [each.name for each in threading.enumerate()].count("query watch") == 2, within_s=3)
        with pytest.raises(InvalidRequest, match="2 other queries are still running"):
            select(busy, "SELECT 1", time_limit_s=0.1)
        assert rows(select(busy, "SELECT 1")) == [(1,)]
        for each in asking:
            each.join()


def test_a_text_that_is_put_together_again_and_again_stays_short(store: AlertStore) -> None:
    doubled = ", ".join(f"c{n} AS (SELECT s || s || s AS s FROM c{n - 1})" for n in range(1, 7))
    asked = f"WITH c0 AS (SELECT objectId AS s FROM alerts), {doubled} SELECT max(length(s)) FROM c6"
    assert rows(select(store, asked)) == [(1500,)]


def test_a_query_leaves_the_reader_its_memory(tmp_path: Path) -> None:
    """What takes all the memory would let the reader's batch fail; it is ended before."""
    hungry = "SELECT median(a.jd * b.jd + c.jd) FROM alerts a, alerts b, alerts c"
    with opened(tmp_path / "x.duckdb", light_table(range(3000)), memory_limit="300MB") as small:
        with pytest.raises(InvalidRequest, match="memory") as refused:
            select(small, hungry, time_limit_s=30)
        assert "fewer" in refused.value.hint
        small.append(light_table(range(3000, 4000)), {0: 4000})
        assert small.counts.distinct == 4000
