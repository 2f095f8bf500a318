"""``python -m backend`` as its users run it: processes of their own, on real servers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

from backend.alert_store import AlertStore
from backend.config import Settings
from backend.transfers import Transfers
from stack.embedded import EmbeddedStack
from tests.services.conftest import ALERTS_PER_NIGHT
from tests.support.archives import SIMULATED_NIGHTS, nights_of
from tests.support.command_line import NAMED_WITHIN_S, UNREACHABLE, Answer, CommandLine
from tests.support.published_topic import PublishedTopic

pytestmark = pytest.mark.timeout(600)  # the first test waits for two jobs in a row

ALERTS = 2 * ALERTS_PER_NIGHT
MANY = 150_000


class Pair(NamedTuple):
    """Two transfers submitted one after the other where one may run at a time."""

    first: Answer
    second: Answer


@pytest.fixture(scope="module")
def pair(quicklook: CommandLine, request_file: Path) -> Pair:
    first = quicklook("submit", request_file, "--json")
    second = quicklook("submit", request_file, "--test", "--wait", "--json")
    return Pair(first, second)


@pytest.fixture(scope="module")
def transfer_id(pair: Pair) -> str:
    return str(pair.first.json["id"])


@pytest.fixture
def large_topic(stack: EmbeddedStack) -> Iterator[PublishedTopic]:
    """A topic that takes a reader some time."""
    topic = PublishedTopic(stack.kafka_bootstrap_servers)
    topic.publish_schema()
    for start in range(0, MANY, MANY // 3):
        topic.publish(range(start, start + MANY // 3))
    topic.publish_receipt(MANY)
    yield topic
    topic.delete()


def read_parquet(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder).sort_values("candid", ignore_index=True)


def test_a_second_transfer_waits_in_the_queue_and_starts_by_itself(pair: Pair, quicklook: CommandLine) -> None:
    first, second = pair
    assert (first.code, second.code) == (0, 0)
    assert (first.json["phase"], first.json["published"], first.json["place_in_queue"]) == ("EXECUTING", None, None)
    assert "QUEUED, place 1 in the queue" in second.notes
    assert "EXECUTING" in second.notes
    assert (second.json["phase"], second.json["published"], second.json["is_test"]) == ("COMPLETED", 10, True)
    assert second.json["topic"].startswith("ftransfer_ztf_")
    assert second.json["id"] in second.json["topic"]

    shown = quicklook("show", first.json["id"], "--json")
    assert (shown.code, shown.json["phase"], shown.json["published"]) == (0, "COMPLETED", ALERTS)
    assert shown.json["receipt"]["published"] == ALERTS
    assert "plan" not in shown.json


def test_list_show_and_log(pair: Pair, quicklook: CommandLine, transfer_id: str) -> None:
    listed = quicklook("list", "--json").json
    assert [transfer["id"] for transfer in listed][:2] == [pair.second.json["id"], transfer_id]
    table = quicklook("list")
    assert (table.code, table.notes) == (0, "")
    assert all(word in table.out for word in (transfer_id, "COMPLETED", f"{ALERTS:,}", "2024-09-01 – 2024-09-02"))

    by_topic = quicklook("show", pair.first.json["topic"])
    assert f"published  {ALERTS:,} alerts in {ALERTS:,} messages" in by_topic.out

    lines = quicklook("log", transfer_id, "--json").json
    assert any(line.startswith(f"Published {ALERTS} alerts of 2 nights") for line in lines)
    assert "\n".join(lines) == quicklook("log", transfer_id).out.removesuffix("\n")


def test_fetch_writes_all_and_again_the_same(
    pair: Pair, quicklook: CommandLine, transfer_id: str, archive: Path, tmp_path: Path
) -> None:
    out = tmp_path / "alerts"
    first = quicklook("fetch", transfer_id, "--out", out, "--json")
    assert first.code == 0
    counts = {name: first.json[name] for name in ("rows", "distinct", "read", "published")}
    assert counts == dict.fromkeys(counts, ALERTS)
    assert (first.json["complete"], first.json["corrupt"], first.json["out"]) == (True, 0, str(out))
    alerts = read_parquet(out)

    again = quicklook("fetch", pair.first.json["topic"], "--out", out, "--json")
    assert (again.code, again.json) == (0, first.json)
    pd.testing.assert_frame_equal(read_parquet(out), alerts)

    source = nights_of(archive, *SIMULATED_NIGHTS)
    assert alerts["candid"].tolist() == source.column("candid").to_pylist()
    assert alerts["objectId"].tolist() == source.column("objectId").to_pylist()


@pytest.mark.parametrize("partition_by", ["time", "finkclass", "tnsclass"])
def test_partitions_give_back_all_rows(
    quicklook: CommandLine, transfer_id: str, partition_by: str, tmp_path: Path
) -> None:
    plain, parted = tmp_path / "plain", tmp_path / "parted"
    assert quicklook("fetch", transfer_id, "--out", plain).code == 0
    answer = quicklook("fetch", transfer_id, "--out", parted, "--partition-by", partition_by)
    assert answer.code == 0
    assert f"{ALERTS:,} of {ALERTS:,} alerts read, complete." in answer.out
    expected, found = read_parquet(plain), read_parquet(parted)
    if partition_by == "time":
        nights = found[["year", "month", "day"]].astype(int).drop_duplicates().to_numpy().tolist()
        assert sorted(nights) == [[night.year, night.month, night.day] for night in SIMULATED_NIGHTS]
        found = found.drop(columns=["year", "month", "day"])
    else:
        found[partition_by] = found[partition_by].astype(expected[partition_by].dtype)
    pd.testing.assert_frame_equal(found[expected.columns], expected)


def test_cancelled_it_is_partial_and_the_exit_codes_say_so(
    pair: Pair, quicklook: CommandLine, request_file: Path, tmp_path: Path
) -> None:
    submitted = quicklook("submit", request_file, "--json")
    cancelled = quicklook("cancel", submitted.json["id"], "--json")
    assert (cancelled.code, cancelled.json["phase"]) == (0, "ABORTED")
    assert quicklook("show", submitted.json["id"], "--json").json["phase"] == "ABORTED"
    again = quicklook("cancel", submitted.json["id"])
    assert again.code == 2
    assert "has ended already (ABORTED)" in again.notes

    read = quicklook("fetch", submitted.json["id"], "--out", tmp_path / "alerts")
    assert read.code == 1
    assert "Partial: " in read.out
    assert "the job was cancelled" in read.out


def test_kafka_away_while_reading_is_named_soon(quicklook: CommandLine, transfer_id: str, tmp_path: Path) -> None:
    without_kafka = quicklook.but(KAFKA_BOOTSTRAP_SERVERS=UNREACHABLE)
    fetched = without_kafka("fetch", transfer_id, "--out", tmp_path / "alerts")
    assert fetched.code == 3
    assert "Kafka does not answer" in fetched.notes
    assert not (tmp_path / "alerts").exists()

    began = time.monotonic()
    with without_kafka.running("read", transfer_id, "--reader", "waiting") as reading:
        assert reading.stderr is not None
        said = reading.stderr.readline()
        assert "Kafka does not answer" in said
        assert time.monotonic() - began < NAMED_WITHIN_S
        reading.send_signal(signal.SIGINT)
        assert reading.wait(20) == 130


def test_killed_while_reading_it_goes_on_and_has_everything_once(
    quicklook: CommandLine, settings: Settings, large_topic: PublishedTopic
) -> None:
    stores = Path(settings.data_dir, "stores", large_topic.name)
    store = stores / "mine.duckdb"
    assert quicklook("read", large_topic.name, "--reader", "whole").code == 0
    half = (stores / "whole.duckdb").stat().st_size // 2  # of four batches
    with quicklook.running("read", large_topic.name, "--reader", "mine") as reading:
        deadline = time.monotonic() + 60
        while not (store.is_file() and store.stat().st_size > half):
            assert reading.poll() is None, "it was done before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.005)
    with AlertStore(store) as left:
        assert 0 < left.counts.distinct < MANY, "it was not killed in the middle"

    answer = quicklook("read", large_topic.name, "--reader", "mine", "--json")
    assert answer.code == 0
    assert {answer.json[name] for name in ("distinct", "read", "published")} == {MANY}
    assert (answer.json["complete"], answer.json["store"]) == (True, str(store))
    with AlertStore(store) as whole:
        assert sorted(whole.scan().read_all()["candid"].to_pylist()) == list(range(MANY))


def test_two_readers_of_one_name_are_told_apart(quicklook: CommandLine, settings: Settings, transfer_id: str) -> None:
    transfers = Transfers.connect(settings)
    with transfers.open_reader(transfer_id, "mine"):  # this process owns it
        refused = quicklook("read", transfer_id, "--reader", "mine")
        other = quicklook("read", transfer_id, "--reader", "yours", "--json")
    assert refused.code == 2
    assert f"in use by process {os.getpid()}" in refused.notes
    assert "another reader's name" in refused.notes
    assert (other.code, other.json["distinct"], other.json["complete"]) == (0, ALERTS, True)
