"""The reader in the background, on a real Kafka: nothing lost, nothing doubled, and it says what it is worth."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.alert_store import AlertStore
from backend.ingest import Ingest
from backend.ingest_progress import IngestProgress, IngestState
from backend.kafka_access import KafkaAccess
from backend.models import Phase
from stack.embedded import EmbeddedStack
from tests.support.alert_records import encoded, light_alert
from tests.support.published_topic import PublishedTopic


@pytest.fixture
def topic(stack: EmbeddedStack) -> Iterator[PublishedTopic]:
    made = PublishedTopic(stack.kafka_bootstrap_servers)
    made.publish_schema()
    yield made
    made.delete()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    with AlertStore(tmp_path / "reader.duckdb") as opened:
        yield opened


def begin(topic: PublishedTopic, store: AlertStore, phase: Phase = Phase.COMPLETED, **options: Any) -> Ingest:
    ingest = Ingest(topic.kafka, topic.name, store, lambda: phase, **options)
    ingest.start()
    return ingest


def wait_for(ingest: Ingest, met: Callable[[IngestProgress], bool], timeout_s: float = 30) -> IngestProgress:
    deadline = time.monotonic() + timeout_s
    while not met(progress := ingest.progress):
        assert time.monotonic() < deadline, progress
        assert not progress.state.is_final, progress
        time.sleep(0.02)
    return progress


def ended(ingest: Ingest) -> IngestProgress:
    assert ingest.join(60), ingest.progress
    return ingest.progress


def stored(store: AlertStore) -> list[dict[str, Any]]:
    return sorted(store.scan().read_all().to_pylist(), key=lambda alert: alert["candid"])


def expected(candids: range) -> list[dict[str, Any]]:
    return [light_alert(candid) for candid in candids]


def test_a_published_topic_is_complete(topic: PublishedTopic, store: AlertStore) -> None:
    topic.publish(range(3000))
    topic.publish_receipt(3000)
    progress = ended(begin(topic, store))
    assert (progress.state, progress.complete, progress.message) == (
        IngestState.DONE,
        True,
        "3,000 of 3,000, complete.",
    )
    assert (progress.read, progress.distinct, progress.published, progress.total_messages) == (3000,) * 4
    assert stored(store) == expected(range(3000))


def test_it_follows_a_job_that_publishes(topic: PublishedTopic, store: AlertStore) -> None:
    phase = Phase.QUEUED
    ingest = Ingest(topic.kafka, topic.name, store, lambda: phase)
    ingest.start()
    for start in range(0, 500, 100):
        phase = Phase.EXECUTING
        topic.publish(range(start, start + 100))
        progress = wait_for(ingest, lambda now, least=start + 100: now.distinct == least)
        assert not progress.complete
        assert progress.published is None
    topic.publish_receipt(500)
    phase = Phase.COMPLETED
    assert ended(ingest).complete
    assert stored(store) == expected(range(500))


def test_it_waits_for_a_job_that_has_not_begun(stack: EmbeddedStack, store: AlertStore) -> None:
    topic = PublishedTopic(stack.kafka_bootstrap_servers)
    ingest = begin(topic, store, Phase.EXECUTING)
    wait_for(ingest, lambda now: now.state is IngestState.WAITING and "not begun" in now.message)
    topic.publish_schema()
    topic.publish(range(10))
    topic.publish_receipt(10)
    assert ended(ingest).complete
    topic.delete()


def test_it_waits_for_a_queued_transfer_that_has_no_topic_yet(stack: EmbeddedStack, store: AlertStore) -> None:
    ingest = Ingest(KafkaAccess(stack.kafka_bootstrap_servers), "ftransfer_later", store, lambda: Phase.QUEUED)
    ingest.start()
    wait_for(ingest, lambda now: now.state is IngestState.WAITING and "queue" in now.message)
    ingest.stop()
    assert ended(ingest).state is IngestState.STOPPED


def test_stopped_at_any_time_it_goes_on_where_it_was(topic: PublishedTopic, store: AlertStore) -> None:
    topic.publish(range(5000))
    topic.publish_receipt(5000)
    stops = 0
    for goal in (1, 1200, 3000):
        ingest = begin(topic, store, batch_messages=200)
        wait_for(ingest, lambda now, least=goal: now.distinct >= least)
        ingest.stop()
        asked = time.monotonic()
        progress = ended(ingest)
        assert time.monotonic() - asked < 2
        assert progress.state is IngestState.STOPPED
        stops += progress.distinct < 5000
    assert stops == 3
    progress = ended(begin(topic, store))
    assert (progress.complete, progress.read, progress.duplicates) == (True, 5000, 0)
    assert stored(store) == expected(range(5000))


def test_a_part_is_read_first_and_the_rest_later(topic: PublishedTopic, store: AlertStore) -> None:
    topic.publish(range(1000))
    topic.publish_receipt(1000)
    part = ended(begin(topic, store, limit=150))
    assert (part.state, part.read, part.complete) == (IngestState.STOPPED, 150, False)
    rest = ended(begin(topic, store))
    assert (rest.read, rest.complete) == (1000, True)


@pytest.mark.parametrize(
    ("alerts", "moments"), [(20_000, 6), pytest.param(200_000, 20, marks=[pytest.mark.soak, pytest.mark.timeout(900)])]
)
def test_killed_at_any_moment_nothing_is_lost_or_doubled(
    topic: PublishedTopic, tmp_path: Path, alerts: int, moments: int
) -> None:
    topic.publish(range(alerts))
    topic.publish_receipt(alerts)
    path = tmp_path / "killed.duckdb"
    command = [sys.executable, "-m", "tests.support.reading_process", topic.servers, topic.name, str(path)]
    chance = random.Random(3)
    seen = []
    for goal in sorted(chance.randrange(1, 7 * alerts // 10) for _ in range(moments)):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reading:
            assert reading.stdout is not None
            seen.append(next(count for count in map(int, reading.stdout) if count >= goal))
            time.sleep(chance.uniform(0, 0.03))  # so that it dies anywhere in a batch
            reading.kill()
    assert max(seen) < alerts, "it was never killed in the middle"
    with AlertStore(path) as store:
        assert seen[-1] <= store.counts.distinct
        progress = ended(begin(topic, store))
        assert (progress.complete, progress.read, progress.duplicates) == (True, alerts, 0)
        assert stored(store) == expected(range(alerts))


def test_messages_that_came_twice_are_counted_once(topic: PublishedTopic, store: AlertStore) -> None:
    topic.publish(range(300))
    topic.publish(range(100, 200))
    topic.publish_receipt(300)
    progress = ended(begin(topic, store, batch_messages=37))
    assert (progress.read, progress.distinct, progress.duplicates, progress.complete) == (400, 300, 100, True)
    assert stored(store) == expected(range(300))


def test_a_corrupt_message_is_set_aside_and_said(topic: PublishedTopic, store: AlertStore) -> None:
    topic.publish(range(50))
    topic.publish_raw(encoded([light_alert(50)])[0][:-4], partition=4)
    topic.publish_raw(None, partition=7)
    topic.publish(range(60, 100))
    topic.publish_receipt(91)
    progress = ended(begin(topic, store))
    assert (progress.state, progress.distinct, progress.corrupt) == (IngestState.DONE, 90, 2)
    assert not progress.complete
    assert "2 messages are damaged" in progress.message
    assert [(each.topic, each.partition, each.offset) for each in store.corrupt()] == [
        (topic.name, 4, 5),
        (topic.name, 7, 5),
    ]


@pytest.mark.parametrize(("phase", "why"), [(Phase.ERROR, "the job failed"), (Phase.ABORTED, "the job was ended")])
def test_after_a_failed_job_what_is_there_is_partial(
    topic: PublishedTopic, store: AlertStore, phase: Phase, why: str
) -> None:
    topic.publish(range(120))
    progress = ended(begin(topic, store, phase))
    assert (progress.state, progress.distinct, progress.complete) == (IngestState.DONE, 120, False)
    assert why in progress.message


def test_a_job_that_failed_before_its_first_alert(stack: EmbeddedStack, store: AlertStore) -> None:
    topic = PublishedTopic(stack.kafka_bootstrap_servers)
    progress = ended(begin(topic, store, Phase.ERROR))
    assert (progress.state, progress.complete) == (IngestState.DONE, False)
    assert "0 alerts were read, and the job failed" in progress.message
    topic.delete()


def test_a_completed_job_without_a_receipt_is_partial(topic: PublishedTopic, store: AlertStore) -> None:
    topic.publish(range(10))
    progress = ended(begin(topic, store, receipt_deadline_s=1.5))
    assert (progress.state, progress.distinct, progress.complete) == (IngestState.DONE, 10, False)
    assert "no receipt" in progress.message


def test_nothing_published_and_a_receipt_that_says_so_is_complete(topic: PublishedTopic, store: AlertStore) -> None:
    topic.publish_receipt(0)
    progress = ended(begin(topic, store))
    assert (progress.complete, progress.distinct, progress.published) == (True, 0, 0)
    assert store.scan().read_all().num_rows == 0


def test_what_expired_unread_is_said(topic: PublishedTopic, store: AlertStore) -> None:
    topic.publish(range(200))
    topic.publish_receipt(200)
    ended(begin(topic, store, limit=10))
    before = store.offsets()
    topic.trim(2, before=20)
    topic.trim(5, before=12)
    progress = ended(begin(topic, store))
    lost = 20 - before.get(2, 0) + 12 - before.get(5, 0)
    assert (progress.state, progress.trimmed, progress.distinct) == (IngestState.DONE, lost, 200 - lost)
    assert not progress.complete
    assert f"{lost} messages had expired" in progress.message


def test_a_topic_that_is_not_there_is_said(stack: EmbeddedStack, store: AlertStore) -> None:
    ingest = Ingest(KafkaAccess(stack.kafka_bootstrap_servers), "ftransfer_gone", store, lambda: Phase.COMPLETED)
    ingest.start()
    progress = ended(ingest)
    assert progress.state is IngestState.FAILED
    assert "no topic ftransfer_gone" in progress.message


def test_kafka_goes_away_and_comes_back(topic: PublishedTopic, stack: EmbeddedStack, store: AlertStore) -> None:
    topic.publish(range(1000))
    ingest = begin(topic, store, Phase.EXECUTING)
    wait_for(ingest, lambda now: now.distinct == 1000)
    stack.kafka.stop()
    try:
        progress = wait_for(ingest, lambda now: now.state is IngestState.WAITING)
        assert "Kafka does not answer" in progress.message
    finally:
        stack.kafka.start()
    topic.publish(range(1000, 1500))
    topic.publish_receipt(1500)
    assert ended(ingest).complete
    assert stored(store) == expected(range(1500))
