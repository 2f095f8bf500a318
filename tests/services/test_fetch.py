"""``fetch`` with nothing but a topic's name and Kafka's addresses, on a real Kafka: as on a colleague's laptop."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from astropy.table import Table

from backend.fetch_state import STATE_FILE, read_state
from stack.embedded import EmbeddedStack
from tests.support.alert_records import REAL_TRANSFER, encoded, light_alert, real_records
from tests.support.command_line import NAMED_WITHIN_S, UNREACHABLE, CommandLine
from tests.support.published_topic import PublishedTopic
from tests.support.waiting import wait_for

MANY = 150_000
KILLED, KILLED_LONG = 20_000, 200_000


@pytest.fixture
def topic(stack: EmbeddedStack) -> Iterator[PublishedTopic]:
    made = PublishedTopic(stack.kafka_bootstrap_servers)
    made.publish_schema()
    yield made
    made.delete()


@pytest.fixture(scope="module")
def large_topic(stack: EmbeddedStack) -> Iterator[PublishedTopic]:
    """A topic that takes a reader some time."""
    made = PublishedTopic(stack.kafka_bootstrap_servers)
    made.publish_schema()
    for start in range(0, MANY, MANY // 3):
        made.publish(range(start, start + MANY // 3))
    made.publish_receipt(MANY)
    yield made
    made.delete()


@pytest.fixture
def laptop(tmp_path: Path) -> CommandLine:
    """A command line where nothing is set, and nothing runs."""
    return CommandLine(DATA_DIR=str(tmp_path))


def fetch_of(topic: PublishedTopic, out: Path, *more: str) -> tuple[str, ...]:
    return ("fetch", topic.name, "--servers", topic.servers, "--out", str(out), *more)


def alerts(out: Path) -> list[dict[str, Any]]:
    """All rows, without what the folders say."""
    names = list(light_alert(0))
    found = pd.read_parquet(out)[names].sort_values("candid", ignore_index=True)
    return found.astype(object).where(found.notna(), None).to_dict("records")


def expected(candids: range) -> list[dict[str, Any]]:
    return [light_alert(candid) for candid in candids]


def checksum(frame: pd.DataFrame) -> int:
    return int(pd.util.hash_pandas_object(frame, index=False).sum())


def assert_has_all(out: Path, count: int) -> None:
    """As many rows as there are, each once, all of their values equal."""
    found = pd.read_parquet(out)[list(light_alert(0))].sort_values("candid", ignore_index=True)
    assert found["candid"].tolist() == list(range(count))
    source = pd.DataFrame(expected(range(count))).astype(found.dtypes.to_dict())
    assert checksum(found) == checksum(source)


def files_in(out: Path) -> list[Path]:
    return sorted(out.rglob("*.parquet"))


def everything_in(out: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in [out, *out.rglob("*")]}


def keep_alive(topic: PublishedTopic) -> None:
    """The job has reported that it publishes; it counts as alive for the next minutes."""
    value = json.dumps({"step": "publishing", "elapsed_s": 1.0}).encode()
    topic._producer.produce(f"{topic.name}_receipt", key=b"progress", value=value)
    topic._flush()


def test_name_and_addresses_are_enough(topic: PublishedTopic, laptop: CommandLine, tmp_path: Path) -> None:
    topic.publish(range(3_000))
    topic.publish_receipt(3_000)
    out = tmp_path / "alerts"
    answer = laptop(*fetch_of(topic, out, "--partition-by", "time"))
    assert (answer.code, answer.notes) == (0, "")
    assert "3,000 of 3,000 alerts read, complete." in answer.out
    assert "3,000 rows in 5 files" in answer.out
    assert_has_all(out, 3_000)
    assert {path.name for path in tmp_path.iterdir()} == {"alerts"}, "it left something beside the folder"
    for file in files_in(out):
        receipt = json.loads(pq.read_metadata(file).metadata[b"alert_quicklook.receipt"])
        assert (receipt["published"], receipt["gaps"]) == (3_000, 0)


def test_all_that_is_there_already_is_not_fetched_again(
    topic: PublishedTopic, laptop: CommandLine, tmp_path: Path
) -> None:
    topic.publish(range(100))
    topic.publish_receipt(100)
    out = tmp_path / "alerts"
    first = laptop(*fetch_of(topic, out, "--json"))
    before = everything_in(out)
    again = laptop("fetch", topic.name, "--servers", UNREACHABLE, "--out", out, "--json")
    assert (first.code, again.code, again.json) == (0, 0, first.json)
    assert everything_in(out) == before
    assert "there already" in laptop(*fetch_of(topic, out)).out


def test_what_is_in_the_folder_is_never_mixed(topic: PublishedTopic, laptop: CommandLine, tmp_path: Path) -> None:
    topic.publish(range(100))
    topic.publish_receipt(100)
    out = tmp_path / "alerts"
    assert laptop(*fetch_of(topic, out)).code == 0
    other = PublishedTopic(topic.servers)
    before = everything_in(out)
    for arguments in (fetch_of(other, out), fetch_of(topic, out, "--partition-by", "time")):
        refused = laptop(*arguments)
        assert refused.code == 2
        assert f"holds the alerts of {topic.name}" in refused.notes
    assert everything_in(out) == before
    other.delete()

    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("")
    refused = laptop(*fetch_of(topic, tmp_path / "mine"))
    assert (refused.code, "not empty" in refused.notes) == (2, True)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.tex"]


def test_without_kafka_or_topic_nothing_is_made(stack: EmbeddedStack, laptop: CommandLine, tmp_path: Path) -> None:
    away = laptop("fetch", "ftransfer_ztf_x", "--servers", UNREACHABLE, "--out", tmp_path / "away", "--json")
    assert (away.code, away.seconds < NAMED_WITHIN_S + 3) == (3, True)
    assert "Kafka does not answer" in away.json["error"]
    servers = stack.kafka_bootstrap_servers
    unknown = laptop("fetch", "ftransfer_ztf_x", "--servers", servers, "--out", tmp_path / "unknown")
    assert unknown.code == 2
    assert "no topic ftransfer_ztf_x" in unknown.notes
    badly_named = laptop("fetch", "../x", "--servers", servers, "--out", tmp_path / "unknown")
    assert (badly_named.code, "not the name of a topic" in badly_named.notes) == (2, True)
    no_address = laptop("fetch", "x", "--servers", "broker", "--out", tmp_path / "unknown")
    assert (no_address.code, "host:port" in no_address.notes) == (2, True)
    assert list(tmp_path.iterdir()) == []


def killed_while_fetching(topic: PublishedTopic, out: Path, goals: list[int]) -> None:
    """Kill a fetch when it has read so many alerts, and begin it again, each time."""
    command = [sys.executable, "-m", "tests.support.fetching_process", topic.servers, topic.name, str(out)]
    moments = random.Random(5)
    for goal in goals:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as fetching:
            assert fetching.stdout is not None
            assert any(int(line) >= goal for line in fetching.stdout), "it had ended before it was killed"
            time.sleep(moments.uniform(0, 0.08))  # so that it dies anywhere in a segment
            fetching.kill()
        found = [candid for file in files_in(out) if ".quicklook" not in str(file) for candid in read_ids(file)]
        assert len(set(found)) == len(found), "an alert is there twice"


def read_ids(file: Path) -> list[int]:
    """The ids in a file, which must be a whole one."""
    return [int(candid) for candid in pd.read_parquet(file, columns=["candid"])["candid"]]


def test_killed_at_any_moment_nothing_is_lost_or_doubled(
    topic: PublishedTopic, laptop: CommandLine, tmp_path: Path
) -> None:
    topic.publish(range(KILLED))
    topic.publish_receipt(KILLED)
    out = tmp_path / "alerts"
    killed_while_fetching(topic, out, [1, 2_000, 5_000, 9_000, 13_000])
    state = read_state(out)
    assert state is not None
    assert 0 < state.distinct < KILLED, "it was not killed in the middle"
    answer = laptop(*fetch_of(topic, out, "--partition-by", "time", "--json"))
    assert (answer.code, answer.json["read"], answer.json["rows"]) == (0, KILLED, KILLED)
    assert_has_all(out, KILLED)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_killed_at_twenty_moments_nothing_is_lost_or_doubled(
    topic: PublishedTopic, laptop: CommandLine, tmp_path: Path
) -> None:
    for start in range(0, KILLED_LONG, 50_000):
        topic.publish(range(start, start + 50_000))
    topic.publish_receipt(KILLED_LONG)
    out = tmp_path / "alerts"
    killed_while_fetching(topic, out, sorted(random.Random(8).randrange(1, KILLED_LONG - 20_000) for _ in range(20)))
    answer = laptop(*fetch_of(topic, out, "--partition-by", "time", "--json"))
    assert (answer.code, answer.json["read"], answer.json["rows"]) == (0, KILLED_LONG, KILLED_LONG)
    assert_has_all(out, KILLED_LONG)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_keeps_what_it_has_and_goes_on(
    large_topic: PublishedTopic, laptop: CommandLine, tmp_path: Path, end: signal.Signals
) -> None:
    out = tmp_path / "alerts"
    with laptop.running(*fetch_of(large_topic, out)) as fetching:
        wait_for(lambda: any((out / ".quicklook-partial").glob("*")) or fetching.poll() is not None, 30)
        fetching.send_signal(end)
        _, notes = fetching.communicate(timeout=30)
    assert fetching.returncode == 130, notes
    assert "the same command goes on from here" in notes
    kept = sum(len(read_ids(file)) for file in files_in(out))
    assert 0 < kept < MANY, "it was not interrupted in the middle"
    assert (state := read_state(out)) is not None
    assert state.distinct == state.messages == kept
    answer = laptop(*fetch_of(large_topic, out, "--json"))
    assert (answer.code, answer.json["read"], answer.json["rows"]) == (0, MANY, MANY)
    assert [file.name for file in files_in(out)] == [
        f"alerts-{0:012d}-{kept - 1:012d}.parquet",
        f"alerts-{kept:012d}-{MANY - 1:012d}.parquet",
    ]
    assert_has_all(out, MANY)


def test_a_part_first_and_the_rest_later(topic: PublishedTopic, laptop: CommandLine, tmp_path: Path) -> None:
    topic.publish(range(1_000))
    topic.publish_receipt(1_000)
    out = tmp_path / "alerts"
    part = laptop(*fetch_of(topic, out, "--limit", "150", "--json"))
    assert (part.code, part.json["rows"], part.json["complete"]) == (1, 150, False)
    assert "The limit is reached" in part.json["message"]
    assert len(alerts(out)) == 150
    rest = laptop(*fetch_of(topic, out, "--json"))
    assert (rest.code, rest.json["read"]) == (0, 1_000)
    assert_has_all(out, 1_000)


def test_repeated_messages_are_one_alert_also_after_a_pause(
    topic: PublishedTopic, laptop: CommandLine, tmp_path: Path
) -> None:
    topic.publish(range(300))
    out = tmp_path / "alerts"
    assert laptop(*fetch_of(topic, out, "--limit", "300")).code == 1
    topic.publish(range(100, 200))
    topic.publish(range(300, 400))
    topic.publish(range(350, 400))
    topic.publish_receipt(400)
    answer = laptop(*fetch_of(topic, out, "--json"))
    assert (answer.code, answer.json["read"], answer.json["rows"]) == (0, 550, 400)
    assert_has_all(out, 400)


def test_a_damaged_message_is_set_aside_and_named(topic: PublishedTopic, laptop: CommandLine, tmp_path: Path) -> None:
    topic.publish(range(50))
    topic.publish_raw(encoded([light_alert(50)])[0][:-4], partition=4)
    topic.publish_receipt(51)
    out = tmp_path / "alerts"
    answer = laptop(*fetch_of(topic, out))
    assert answer.code == 1
    assert "1 messages are damaged" in answer.out
    assert "partition 4, offset 5" in answer.out
    assert_has_all(out, 50)


def test_other_formats_by_their_own_readers(topic: PublishedTopic, laptop: CommandLine, tmp_path: Path) -> None:
    topic.publish(range(200))
    topic.publish_receipt(200)
    readers = {
        "csv": lambda file: pd.read_csv(file)["candid"].tolist(),
        "votable": lambda file: Table.read(file, format="votable")["candid"].tolist(),
        "fits": lambda file: Table.read(file, hdu=1)["candid"].tolist(),
    }
    for name, read in readers.items():
        out = tmp_path / name
        answer = laptop(*fetch_of(topic, out, "--format", name))
        assert (answer.code, "200 rows in 1 file" in answer.out) == (0, True), answer.notes
        (file,) = (path for path in out.iterdir() if path.name.startswith("alerts-"))
        assert sorted(read(file)) == list(range(200))


def test_real_alerts_come_out_as_fastavro_reads_them(
    stack: EmbeddedStack, laptop: CommandLine, real_alerts: Path, tmp_path: Path
) -> None:
    schema, records = real_records(real_alerts / REAL_TRANSFER)
    topic = PublishedTopic(stack.kafka_bootstrap_servers, schema)
    topic.publish_schema()
    for number, value in enumerate(encoded(records, schema)):
        topic.publish_raw(value, partition=number % 10)
    topic.publish_receipt(len(records))
    out = tmp_path / "alerts"
    assert laptop(*fetch_of(topic, out)).code == 0
    (file,) = files_in(out)
    found = pq.read_table(file).sort_by("candid").to_pylist(maps_as_pydicts="strict")
    assert repr(found) == repr(sorted(records, key=lambda record: record["candid"]))
    topic.delete()


def test_what_expired_before_it_was_read_is_said(topic: PublishedTopic, laptop: CommandLine, tmp_path: Path) -> None:
    topic.publish(range(200))
    topic.publish_receipt(200)
    topic.trim(2, before=15)
    answer = laptop(*fetch_of(topic, tmp_path / "alerts"))
    assert answer.code == 1
    assert "Partial: 185 of 200 alerts; 15 messages had expired before they were read." in answer.out
    assert len(alerts(tmp_path / "alerts")) == 185


def test_a_topic_of_another_tool_is_read_to_its_present_end(
    topic: PublishedTopic, laptop: CommandLine, tmp_path: Path
) -> None:
    topic.publish(range(70))
    topic.delete_receipts()
    answer = laptop(*fetch_of(topic, tmp_path / "alerts"))
    assert answer.code == 1
    assert "Partial: 70 alerts were read, and the job left no receipt." in answer.out
    assert_has_all(tmp_path / "alerts", 70)


def test_a_job_that_has_not_begun_is_waited_for(topic: PublishedTopic, laptop: CommandLine, tmp_path: Path) -> None:
    short = laptop(*fetch_of(topic, tmp_path / "short", "--wait", "0.02", "--json"))
    assert (short.code, short.seconds < NAMED_WITHIN_S) == (1, True)
    assert f"The job of {topic.name} has given no sign of life within 0.02 min." in short.json["error"]
    with laptop.running(*fetch_of(topic, tmp_path / "alerts", "--json")) as fetching:
        wait_for(lambda: (tmp_path / "alerts" / STATE_FILE).exists() or fetching.poll() is not None, 20)
        time.sleep(2)  # some looks at a topic about which nothing is said
        topic.publish(range(100))
        topic.publish_receipt(100)
        said, notes = fetching.communicate(timeout=60)
    assert (fetching.returncode, json.loads(said)["rows"]) == (0, 100), notes
    assert_has_all(tmp_path / "alerts", 100)


def test_a_running_job_is_followed_into_one_file(topic: PublishedTopic, laptop: CommandLine, tmp_path: Path) -> None:
    out = tmp_path / "alerts"
    keep_alive(topic)
    topic.publish(range(100))
    with laptop.running(*fetch_of(topic, out, "--json")) as fetching:
        wait_for(lambda: any((out / ".quicklook-partial").glob("*")), 20)
        for start in range(100, 600, 100):
            topic.publish(range(start, start + 100))
            time.sleep(0.7)  # longer than it takes a batch to fill
        topic.publish_receipt(600)
        said, notes = fetching.communicate(timeout=60)
    assert (fetching.returncode, json.loads(said)["rows"]) == (0, 600), notes
    (file,) = files_in(out)
    assert file.name == f"alerts-{0:012d}-{599:012d}.parquet"
    assert b"alert_quicklook.receipt" in pq.read_metadata(file).metadata, "it came before the file was closed"
    assert_has_all(out, 600)


def test_an_outage_in_the_middle_is_waited_for(
    topic: PublishedTopic, stack: EmbeddedStack, laptop: CommandLine, tmp_path: Path
) -> None:
    keep_alive(topic)
    topic.publish(range(1_000))
    waiting, patient = tmp_path / "waiting", tmp_path / "patient"
    with (
        laptop.running(*fetch_of(topic, waiting, "--wait", "0.05")) as short,
        laptop.running(*fetch_of(topic, patient, "--json")) as long,
    ):
        for out in (waiting, patient):
            wait_for(lambda out=out: any((out / ".quicklook-partial").glob("*")), 20)
        stack.kafka.stop()
        try:
            _, notes = short.communicate(timeout=60)
            assert short.returncode == 3, notes
            assert "Kafka does not answer" in notes
            assert "The same command goes on from here." in notes
            kept = sum(len(read_ids(file)) for file in files_in(waiting))
            assert kept > 0
        finally:
            stack.kafka.start()
            stack.kafka.wait_until_ready()
        topic.publish(range(1_000, 1_500))
        topic.publish_receipt(1_500)
        said, notes = long.communicate(timeout=120)
    assert (long.returncode, json.loads(said)["rows"]) == (0, 1_500), notes
    assert "Kafka does not answer" in notes
    assert laptop(*fetch_of(topic, waiting)).code == 0
    assert_has_all(patient, 1_500)
    assert_has_all(waiting, 1_500)


def test_a_second_fetch_into_the_same_folder_is_refused(
    topic: PublishedTopic, laptop: CommandLine, tmp_path: Path
) -> None:
    out = tmp_path / "alerts"
    keep_alive(topic)
    topic.publish(range(100))
    with laptop.running(*fetch_of(topic, out)) as first:
        wait_for(lambda: (out / STATE_FILE).exists(), 20)
        second = laptop(*fetch_of(topic, out))
        assert first.poll() is None
    assert second.code == 2
    assert f"Process {first.pid} fetches into {out}" in second.notes


FULL_THEN_ROOM = """
set -e
mkdir -p "$1"
mount -t tmpfs -o size=600k tmpfs "$1"
shift 2
"$@" && exit 90 || echo "without room $?"
find "$OUT" -name '*.parquet' | grep . && exit 91
"$PYTHON" -m tests.support.fetching_process "$SERVERS" "$TOPIC" "$OUT" >/dev/null
find "$OUT" -name '*.parquet' -size 0 | grep . && exit 92
find "$OUT" -name '*.parquet' | grep -q . || exit 93
mount -o remount,size=600m "$DISK"
"$@"
cp -r "$OUT" "$COPY"
"""


def test_a_full_disk_is_said_and_with_room_it_goes_on(large_topic: PublishedTopic, tmp_path: Path) -> None:
    """Too little room is said before anything is written; a disk that others fill meanwhile, once it is full."""
    in_own_namespace = ["unshare", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*in_own_namespace, "true"], check=False).returncode:
        pytest.skip("this machine does not let us mount a small disk")
    disk, copy = tmp_path / "disk", tmp_path / "copy"
    fetching = (sys.executable, "-m", "backend", *fetch_of(large_topic, disk / "alerts", "--partition-by", "time"))
    places = {
        "SERVERS": large_topic.servers,
        "TOPIC": large_topic.name,
        "PYTHON": sys.executable,
        "DISK": str(disk),
        "OUT": str(disk / "alerts"),
        "COPY": str(copy),
        "DATA_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [*in_own_namespace, "bash", "-c", FULL_THEN_ROOM, "bash", disk, "--", *fetching],
        env={**os.environ, **places},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "without room 1" in done.stdout
    assert f"The disk of {disk / 'alerts'} has 1 MB free, and" in done.stderr
    assert "what was read stays, and reading goes on from there" in done.stderr
    assert "No space left on device" in done.stderr
    assert "Make room on the disk; then give the same command again" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert_has_all(copy, MANY)
