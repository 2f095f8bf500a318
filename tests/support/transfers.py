"""Transfers on a real stack: submitted together, waited for, and what arrived beside what the archive holds."""

from __future__ import annotations

import io
import json
import math
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import fastavro
import pyarrow as pa
from confluent_kafka import Consumer, TopicPartition

from backend.config import Settings
from backend.ingest_progress import IngestProgress
from backend.models import Transfer
from backend.receipt import Receipt
from backend.transfers import Transfers
from stack.embedded import EmbeddedStack

ENDED_WITHIN_S = 240
READ_WITHIN_S = 60
LOOK_S = 0.3


class Arrived(NamedTuple):
    """What a reader of the façade got: its last word, and the alerts by ``candid``."""

    progress: IngestProgress
    table: pa.Table


def settings_on(stack: EmbeddedStack, data_dir: Path, archive: Path, **changes: Any) -> Settings:
    """Settings of an installation of its own that works on this stack and this archive."""
    return stack.settings.model_copy(update={"data_dir": data_dir, "archive_uri": str(archive), **changes})


def ended(transfers: Transfers, transfer_id: str) -> Transfer:
    """Wait until a transfer's job has ended; the queue goes on meanwhile."""
    deadline = time.monotonic() + ENDED_WITHIN_S
    while not (transfer := transfers.get(transfer_id)).phase.is_final:
        assert time.monotonic() < deadline, f"{transfer.phase} {transfer.message} {transfers.log_lines(transfer_id)}"
        time.sleep(LOOK_S)
    return transfer


def receipt_of(transfer: Transfer) -> Receipt:
    """The receipt of a transfer that must have one."""
    assert transfer.receipt is not None, f"{transfer.phase}: {transfer.message}"
    return transfer.receipt


def read(transfers: Transfers, id_or_topic: str) -> Arrived:
    """Read a topic from its beginning, with a store of its own."""
    with transfers.open_reader(id_or_topic, f"test-{uuid.uuid4().hex}") as reader:
        reader.start()
        assert reader.join(READ_WITHIN_S), reader.progress
        return Arrived(reader.progress, reader.store.scan().read_all().sort_by("candid"))


class TopicMessages(NamedTuple):
    """Keys and values of a topic, by partition."""

    keys: dict[int, list[bytes | None]]
    values: dict[int, list[bytes]]

    def alerts(self, schema: str) -> list[dict[str, Any]]:
        """The values, decoded by fastavro alone."""
        parsed = fastavro.parse_schema(json.loads(schema))
        return [
            fastavro.schemaless_reader(io.BytesIO(value), parsed, None)  # type: ignore[misc]
            for values in self.values.values()
            for value in values
        ]


def messages_of(bootstrap_servers: str, topic: str, partitions: int) -> TopicMessages:
    """Read a topic to its present end with nothing but Kafka's own client."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap_servers, "group.id": "unused", "fetch.message.max.bytes": 10_000_000}
    )
    keys: dict[int, list[bytes | None]] = {partition: [] for partition in range(partitions)}
    values: dict[int, list[bytes]] = {partition: [] for partition in range(partitions)}
    try:
        ends = {p: consumer.get_watermark_offsets(TopicPartition(topic, p), 10)[1] for p in range(partitions)}
        consumer.assign([TopicPartition(topic, partition, 0) for partition in range(partitions)])
        for _ in range(sum(ends.values())):
            message = consumer.poll(10)
            assert message is not None, f"{topic} ends before its watermarks"
            assert message.error() is None, message.error()
            keys[message.partition() or 0].append(message.key())
            values[message.partition() or 0].append(message.value() or b"")
    finally:
        consumer.close()
    return TopicMessages(keys, values)


def comparable(value: Any) -> Any:
    """A value in a form that is equal when the data are: NaN equals NaN, a map is a dict, an instant has a zone.

    The archive's instants are sent as text, as Spark writes them in UTC.
    """
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if isinstance(value, datetime):
        whole, _, fraction = value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f").partition(".")
        return f"{whole}.{fraction.rstrip('0')}".rstrip(".")
    if isinstance(value, dict):
        return {name: comparable(each) for name, each in value.items()}
    if isinstance(value, list) and value and all(isinstance(each, tuple) for each in value):
        return {name: comparable(each) for name, each in value}
    return [comparable(each) for each in value] if isinstance(value, list) else value


def rows_of(table: pa.Table) -> dict[int, dict[str, Any]]:
    """``candid`` -> its row, comparable."""
    return {row["candid"]: comparable(row) for row in table.to_pylist()}
