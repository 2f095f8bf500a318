"""A transfer's topics on a real Kafka, filled by the test in the place of the job."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from backend.kafka_access import KafkaAccess
from backend.receipt import PartitionCount, Receipt
from backend.topics import TopicAdmin
from tests.support.alert_records import LIGHT_SCHEMA, encoded, light_alert

PARTITIONS = 10


class PublishedTopic:
    """Topic, schema topic and receipt topic of one transfer."""

    def __init__(self, bootstrap_servers: str, schema: dict[str, Any] | None = None) -> None:
        self.servers = bootstrap_servers
        self.kafka = KafkaAccess(bootstrap_servers)
        self.name = f"ftransfer_ztf_test_{uuid.uuid4().hex}"
        self.schema = schema or LIGHT_SCHEMA
        self._admin = TopicAdmin(self.kafka)
        self._admin.create(self.name, retention_h=96, max_message_bytes=10_000_000)
        self._producer = Producer({"bootstrap.servers": bootstrap_servers, "message.max.bytes": 10_000_000})

    def delete(self) -> None:
        """Remove the three topics."""
        self._admin.delete(self.name)

    def delete_receipts(self) -> None:
        """Remove the receipt topic: so it looks where another tool made the alerts' topic."""
        name = f"{self.name}_receipt"
        client = AdminClient({"bootstrap.servers": self.servers})
        client.delete_topics([name])[name].result(timeout=10)

    def publish_schema(self, copies: int = 3) -> None:
        """Fill the schema topic."""
        for _ in range(copies):
            self._producer.produce(f"{self.name}_schema", key=json.dumps(self.schema), value=b"")
        self._flush()

    def publish(self, candids: Iterable[int]) -> None:
        """Publish a light alert for each candid, to the partition that belongs to it."""
        listed = list(candids)
        values = encoded((light_alert(candid) for candid in listed), self.schema)
        for candid, value in zip(listed, values, strict=True):
            self.publish_raw(value, candid % PARTITIONS, flush=False)
        self._flush()

    def publish_raw(self, value: bytes | None, partition: int = 0, *, flush: bool = True) -> None:
        """Publish a message as it is."""
        while True:
            try:
                self._producer.produce(self.name, value=value, partition=partition)
                break
            except BufferError:  # its queue is full: the broker must take some first
                self._producer.poll(1.0)
        self._producer.poll(0)
        if flush:
            self._flush()

    def publish_receipt(self, published: int, before: Sequence[tuple[bytes, bytes]] = ()) -> Receipt:
        """Publish the receipt, with the end offsets that the broker says, after records of other kinds."""
        ends = self.ends()
        receipt = Receipt(
            topic=self.name,
            published=published,
            messages=sum(ends.values()),
            partitions=tuple(PartitionCount(partition=p, begin=0, end=end) for p, end in ends.items()),
        )
        for key, value in (*before, (b"receipt", receipt.model_dump_json().encode())):
            self._producer.produce(f"{self.name}_receipt", key=key, value=value)
        self._flush()
        return receipt

    def ends(self) -> dict[int, int]:
        """Offset that the next message of each partition will get."""
        consumer = Consumer({"bootstrap.servers": self.servers, "group.id": "unused"})
        try:
            return {p: consumer.get_watermark_offsets(TopicPartition(self.name, p), 10)[1] for p in range(PARTITIONS)}
        finally:
            consumer.close()

    def trim(self, partition: int, before: int) -> None:
        """Remove the messages before an offset, as retention does."""
        place = TopicPartition(self.name, partition, before)
        client = AdminClient({"bootstrap.servers": self.servers})
        client.delete_records([place])[place].result(timeout=10)

    def _flush(self) -> None:
        assert self._producer.flush(30) == 0, "Kafka did not take all messages"
