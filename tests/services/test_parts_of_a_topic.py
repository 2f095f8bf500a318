"""A reader takes a part of a topic, the rest later, or all of it again, on a real Kafka."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.errors import InvalidRequest
from backend.ingest_progress import IngestProgress, IngestState
from backend.kafka_access import KafkaAccess
from backend.models import Phase
from backend.reading import WHOLE_TOPIC, AlertReader, ReadPart
from stack.embedded import EmbeddedStack
from tests.support.published_topic import PARTITIONS, PublishedTopic

EARLIER, ALL = 400, 1000


@pytest.fixture
def topic(stack: EmbeddedStack) -> Iterator[PublishedTopic]:
    made = PublishedTopic(stack.kafka_bootstrap_servers)
    made.publish_schema()
    yield made
    made.delete()


def reader_of(topic: PublishedTopic, stores: Path, name: str = "mine") -> AlertReader:
    return AlertReader(topic.kafka, topic.name, stores, name, lambda: Phase.COMPLETED)


def read(reader: AlertReader, part: ReadPart = WHOLE_TOPIC) -> IngestProgress:
    reader.start(part)
    assert reader.join(60), reader.progress
    return reader.progress


def candids(reader: AlertReader) -> list[int]:
    return sorted(reader.store.scan().read_all().column("candid").to_pylist())


def publish_in_two_parts(topic: PublishedTopic) -> datetime:
    """Publish all, with a moment between two parts, which is returned."""
    topic.publish(range(EARLIER))
    time.sleep(0.02)  # Kafka's times are whole milliseconds
    between = datetime.now(UTC)
    time.sleep(0.02)
    topic.publish(range(EARLIER, ALL))
    topic.publish_receipt(ALL)
    return between


def test_what_came_since_a_time_is_read_first_and_the_rest_later(topic: PublishedTopic, tmp_path: Path) -> None:
    between = publish_in_two_parts(topic)
    with reader_of(topic, tmp_path) as reader:
        progress = read(reader, ReadPart(since=between))
        assert candids(reader) == list(range(EARLIER, ALL))
        assert not progress.complete
        assert progress.message.startswith(f"All of what was published since {between:%Y-%m-%d %H:%M:%S} UTC is read.")
        assert progress.message.endswith(f"Partial: {ALL - EARLIER} of 1,000 alerts.")
    with reader_of(topic, tmp_path) as reader:
        progress = read(reader)
        assert candids(reader) == list(range(ALL))
        assert (progress.complete, progress.read, progress.duplicates, progress.behind) == (True, ALL, 0, 0)


def test_a_part_within_a_part_leaves_exactly_the_rest(topic: PublishedTopic, tmp_path: Path) -> None:
    between = publish_in_two_parts(topic)
    with reader_of(topic, tmp_path) as reader:
        assert read(reader, ReadPart(limit=150, since=between)).read == 150
        assert read(reader, ReadPart(limit=90)).read == 240
        assert read(reader, ReadPart(since=datetime.now(UTC))).read == 240
        progress = read(reader)
        assert candids(reader) == list(range(ALL))
        assert (progress.complete, progress.read, progress.duplicates) == (True, ALL, 0)


def test_one_partition_is_read_then_the_others(topic: PublishedTopic, tmp_path: Path) -> None:
    publish_in_two_parts(topic)
    with reader_of(topic, tmp_path) as reader:
        progress = read(reader, ReadPart(partition=3))
        assert candids(reader) == list(range(3, ALL, PARTITIONS))
        assert (progress.state, progress.complete) == (IngestState.DONE, False)
        assert progress.message == "All of partition 3 is read. Partial: 100 of 1,000 alerts."
        assert read(reader).complete
        assert candids(reader) == list(range(ALL))


def test_a_partition_that_is_not_there_is_named(topic: PublishedTopic, tmp_path: Path) -> None:
    publish_in_two_parts(topic)
    with reader_of(topic, tmp_path) as reader:
        progress = read(reader, ReadPart(partition=PARTITIONS))
    assert progress.state is IngestState.FAILED
    assert "no partition 10" in progress.message
    assert "0 to 9" in progress.message


def test_it_is_read_again_from_the_start_while_somebody_looks(topic: PublishedTopic, tmp_path: Path) -> None:
    publish_in_two_parts(topic)
    with reader_of(topic, tmp_path) as reader:
        read(reader)
        looking = reader.store.cursor()
        reader.start(again=True)
        assert reader.join(60)
        assert (reader.progress.complete, reader.progress.read, reader.progress.duplicates) == (True, ALL, 0)
        assert candids(reader) == list(range(ALL))
        assert looking.execute("SELECT count(*) FROM alerts").fetchone() == (ALL,)


def test_what_cannot_be_read_again_is_not_forgotten(topic: PublishedTopic, tmp_path: Path) -> None:
    publish_in_two_parts(topic)
    with reader_of(topic, tmp_path) as reader:
        read(reader)
        topic.trim(0, 7)
        with pytest.raises(InvalidRequest, match="7 messages of the topic have expired"):
            reader.start(again=True)
        assert candids(reader) == list(range(ALL))


def test_two_who_start_one_reader_at_once_start_it_once(topic: PublishedTopic, tmp_path: Path) -> None:
    between = publish_in_two_parts(topic)
    with reader_of(topic, tmp_path) as reader, ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            parts = [ReadPart(since=between), WHOLE_TOPIC, ReadPart(limit=10), ReadPart(partition=1)] * 2
            list(pool.map(reader.start, parts))
            assert reader.join(60)
        progress = read(reader)
        assert (progress.complete, progress.read, progress.duplicates) == (True, ALL, 0)
        assert candids(reader) == list(range(ALL))


def test_what_was_damaged_or_expired_is_still_said_after_a_restart(topic: PublishedTopic, tmp_path: Path) -> None:
    topic.publish(range(20))
    topic.publish_raw(b"torn")
    topic.publish_receipt(20)
    with reader_of(topic, tmp_path) as reader:
        before = read(reader)
    with reader_of(topic, tmp_path) as reader:
        now = reader.progress
        assert (now.read, now.distinct, now.corrupt) == (before.read, before.distinct, before.corrupt) == (21, 20, 1)


def test_two_readers_of_one_topic_do_not_disturb_each_other(topic: PublishedTopic, tmp_path: Path) -> None:
    publish_in_two_parts(topic)
    with reader_of(topic, tmp_path, "mine") as mine, reader_of(topic, tmp_path, "yours") as yours:
        mine.start(ReadPart(limit=100))
        yours.start()
        assert mine.join(60)
        assert yours.join(60)
        assert (mine.progress.read, yours.progress.read, yours.progress.complete) == (100, ALL, True)


def test_unread_messages_that_expire_are_told_from_those_that_were_read(topic: PublishedTopic, tmp_path: Path) -> None:
    between = publish_in_two_parts(topic)
    with reader_of(topic, tmp_path) as reader:
        read(reader, ReadPart(since=between))
        topic.trim(0, EARLIER // PARTITIONS + 10)  # all of the first part, and ten that were read
        progress = read(reader)
    assert (progress.trimmed, progress.distinct) == (EARLIER // PARTITIONS, ALL - EARLIER // PARTITIONS)
    assert "40 messages had expired before they were read" in progress.message


def test_a_time_of_a_topic_that_is_not_there_yet_is_refused(stack: EmbeddedStack, tmp_path: Path) -> None:
    kafka = KafkaAccess(stack.kafka_bootstrap_servers)
    with (
        AlertReader(kafka, "ftransfer_ztf_later", tmp_path, "mine", lambda: Phase.QUEUED) as reader,
        pytest.raises(InvalidRequest, match="no topic ftransfer_ztf_later"),
    ):
        reader.start(ReadPart(since=datetime.now(UTC)))
