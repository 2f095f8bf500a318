"""The receipt topic of a transfer: what the job says about itself, each record under a key that tells its kind."""

from __future__ import annotations

import json
import logging
import time
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from pydantic import ValidationError

from backend.errors import ServiceUnavailable, TransferFailed
from backend.models import Receipt
from backend.topic_names import RECEIPT_SUFFIX

RECEIPT, FAILURE = b"receipt", b"failure"
LAST_RECORDS = 16
"""The job's last word is among so many at the end of the topic."""
_LOGGER = logging.getLogger(__name__)


class JobRecords(NamedTuple):
    """What the job has said so far: its receipt when all is published, or why it failed."""

    receipt: Receipt | None = None
    failure: str | None = None


def read_job_records(bootstrap_servers: str, topic: str, timeout_s: float = 8.0) -> JobRecords:
    """Read the end of a transfer's receipt topic.

    Parameters
    ----------
    topic
        The topic of the alerts.
    timeout_s
        Until the whole must have ended.

    Raises
    ------
    ServiceUnavailable
        Kafka does not answer.
    TransferFailed
        The receipt is there and cannot be understood: a newer job wrote it, or something else did.
    """
    deadline = time.monotonic() + timeout_s
    consumer = Consumer(
        {"bootstrap.servers": bootstrap_servers, "group.id": "unused", "enable.auto.commit": False}, logger=_LOGGER
    )
    partition = TopicPartition(topic + RECEIPT_SUFFIX, 0)
    try:
        begin, end = consumer.get_watermark_offsets(partition, timeout=timeout_s)
        partition.offset = max(begin, end - LAST_RECORDS)
        consumer.assign([partition])
        values: dict[bytes, bytes] = {}
        while partition.offset < end:
            message = consumer.poll(max(deadline - time.monotonic(), 0))
            if message is None:
                raise ServiceUnavailable("Kafka", f"Kafka has not given the receipt of {topic} within {timeout_s:g} s.")
            if message.error():
                raise KafkaException(message.error())
            partition.offset = (message.offset() or 0) + 1
            values[message.key() or b""] = message.value() or b""
    except KafkaException as error:
        return _nothing_yet(error, topic)
    finally:
        consumer.close()
    return _understood(topic, values)


def _nothing_yet(error: KafkaException, topic: str) -> JobRecords:
    """No record where the topic does not exist; any other error is Kafka's."""
    cause = error.args[0]
    if cause.code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC):
        return JobRecords()
    raise ServiceUnavailable(
        "Kafka", f"The receipt of {topic} cannot be read: {cause.str()}.", "Try again when Kafka answers."
    ) from error


def _understood(topic: str, values: dict[bytes, bytes]) -> JobRecords:
    try:
        receipt = Receipt.model_validate_json(values[RECEIPT]) if RECEIPT in values else None
        failure = str(json.loads(values[FAILURE])["message"]) if FAILURE in values else None
    except (ValidationError, ValueError, KeyError, TypeError) as error:
        raise TransferFailed(
            f"The record of the job on {topic}_receipt is not one that this version understands.",
            "Update this side, or ask who wrote it.",
        ) from error
    return JobRecords(receipt, failure)
