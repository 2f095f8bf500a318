"""The driver's own way to Kafka, for what is small: records about the transfer, copies of the schema, offsets.

A Spark job for a single record would take longer than all else that is done for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from pyspark.sql import SparkSession

from spark_scripts.java import java

ANSWER_MS = 10_000
"""How long Kafka may take to answer."""
DELIVERY_MS = 120_000
"""How long a record may take to be on its topic: a broker that starts again is waited for."""
_STRING = "org.apache.kafka.common.serialization.String"


@dataclass(frozen=True)
class PartitionOffsets:
    """First offset, and the one after the last, of a partition."""

    partition: int
    begin: int
    end: int


class TopicClient:
    """A producer and a consumer, whose consumer is used by one thread at a time.

    Every method raises ``Py4JJavaError`` or ``TimeoutError`` when Kafka does not answer in time.
    """

    def __init__(self, spark: SparkSession, kafka: dict[str, str], largest_bytes: int) -> None:
        self._jvm = java(spark)
        self._lock = threading.Lock()
        settings = {**kafka, "request.timeout.ms": ANSWER_MS}
        self._producer = self._jvm.org.apache.kafka.clients.producer.KafkaProducer(
            self._properties(
                settings
                | {
                    "key.serializer": f"{_STRING}Serializer",
                    "value.serializer": f"{_STRING}Serializer",
                    "acks": "all",
                    "enable.idempotence": "true",
                    "compression.type": "zstd",
                    "max.request.size": largest_bytes,
                    "max.block.ms": DELIVERY_MS,
                    "delivery.timeout.ms": DELIVERY_MS,
                }
            )
        )
        self._consumer = self._jvm.org.apache.kafka.clients.consumer.KafkaConsumer(
            self._properties(
                settings
                | {
                    "key.deserializer": f"{_STRING}Deserializer",
                    "value.deserializer": f"{_STRING}Deserializer",
                    "default.api.timeout.ms": ANSWER_MS,
                    "enable.auto.commit": "false",
                }
            )
        )
        self._next: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            wait = self._jvm.java.time.Duration.ofMillis(ANSWER_MS)
            self._producer.close(wait)
            self._consumer.close(wait)

    def reach(self, topic: str) -> None:
        """Come to the brokers that have a topic; one that starts again is waited for, one that refuses us is not."""
        self._producer.partitionsFor(topic)

    def publish(self, topic: str, key: str, value: str, copies: int = 1) -> None:
        """Put a record on partition 0 of a topic, and wait until it is there."""
        record = self._jvm.org.apache.kafka.clients.producer.ProducerRecord(
            topic, self._jvm.java.lang.Integer.valueOf(0), key, value
        )
        sent: Any = None
        for _ in range(copies):
            sent = self._producer.send(record)
        if sent is not None:
            self._producer.flush()
            sent.get()

    def offsets(self, topic: str) -> list[PartitionOffsets]:
        """The broker's word on what each partition of a topic holds."""
        with self._lock:
            partitions = self._jvm.java.util.ArrayList()
            for info in self._consumer.partitionsFor(topic):
                partitions.add(self._partition(topic, info.partition()))
            begin, end = self._consumer.beginningOffsets(partitions), self._consumer.endOffsets(partitions)
            found = [PartitionOffsets(each.partition(), begin[each], end[each]) for each in partitions]
        return sorted(found, key=lambda offsets: offsets.partition)

    def new_records(self, topic: str) -> list[tuple[str, str]]:
        """Key and value of what has come to partition 0 since this was asked last, up to its present end."""
        with self._lock:
            return list(self._read_on(topic))

    def _read_on(self, topic: str) -> Iterator[tuple[str, str]]:
        partition = self._partition(topic, 0)
        those = self._jvm.java.util.List.of(partition)
        end = self._consumer.endOffsets(those)[partition]
        if end == self._next.get(topic, 0):
            return
        self._consumer.assign(those)
        self._consumer.seek(partition, self._next.get(topic, 0))
        while self._consumer.position(partition) < end:
            records = self._consumer.poll(self._jvm.java.time.Duration.ofMillis(ANSWER_MS))
            if records.isEmpty():
                raise TimeoutError(f"Kafka has not given the records of {topic} within {ANSWER_MS / 1000:g} s.")
            for record in records.records(partition):
                yield record.key() or "", record.value() or ""
        self._next[topic] = self._consumer.position(partition)

    def _partition(self, topic: str, number: int) -> Any:
        return self._jvm.org.apache.kafka.common.TopicPartition(topic, number)

    def _properties(self, settings: dict[str, Any]) -> Any:
        properties = self._jvm.java.util.Properties()
        for name, value in settings.items():
            properties.setProperty(name, str(value))
        return properties
