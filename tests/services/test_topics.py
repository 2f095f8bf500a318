"""The topics of a transfer on a real Kafka."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from backend.errors import InvalidRequest, ServiceUnavailable
from backend.kafka_access import KafkaAccess
from backend.topic_names import names_of
from backend.topics import TopicAdmin
from stack.embedded import EmbeddedStack

NOW = datetime(2026, 3, 22, tzinfo=UTC)


@pytest.fixture
def topics(stack: EmbeddedStack) -> TopicAdmin:
    return TopicAdmin(KafkaAccess(stack.kafka_bootstrap_servers))


@pytest.fixture
def broker(stack: EmbeddedStack) -> AdminClient:
    return AdminClient({"bootstrap.servers": stack.kafka_bootstrap_servers})


@pytest.fixture
def topic(topics: TopicAdmin) -> Iterator[str]:
    name = f"ftransfer_test_{uuid.uuid4().hex}"
    yield name
    topics.delete(name)


def _there(broker: AdminClient, topic: str) -> set[str]:
    return {name for name in broker.list_topics(timeout=10).topics if name.startswith(topic)}


def _config(broker: AdminClient, name: str) -> dict[str, Any]:
    resource = ConfigResource(ResourceType.TOPIC, name)
    (answer,) = broker.describe_configs([resource]).values()
    return {key: entry.value for key, entry in answer.result(timeout=10).items()}


def test_three_topics_are_made_as_asked(topics: TopicAdmin, broker: AdminClient, topic: str) -> None:
    assert not topics.exists(topic)
    topics.create(topic, retention_h=96, max_message_bytes=10_000_000)
    assert topics.exists(topic)
    made = broker.list_topics(timeout=10).topics
    assert [len(made[name].partitions) for name in names_of(topic)] == [10, 1, 1]
    for name, hours in zip(names_of(topic), (96, 120, 120), strict=True):
        config = _config(broker, name)
        assert config["retention.ms"] == str(hours * 3_600_000)
        assert config["max.message.bytes"] == "10000000"
        assert config["compression.type"] == "producer"
        assert config["cleanup.policy"] == "delete"


def test_they_can_be_written_and_read_as_soon_as_they_are_made(
    stack: EmbeddedStack, topics: TopicAdmin, topic: str
) -> None:
    topics.create(topic)
    failures = []
    conf = {"bootstrap.servers": stack.kafka_bootstrap_servers, "retries": 0, "message.max.bytes": 10_000_000}
    producer = Producer(conf)
    payload = uuid.uuid4().bytes * 560_000  # 9 MB
    for partition in range(10):
        producer.produce(topic, payload, partition=partition, on_delivery=lambda error, _: failures.append(error))
    assert producer.flush(60) == 0
    assert failures == [None] * 10
    assert topics.offsets(topic) == dict.fromkeys(range(10), (0, 1))
    assert topics.offsets(names_of(topic)[2]) == {0: (0, 0)}

    consumer = Consumer({"bootstrap.servers": stack.kafka_bootstrap_servers, "group.id": topic})
    try:
        consumer.assign([TopicPartition(topic, 9, 0)])
        message = consumer.poll(30)
        assert message is not None
        assert message.value() == payload
    finally:
        consumer.close()


def test_a_name_that_is_taken_is_refused_and_what_is_there_stays(
    topics: TopicAdmin, broker: AdminClient, topic: str
) -> None:
    topics.create(topic)
    with pytest.raises(InvalidRequest, match=f"{topic} is in Kafka already"):
        topics.create(topic)
    assert _there(broker, topic) == set(names_of(topic))


def test_of_two_that_make_the_same_topics_at_once_one_gets_them_whole(
    stack: EmbeddedStack, broker: AdminClient, topic: str
) -> None:
    outcomes: list[object] = []
    barrier = threading.Barrier(2)

    def make() -> None:
        admin = TopicAdmin(KafkaAccess(stack.kafka_bootstrap_servers))
        admin.ping()
        barrier.wait()
        try:
            admin.create(topic)
        except InvalidRequest as error:
            outcomes.append(error)
        else:
            outcomes.append("made")

    makers = [threading.Thread(target=make) for _ in range(2)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert outcomes.count("made") == 1, outcomes
    assert _there(broker, topic) == set(names_of(topic))


def test_what_kafka_refuses_in_part_is_undone(topics: TopicAdmin, broker: AdminClient, topic: str) -> None:
    with pytest.raises(ServiceUnavailable, match="Number of partitions"):
        topics.create(topic, partitions=0)
    assert _there(broker, topic) == set()


def test_deleting_takes_all_three_or_what_is_left_of_them(topics: TopicAdmin, broker: AdminClient, topic: str) -> None:
    topics.create(topic)
    for answer in broker.delete_topics([topic]).values():
        answer.result(timeout=10)
    assert topics.delete(topic) == (f"{topic}_receipt", f"{topic}_schema")
    assert topics.delete(topic) == ()
    assert _there(broker, topic) == set()
    with pytest.raises(InvalidRequest, match="no topic"):
        topics.offsets(topic)


def test_only_old_topics_of_this_installation_expire(topics: TopicAdmin, broker: AdminClient, topic: str) -> None:
    old, recent, foreign = (f"{topic}_{word}" for word in ("old", "recent", "foreign"))
    try:
        for name in (old, recent, foreign):
            topics.create(name)
        own = {old: NOW - timedelta(days=6), recent: NOW - timedelta(days=4), f"{topic}_gone": NOW - timedelta(days=9)}
        assert set(topics.delete_expired(own, NOW, timedelta(days=5))) == set(names_of(old))
        assert _there(broker, topic) == {*names_of(recent), *names_of(foreign)}
    finally:
        for name in (old, recent, foreign):
            topics.delete(name)
