"""The store: each candid once, rows and offsets together, one owner."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from backend.alert_decoder import AlertDecoder
from backend.alert_sink import ReadCounts
from backend.alert_store import AlertStore
from backend.errors import CorruptAlert, InvalidRequest, QuicklookError, StoreInUse
from backend.raw_batch import TrimmedRange
from tests.support.alert_records import LIGHT_SCHEMA, REAL_TRANSFER, encoded, light_alert, real_records

DECODER = AlertDecoder(json.dumps(LIGHT_SCHEMA))


def alerts(candids: Sequence[int]) -> pa.Table:
    return DECODER.decode(encoded(light_alert(candid) for candid in candids)).table


def prepare(store: AlertStore, topic: str = "ftransfer_ztf_x", decoder: AlertDecoder = DECODER) -> None:
    store.prepare(topic, decoder.schema_text, decoder.fingerprint, decoder.schema)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "readers" / "x.duckdb"


@pytest.fixture
def store(path: Path) -> Iterator[AlertStore]:
    with AlertStore(path) as opened:
        prepare(opened)
        yield opened


def candids(store: AlertStore) -> list[int]:
    return [row[0] for row in store.cursor().execute("SELECT candid FROM alerts ORDER BY candid").fetchall()]


def test_a_candid_is_stored_once(store: AlertStore) -> None:
    store.append(alerts([1, 2, 2, 3]), {0: 4})
    counts = store.append(alerts([3, 4, 1]), {0: 7})
    assert candids(store) == [1, 2, 3, 4]
    assert counts == store.counts == ReadCounts(messages=7, distinct=4, duplicates=3)


def test_all_is_there_after_opening_again(store: AlertStore, path: Path) -> None:
    damaged = CorruptAlert("ftransfer_ztf_x", 3, 17, "half of it is missing")
    before = store.append(alerts(range(50)), {0: 30, 3: 21}, [damaged], [TrimmedRange(5, 0, 8)])
    store.close()
    with AlertStore(path) as again:
        assert again.counts == before == ReadCounts(messages=51, distinct=50, corrupt=1, trimmed=8)
        assert again.offsets() == {0: 30, 3: 21}
        assert (again.topic, again.fingerprint, again.schema) == (
            "ftransfer_ztf_x",
            DECODER.fingerprint,
            DECODER.schema,
        )
        assert [(each.partition, each.offset, each.reason) for each in again.corrupt()] == [(3, 17, damaged.reason)]
        assert candids(again) == list(range(50))


def test_rows_and_offsets_change_together_or_not_at_all(store: AlertStore) -> None:
    store.append(alerts([1]), {0: 1})
    beyond_bigint = {0: 2**70}
    with pytest.raises(QuicklookError, match="cannot be written"):
        store.append(alerts([2]), beyond_bigint)
    assert (candids(store), store.offsets(), store.counts) == ([1], {0: 1}, ReadCounts(messages=1, distinct=1))
    store.append(alerts([2]), {0: 2})
    assert candids(store) == [1, 2]


def test_a_store_of_an_earlier_version_is_read_on(store: AlertStore, path: Path) -> None:
    store.append(alerts([1, 2]), {0: 2, 1: 0})
    store.close()
    with duckdb.connect(path) as earlier:
        earlier.execute("DROP TABLE read_ranges")
        earlier.execute("CREATE TABLE offsets AS FROM (VALUES (0, 2::BIGINT), (1, 0)) AS t(partition, next_offset)")
    for _ in range(2):
        with AlertStore(path) as again:
            assert again.offsets() == {0: 2, 1: 0}
            assert candids(again) == [1, 2]


def test_what_was_read_is_forgotten_as_a_whole(store: AlertStore, path: Path) -> None:
    store.append(alerts(range(50)), {0: 30, 3: 21}, [CorruptAlert("x", 3, 17, "torn")], [TrimmedRange(5, 0, 8)])
    store.clear()
    assert (store.counts, store.offsets(), store.corrupt(), store.schema) == (ReadCounts(), {}, (), None)
    prepare(store, "ftransfer_ztf_other")
    store.append(alerts([7]), {0: 1})
    store.close()
    with AlertStore(path) as again:
        assert (candids(again), again.offsets()) == ([7], {0: 1})


def test_another_topic_or_schema_is_refused(store: AlertStore) -> None:
    prepare(store)
    with pytest.raises(InvalidRequest, match="holds the topic ftransfer_ztf_x"):
        prepare(store, topic="ftransfer_ztf_y")
    narrow = AlertDecoder(json.dumps({**LIGHT_SCHEMA, "fields": LIGHT_SCHEMA["fields"][:3]}))
    with pytest.raises(InvalidRequest, match="another schema"):
        prepare(store, decoder=narrow)


def test_alerts_without_candid_are_refused(path: Path) -> None:
    nameless = AlertDecoder(json.dumps({**LIGHT_SCHEMA, "fields": LIGHT_SCHEMA["fields"][2:]}))
    with AlertStore(path) as fresh, pytest.raises(InvalidRequest, match="candid"):
        prepare(fresh, decoder=nameless)


def test_an_alert_without_candid_is_refused_and_nothing_changes(store: AlertStore) -> None:
    store.append(alerts([1]), {0: 1})
    torn = alerts([2, 3]).set_column(1, "candid", pa.array([2, None], pa.int64()))
    with pytest.raises(QuicklookError, match="1 alerts have no candid"):
        store.append(torn, {0: 3})
    assert (candids(store), store.offsets()) == ([1], {0: 1})


def test_a_store_of_heavy_alerts_waits_for_those_who_look(path: Path) -> None:
    heavy = pa.schema([pa.field("candid", pa.int64()), pa.field("visits", pa.list_(pa.float32()))])
    with AlertStore(path) as store:
        looking = store.cursor()
        looking.begin()
        looking.execute("FROM meta").fetchall()
        released = threading.Timer(0.3, looking.rollback)
        released.start()
        store.prepare("ftransfer_ztf_x", "{}", "f", heavy)
        store.append(pa.table({"candid": [1], "visits": [[1.0]]}, schema=heavy), {0: 1})
        assert looking.execute("SELECT count(*) FROM alerts").fetchone() == (1,)


def test_a_store_has_one_owner_and_names_it(store: AlertStore, path: Path) -> None:
    attempt = "import sys, pathlib; from backend.alert_store import AlertStore; AlertStore(pathlib.Path(sys.argv[1]))"
    other = subprocess.run([sys.executable, "-c", attempt, str(path)], capture_output=True, text=True, check=False)
    assert "StoreInUse" in other.stderr
    assert f"process {os.getpid()}" in other.stderr
    with pytest.raises(StoreInUse, match=f"process {os.getpid()}"):
        AlertStore(path)
    store.close()
    AlertStore(path).close()


def test_a_file_that_is_no_store_is_said_and_freed(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 1000)
    for _ in range(2):
        with pytest.raises(QuicklookError, match="cannot be opened"):
            AlertStore(path)


def test_queries_reach_nothing_outside(store: AlertStore, tmp_path: Path) -> None:
    cursor = store.cursor()
    outside = tmp_path / "outside"
    for statement in (f"COPY alerts TO '{outside}'", f"ATTACH '{outside}'", f"FROM read_text('{__file__}')"):
        with pytest.raises(duckdb.PermissionException):
            cursor.execute(statement)
    with pytest.raises(duckdb.InvalidInputException):
        cursor.execute("SET memory_limit = '100GB'")


def test_a_cursor_reads_while_another_thread_appends(store: AlertStore) -> None:
    def append() -> None:
        for batch in range(20):
            store.append(alerts(range(batch * 10, batch * 10 + 10)), {0: batch * 10 + 10})

    writer = threading.Thread(target=append)
    writer.start()
    cursor = store.cursor()
    seen = [0]
    while seen[-1] < 200:
        seen += cursor.execute("SELECT count(*) FROM alerts").fetchone() or ()
        assert seen[-1] % 10 == 0
    writer.join()
    assert seen == sorted(seen)


def test_a_scan_gives_exact_types_in_batches(store: AlertStore) -> None:
    store.append(alerts(range(5000)), {0: 5000})
    batches = list(store.scan())
    assert [batch.num_rows for batch in batches] == [2048, 2048, 904]
    assert pa.Table.from_batches(batches).sort_by("candid").equals(alerts(range(5000)))


def test_a_scan_is_of_one_moment(store: AlertStore) -> None:
    store.append(alerts(range(30_000)), {0: 30_000})
    batches = iter(store.scan())
    found = next(batches)["candid"].to_pylist()
    store.append(alerts(range(30_000, 31_000)), {0: 31_000})
    found += [candid for batch in batches for candid in batch["candid"].to_pylist()]
    assert sorted(found) == list(range(30_000))
    assert store.scan().read_all().num_rows == 31_000


def test_what_is_larger_than_the_memory_can_be_scanned(path: Path) -> None:
    history = {"type": "array", "items": "double"}
    fields = [{"name": "candid", "type": "long"}, {"name": "history", "type": history}]
    decoder = AlertDecoder(json.dumps({"type": "record", "name": "heavy", "fields": fields}))
    with AlertStore(path, memory_limit="150MB") as heavy:
        prepare(heavy, decoder=decoder)
        for begin in range(0, 4_096, 512):
            histories = np.arange(begin * 5_000, (begin + 512) * 5_000, dtype=float).reshape(512, 5_000)
            rows = {"candid": range(begin, begin + 512), "history": list(histories)}
            heavy.append(pa.table(rows, schema=decoder.schema), {0: begin + 512})
        found = {}
        for batch in heavy.scan():
            found |= {row["candid"]: (row["history"][0], row["history"][-1]) for row in batch.to_pylist()}
    assert found == {candid: (5_000.0 * candid, 5_000.0 * candid + 4_999) for candid in range(4_096)}


def test_real_alerts_come_out_as_they_went_in(path: Path, real_alerts: Path) -> None:
    schema, records = real_records(real_alerts / REAL_TRANSFER)
    decoder = AlertDecoder(json.dumps(schema))
    table = decoder.decode(encoded(records, schema)).table
    with AlertStore(path) as fresh:
        prepare(fresh, decoder=decoder)
        fresh.append(table, {0: table.num_rows})
        scanned = fresh.scan().read_all()
    assert scanned.schema == decoder.schema
    assert repr(scanned.sort_by("candid").to_pylist()) == repr(table.sort_by("candid").to_pylist())


def test_an_empty_store_has_nothing_to_scan(path: Path) -> None:
    with AlertStore(path) as fresh, pytest.raises(InvalidRequest, match="Read first"):
        fresh.scan()
