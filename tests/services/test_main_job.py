"""The main job through the façade: real Spark, Livy and Kafka, and what arrived beside what the archive holds."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from backend.models import Content, Phase, Transfer, TransferRequest
from backend.nights import NightRange
from backend.receipt import ColumnDrift
from backend.transfers import TEST_LIMIT, Transfers
from backend.verification import Verification
from simulator.archive import night_folder
from stack.embedded import EmbeddedStack
from tests.support.archives import (
    DAMAGED_AFTER,
    DAMAGED_NIGHT,
    DRIFTING_NIGHTS,
    LARGE_BYTES,
    LARGE_ROW,
    MISSING_NIGHT,
    OVERSIZE_BYTES,
    OVERSIZE_NIGHT,
    OVERSIZE_ROW,
    SIMULATED_NIGHTS,
    SMALL_NIGHT_ALERTS,
    TRUNCATED_FILE,
    TRUNCATED_NIGHT,
    make_archive,
    nights_of,
)
from tests.support.faults import processes_of
from tests.support.plain_selection import CLASSES, CONDITION, light, selected
from tests.support.todays_alerts import without_classes
from tests.support.transfers import ended, messages_of, read, receipt_of, rows_of, settings_on

pytestmark = pytest.mark.timeout(600)  # the first test waits for the jobs of all

PARTITIONS = 10
SCHEMA_COPIES = 1000
JD_OF_SECOND_NIGHT = 2460555.5

Ended = Callable[[str], Transfer]


def a_request(start: date, stop: date | None = None, **more: Any) -> TransferRequest:
    return TransferRequest(nights=NightRange(start=start, stop=stop or start), **more)


REQUESTS = {
    "selection": a_request(SIMULATED_NIGHTS[0], MISSING_NIGHT, classes=CLASSES, conditions=CONDITION),
    "nothing matches": a_request(SIMULATED_NIGHTS[0], conditions="candidate.magpsf > 99;"),
    "no data": a_request(MISSING_NIGHT, MISSING_NIGHT + timedelta(days=2)),
    "test job": a_request(SIMULATED_NIGHTS[0], SIMULATED_NIGHTS[1], conditions=CONDITION),
    "drift": a_request(DRIFTING_NIGHTS[0], DRIFTING_NIGHTS[1]),
    "oversize": a_request(OVERSIZE_NIGHT, content=Content.FULL),
    "truncated": a_request(TRUNCATED_NIGHT, DRIFTING_NIGHTS[0]),  # the last night has the alerts of the first
    "damaged": a_request(DAMAGED_NIGHT, content=Content.MEDIUM),
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_archive(tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="module")
def transfers(stack: EmbeddedStack, archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Transfers:
    data_dir = tmp_path_factory.mktemp("installation")
    return Transfers.connect(settings_on(stack, data_dir, archive, max_running_batches=2))


@pytest.fixture(scope="module")
def job(transfers: Transfers) -> Ended:
    """Name of a request on the simulated archive -> its transfer, ended; all are in the queue from the start."""
    ids = {name: transfers.submit(request, is_test=name == "test job").id for name, request in REQUESTS.items()}
    return lambda name: ended(transfers, ids[name])


def test_the_selection_is_what_the_archive_holds(transfers: Transfers, job: Ended, archive: Path) -> None:
    transfer = job("selection")
    receipt = receipt_of(transfer)
    per_night = {
        night: selected(list(rows_of(nights_of(archive, night)).values()))  # the same rule, apart from Spark
        for night in SIMULATED_NIGHTS
    }
    expected = {alert["candid"]: light(alert, name) for found in per_night.values() for alert, name in found}
    assert len({alert["finkclass"] for alert in expected.values()}) == len(CLASSES), "the archive has too few classes"

    assert transfer.phase is Phase.COMPLETED
    assert receipt.published == receipt.messages == len(expected)
    assert {(count.night, count.finkclass): count.alerts for count in receipt.counts} == Counter(
        (night, name) for night, found in per_night.items() for _, name in found
    )
    assert receipt.nights_used == SIMULATED_NIGHTS
    assert receipt.nights_missing == (MISSING_NIGHT,)
    assert (receipt.gaps, receipt.note, receipt.drift) == (0, "", ())
    assert receipt.request["conditions"] == CONDITION

    progress, table = read(transfers, transfer.id)
    assert (progress.read, progress.distinct, progress.published) == (len(expected),) * 3
    assert progress.complete
    assert rows_of(table) == expected


def test_the_topic_keeps_its_contract(transfers: Transfers, job: Ended, stack: EmbeddedStack) -> None:
    transfer = job("selection")
    receipt = receipt_of(transfer)
    servers = stack.kafka_bootstrap_servers

    schemas = messages_of(servers, f"{transfer.topic}_schema", 1).keys[0]
    assert len(schemas) == SCHEMA_COPIES
    (schema,) = set(schemas)
    assert schema is not None
    assert hashlib.sha256(schema).hexdigest() == receipt.schema_fingerprint

    messages = messages_of(servers, transfer.topic, PARTITIONS)
    assert [len(messages.values[each.partition]) for each in receipt.partitions] == [
        each.end - each.begin for each in receipt.partitions
    ]
    assert len(receipt.partitions) == PARTITIONS
    assert all(messages.values.values()), "a partition is empty"
    by_fastavro = {alert["candid"]: alert["finkclass"] for alert in messages.alerts(schema.decode())}
    table = read(transfers, transfer.id).table
    columns = (table.column(name).to_pylist() for name in ("candid", "finkclass"))
    assert by_fastavro == dict(zip(*columns, strict=True))


def test_a_topic_is_read_as_often_as_one_likes(transfers: Transfers, job: Ended) -> None:
    topic = job("selection").topic
    first, second = read(transfers, topic), read(transfers, topic)
    assert first.progress.complete
    assert second.progress.complete
    assert rows_of(first.table) == rows_of(second.table)


def test_no_match_is_complete_and_says_why(transfers: Transfers, job: Ended) -> None:
    transfer = job("nothing matches")
    receipt = receipt_of(transfer)
    assert (transfer.phase, receipt.published, receipt.messages, receipt.counts) == (Phase.COMPLETED, 0, 0, ())
    assert "No alert of these nights" in receipt.note
    assert transfer.message == receipt.note
    assert receipt.nights_used == SIMULATED_NIGHTS[:1]

    progress, table = read(transfers, transfer.id)
    assert (progress.complete, progress.distinct, table.num_rows) == (True, 0, 0)
    assert table.schema.equals(read(transfers, job("selection").id).table.schema), "the types are those of a full topic"


def test_nights_without_data_are_complete_and_named(transfers: Transfers, job: Ended) -> None:
    transfer = job("no data")
    receipt = receipt_of(transfer)
    nights = transfer.request.every_night()
    assert (transfer.phase, receipt.published) == (Phase.COMPLETED, 0)
    assert (receipt.nights_used, receipt.nights_missing) == ((), nights)
    assert "no readable data in the 3 nights" in receipt.note

    progress, table = read(transfers, transfer.id)
    assert (progress.complete, table.num_rows) == (True, 0)
    assert table.schema.field("candid").type == pa.int64()


def test_a_test_job_sends_a_handful_that_meets_the_request(transfers: Transfers, job: Ended) -> None:
    transfer = job("test job")
    assert transfer.is_test
    assert receipt_of(transfer).published == TEST_LIMIT
    progress, table = read(transfers, transfer.id)
    assert (progress.complete, table.num_rows) == (True, TEST_LIMIT)
    assert all(row["magpsf"] > 18 for row in table.to_pylist())


def test_nights_of_different_schemas_arrive_together_and_the_receipt_says_how(
    transfers: Transfers, job: Ended, archive: Path
) -> None:
    transfer = job("drift")
    today, other = (NightRange(start=night, stop=night) for night in DRIFTING_NIGHTS)
    assert transfer.phase is Phase.COMPLETED
    assert receipt_of(transfer).drift == (
        ColumnDrift(column="tns", absent=(other,)),
        ColumnDrift(column="mulens", converted={"string -> double": (other,)}),
    )
    # Both nights have the same alerts: the first of them is sent, once.
    receipt = receipt_of(transfer)
    assert (receipt.published, receipt.messages, receipt.repeated) == (SMALL_NIGHT_ALERTS,) * 3
    assert {count.night for count in receipt.counts} == {today.start}
    progress, table = read(transfers, transfer.id)
    assert (progress.complete, progress.distinct) == (True, SMALL_NIGHT_ALERTS)
    assert rows_of(table).keys() == rows_of(nights_of(archive, today.start)).keys()


def test_an_alert_too_large_for_a_message_is_named_and_the_rest_goes_on(
    transfers: Transfers, job: Ended, archive: Path
) -> None:
    transfer = job("oversize")
    receipt = receipt_of(transfer)
    source = rows_of(nights_of(archive, OVERSIZE_NIGHT))
    candids = list(source)
    (named,) = receipt.too_large
    assert (transfer.phase, receipt.gaps) == (Phase.COMPLETED, 1)
    assert named.candid == candids[OVERSIZE_ROW]
    assert OVERSIZE_BYTES < named.size_bytes < OVERSIZE_BYTES + 1_000_000
    assert receipt.published == sum(count.alerts for count in receipt.counts) == SMALL_NIGHT_ALERTS - 1

    progress, table = read(transfers, transfer.id)
    assert (progress.complete, progress.distinct) == (True, SMALL_NIGHT_ALERTS - 1)
    arrived = rows_of(table)
    assert len(arrived[candids[LARGE_ROW]]["cutoutScience"]["stampData"]) == LARGE_BYTES
    del source[named.candid]
    assert {candid: without_classes(row) for candid, row in arrived.items()} == source


def test_a_damaged_file_is_named_and_the_rest_goes_on(transfers: Transfers, job: Ended) -> None:
    transfer = job("truncated")
    receipt = receipt_of(transfer)
    (unreadable,) = receipt.files_unreadable
    assert unreadable.file.endswith(f"day={TRUNCATED_NIGHT:%d}/{TRUNCATED_FILE}")
    assert unreadable.reason
    assert (transfer.phase, receipt.gaps, receipt.published) == (Phase.COMPLETED, 1, SMALL_NIGHT_ALERTS)
    assert receipt.repeated == SMALL_NIGHT_ALERTS
    assert receipt.nights_missing == transfer.request.every_night()[1:-1]
    assert read(transfers, transfer.id).progress.complete


def test_of_a_file_with_damaged_pages_comes_what_can_be_read(transfers: Transfers, job: Ended, archive: Path) -> None:
    transfer = job("damaged")
    receipt = receipt_of(transfer)
    (damaged,) = receipt.files_unreadable
    assert damaged.file.endswith(f"day={DAMAGED_NIGHT:%d}/part-00000.snappy.parquet")
    assert damaged.reason == f"damaged: {DAMAGED_AFTER} of its {SMALL_NIGHT_ALERTS} alerts can be read"
    assert (transfer.phase, receipt.gaps) == (Phase.COMPLETED, 1)

    progress, table = read(transfers, transfer.id)
    whole = nights_of(archive, SIMULATED_NIGHTS[1]).slice(0, SMALL_NIGHT_ALERTS)
    readable = nights_of(archive, SIMULATED_NIGHTS[0]).slice(0, DAMAGED_AFTER)
    assert set(rows_of(table)) == {*rows_of(whole), *rows_of(readable)}
    assert receipt.published == sum(count.alerts for count in receipt.counts) == table.num_rows == progress.distinct
    assert progress.complete


def test_verify_proves_it_despite_a_truncated_file_missing_nights_and_repeated_alerts(
    transfers: Transfers, job: Ended, stack: EmbeddedStack
) -> None:
    transfer = job("truncated")
    assert_agrees(transfers.verify(transfer.id), SMALL_NIGHT_ALERTS)
    assert not processes_of(transfer.id)
    assert not list(Path(stack.settings.data_dir, "scripts").rglob(f"*{transfer.id}*"))


@pytest.mark.soak
def test_verify_tells_the_truth_of_what_else_may_be_wrong_with_files(transfers: Transfers, archive: Path) -> None:
    sent = {
        "damaged": SMALL_NIGHT_ALERTS + DAMAGED_AFTER,
        "drift": SMALL_NIGHT_ALERTS,
        "oversize": SMALL_NIGHT_ALERTS - 1,
    }
    ids = {name: transfers.submit(REQUESTS[name]).id for name in sent}
    for name, alerts in sent.items():
        assert_agrees(transfers.verify(ended(transfers, ids[name]).id), alerts)

    # What is damaged is not needed for this one, which does not find it.
    others = a_request(DAMAGED_NIGHT, content=Content.MEDIUM, conditions=f"abs(candidate.jd) > {JD_OF_SECOND_NIGHT};")
    transfer = ended(transfers, transfers.submit(others).id)
    assert receipt_of(transfer).gaps == 0
    found = transfers.verify(transfer.id)
    assert_agrees(found, SMALL_NIGHT_ALERTS)
    assert any("1 files cannot be read in full" in note for note in found.comparisons[1].notes)

    truncated_later = next(night_folder(archive, OVERSIZE_NIGHT).glob("*.parquet"))
    os.truncate(truncated_later, truncated_later.stat().st_size // 2)
    of_archive = transfers.verify(ids["oversize"]).comparisons[1]
    differences = {each.kind: each for each in of_archive.differences}
    assert differences["extra"].count == sent["oversize"], of_archive
    assert str(truncated_later) in differences["files"].sentence


def assert_agrees(verification: Verification, alerts: int) -> None:
    """Nothing differs, and so many alerts were compared."""
    assert verification.agrees, verification
    assert f"{alerts} of {alerts} alerts are the same, byte for byte" in verification.comparisons[1].found
