"""The receipt topic of a transfer: what the job says about itself, each record under a key that tells its kind.

One record comes from this side: the cancel marker. The job looks for it, and any reader learns from it that the
topic is partial.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from pydantic import ValidationError

from backend.errors import ServiceUnavailable, TransferFailed
from backend.job_progress import JobProgress
from backend.kafka_access import GROUP, Complaints, KafkaAccess
from backend.receipt import Receipt
from backend.topic_names import RECEIPT_SUFFIX

RECEIPT, FAILURE, PROGRESS, CANCEL = b"receipt", b"failure", b"progress", b"cancel"
LAST_RECORDS = 64
"""The job's last word is among so many at the end of the topic; its reports come every two seconds."""
_UNKNOWN_TOPIC = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC)


class JobRecords(NamedTuple):
    """What is known of a job from its receipt topic.

    Attributes
    ----------
    receipt, failure
        Its last word: all is published, or why it failed.
    reports
        Its last signs of life, the oldest first.
    cancelled
        The sentence of the cancel marker, if there is one.
    has_topic
        Whether there is such a topic; there is before the job begins, and none where another tool made the alerts'.
    """

    receipt: Receipt | None = None
    failure: str | None = None
    reports: tuple[JobProgress, ...] = ()
    cancelled: str | None = None
    has_topic: bool = True

    @property
    def progress(self) -> JobProgress | None:
        """The last sign of life."""
        return self.reports[-1] if self.reports else None


class _Record(NamedTuple):
    key: bytes
    value: bytes
    timestamp_ms: int


class ReceiptTopics:
    """The receipt topics on one Kafka.

    Parameters
    ----------
    kafka
        Where it is, and how it is entered.
    timeout_s
        Until a call of any method has ended.
    """

    def __init__(self, kafka: KafkaAccess, timeout_s: float = 8.0) -> None:
        self._kafka = kafka
        self._timeout_s = timeout_s

    def read(self, topic: str) -> JobRecords:
        """What the job of this topic has said; see `read_job_records`."""
        return read_job_records(self._kafka, topic, self._timeout_s)

    def mark_cancelled(self, topic: str, message: str) -> None:
        """Write the cancel marker; does nothing where the topic does not exist.

        Raises
        ------
        ServiceUnavailable
            Kafka does not answer, or not in time.
        """
        failures: list[KafkaError] = []

        def note(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                failures.append(error)

        deadline, name = time.monotonic() + self._timeout_s, topic + RECEIPT_SUFFIX
        complaints = Complaints(self._kafka)
        timeout = {"message.timeout.ms": int(self._timeout_s * 1000)}
        producer = self._kafka.client(Producer, timeout, complaints)
        try:
            # All topics are listed: asking for one by its name can make a broker create it.
            if name not in producer.list_topics(timeout=self._timeout_s).topics:
                return
            value = json.dumps({"message": message}).encode()
            producer.produce(name, key=CANCEL, value=value, partition=0, on_delivery=note)
            left = producer.flush(max(deadline - time.monotonic(), 0.1))
        except KafkaException as error:
            raise complaints.refusal(producer) or _not_marked(topic, error.args[0].str()) from error
        if failures:
            refusal = self._kafka.refusal(failures[0], f"WRITE the topic {name}")
            raise refusal or _not_marked(topic, failures[0].str())
        if left:
            raise complaints.refusal(producer) or _not_marked(topic, "it did not answer in time")


def read_job_records(kafka: KafkaAccess, topic: str, timeout_s: float = 8.0) -> JobRecords:
    """Read the end of a transfer's receipt topic.

    Parameters
    ----------
    kafka, topic
        Where to read; the topic is that of the alerts.
    timeout_s
        Until the whole must have ended.

    Raises
    ------
    ServiceUnavailable
        Kafka does not answer.
    TransferFailed
        The receipt is there and cannot be understood: a newer job wrote it, or something else did.
    """
    complaints = Complaints(kafka)
    consumer = kafka.client(Consumer, {"group.id": GROUP, "enable.auto.commit": False}, complaints)
    try:
        records = _last_records(consumer, topic, timeout_s)
    except KafkaException as error:
        if error.args[0].code() in _UNKNOWN_TOPIC:
            return JobRecords(has_topic=False)
        refusal = kafka.refusal(error.args[0], f"READ the topic {topic}{RECEIPT_SUFFIX}")
        raise refusal or complaints.refusal(consumer) or _not_read(topic, error.args[0].str()) from error
    finally:
        consumer.close()
    return _understood(topic, records)


def _last_records(consumer: Consumer, topic: str, timeout_s: float) -> list[_Record]:
    deadline, partition = time.monotonic() + timeout_s, TopicPartition(topic + RECEIPT_SUFFIX, 0)
    begin, end = consumer.get_watermark_offsets(partition, timeout=timeout_s)
    partition.offset = max(begin, end - LAST_RECORDS)
    consumer.assign([partition])
    records = []
    while partition.offset < end:
        message = consumer.poll(max(deadline - time.monotonic(), 0))
        if message is None:
            raise ServiceUnavailable("Kafka", f"Kafka has not given the receipt of {topic} within {timeout_s:g} s.")
        if message.error():
            raise KafkaException(message.error())
        partition.offset = (message.offset() or 0) + 1
        records.append(_Record(_bytes(message.key()), _bytes(message.value()), message.timestamp()[1]))
    return records


def _understood(topic: str, records: list[_Record]) -> JobRecords:
    values = {record.key: record.value for record in records}
    try:
        return JobRecords(
            receipt=Receipt.model_validate_json(values[RECEIPT]) if RECEIPT in values else None,
            failure=_message(values[FAILURE]) if FAILURE in values else None,
            reports=tuple(_report(record) for record in records if record.key == PROGRESS),
            cancelled=_message(values[CANCEL]) if CANCEL in values else None,
        )
    except (ValidationError, ValueError, KeyError, TypeError) as error:
        raise TransferFailed(
            f"The record of the job on {topic}_receipt is not one that this version understands.",
            "Update this side, or ask who wrote it.",
        ) from error


def _report(record: _Record) -> JobProgress:
    said_at = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
    return JobProgress.model_validate({**json.loads(record.value), "said_at": said_at})


def _message(value: bytes) -> str:
    return str(json.loads(value)["message"])


def _bytes(value: str | bytes | None) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""


def _not_read(topic: str, why: str) -> ServiceUnavailable:
    return ServiceUnavailable(
        "Kafka", f"The receipt of {topic} cannot be read: {why}.", "Try again when Kafka answers."
    )


def _not_marked(topic: str, why: str) -> ServiceUnavailable:
    return ServiceUnavailable(
        "Kafka", f"The cancel marker of {topic} cannot be written: {why}.", "Try again when Kafka answers."
    )
