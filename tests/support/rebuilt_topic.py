"""A topic of alerts made anew under its name, with other messages: damage for tests to plant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from backend.kafka_access import KafkaAccess
from backend.topics import TopicAdmin
from tests.support.faults import wait_until

REBUILT_WITHIN_S = 20.0


def rebuild(bootstrap_servers: str, topic: str, messages: Mapping[int, Sequence[bytes]]) -> None:
    """Delete the topic alone, and publish these values, by partition, on a new one."""
    admin, topics = AdminClient({"bootstrap.servers": bootstrap_servers}), TopicAdmin(KafkaAccess(bootstrap_servers))
    admin.delete_topics([topic])[topic].result(timeout=REBUILT_WITHIN_S)
    wait_until(lambda: not topics.exists(topic), REBUILT_WITHIN_S, "the topic is gone")
    config = {"max.message.bytes": "10000000"}
    new = NewTopic(topic, num_partitions=len(messages), replication_factor=1, config=config)
    admin.create_topics([new])[topic].result(timeout=REBUILT_WITHIN_S)
    wait_until(lambda: topics.exists(topic), REBUILT_WITHIN_S, "the topic is there again")
    producer = Producer({"bootstrap.servers": bootstrap_servers, "message.max.bytes": 10_000_000})
    for partition, values in messages.items():
        for value in values:
            producer.produce(topic, value=value, partition=partition)
    assert producer.flush(REBUILT_WITHIN_S) == 0, "Kafka did not take all messages"
