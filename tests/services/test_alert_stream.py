"""Reading a topic on a real Kafka: positions, ends, what is trimmed, and what is not there."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from backend.alert_stream import AlertStream
from backend.errors import InvalidRequest, ServiceUnavailable
from backend.kafka_access import KafkaAccess
from backend.raw_batch import RawBatch, TrimmedRange
from stack.embedded import EmbeddedStack
from tests.support.alert_records import encoded, light_alert
from tests.support.published_topic import PARTITIONS, PublishedTopic


@pytest.fixture
def topic(stack: EmbeddedStack) -> Iterator[PublishedTopic]:
    made = PublishedTopic(stack.kafka_bootstrap_servers)
    yield made
    made.delete()


def read_to(stream: AlertStream, ends: dict[int, int], max_messages: int = 1000) -> list[RawBatch]:
    batches = []
    deadline = time.monotonic() + 30
    while stream.positions != ends:
        assert time.monotonic() < deadline, f"{stream.positions} is not {ends}"
        batches.append(stream.read(max_messages, 10_000_000, 0.5))
    return batches


def test_all_messages_come_once_with_their_places(topic: PublishedTopic) -> None:
    topic.publish(range(2500))
    with AlertStream(topic.kafka, topic.name) as stream:
        batches = read_to(stream, topic.ends(), max_messages=400)
    assert max(len(batch.values) for batch in batches) <= 400
    assert batches[-1].positions == topic.ends()
    places = {
        (partition, offset): value
        for batch in batches
        for partition, offset, value in zip(batch.partitions, batch.offsets, batch.values, strict=True)
    }
    assert len(places) == sum(len(batch.values) for batch in batches) == 2500
    assert sorted(places.values()) == sorted(encoded(light_alert(candid) for candid in range(2500)))


def test_it_goes_on_from_given_offsets(topic: PublishedTopic) -> None:
    topic.publish(range(100))
    start = {partition: partition for partition in range(PARTITIONS)}
    with AlertStream(topic.kafka, topic.name, start) as stream:
        batches = read_to(stream, topic.ends())
    assert sum(len(batch.values) for batch in batches) == 100 - sum(start.values())
    assert batches[0].trimmed == ()


def test_a_large_message_and_a_batch_of_bounded_bytes(topic: PublishedTopic) -> None:
    for _ in range(4):
        topic.publish_raw(b"x" * 9_900_000)
    with AlertStream(topic.kafka, topic.name) as stream:
        batches = [batch for batch in read_to(stream, topic.ends()) if batch.values]
    assert [len(value or b"") for batch in batches for value in batch.values] == [9_900_000] * 4
    assert max(batch.size_bytes for batch in batches) < 20_000_000


def test_schema_and_receipt_are_there_when_they_are_published(topic: PublishedTopic) -> None:
    with AlertStream(topic.kafka, topic.name) as stream:
        assert stream.read_schema() is None
        assert stream.read_records().receipt is None
        topic.publish_schema()
        assert json.loads(stream.read_schema() or "") == topic.schema
        topic.publish(range(10))
        published = topic.publish_receipt(10, before=[(b"oversize", b'{"candid": 1}'), (b"heartbeat", b"?")])
        assert stream.read_records().receipt == published


def test_watermarks_are_the_brokers(topic: PublishedTopic) -> None:
    topic.publish(range(25))
    topic.trim(0, before=2)
    with AlertStream(topic.kafka, topic.name) as stream:
        assert stream.watermarks() == {p: (2 if p == 0 else 0, end) for p, end in topic.ends().items()}


def test_what_was_trimmed_before_it_was_read_is_said(topic: PublishedTopic) -> None:
    topic.publish(range(100))
    topic.trim(3, before=7)
    with AlertStream(topic.kafka, topic.name, {3: 4}) as stream:
        batches = read_to(stream, topic.ends())
    assert [lost for batch in batches for lost in batch.trimmed] == [TrimmedRange(3, 4, 7)]
    assert sum(len(batch.values) for batch in batches) == 93


def test_a_topic_that_was_made_anew_is_not_read_on(topic: PublishedTopic) -> None:
    topic.publish(range(10))
    with pytest.raises(InvalidRequest, match="was read to 500"), AlertStream(topic.kafka, topic.name, {0: 500}):
        pass


def test_a_topic_that_does_not_exist_is_named(stack: EmbeddedStack) -> None:
    with (
        pytest.raises(InvalidRequest, match=r"no topic ftransfer_nowhere .*expired.*misspelt"),
        AlertStream(KafkaAccess(stack.kafka_bootstrap_servers), "ftransfer_nowhere"),
    ):
        pass


def test_a_broker_that_is_not_there_is_said_in_time() -> None:
    begin = time.monotonic()
    nowhere = KafkaAccess("127.0.0.1:1")
    with pytest.raises(ServiceUnavailable, match="Kafka does not answer") as caught, AlertStream(nowhere, "t"):
        pass
    assert caught.value.service == "Kafka"
    assert time.monotonic() - begin < 10
