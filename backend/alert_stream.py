"""Read one topic of alerts from stored offsets, without a consumer group: the reader alone knows where it is."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from backend.errors import InvalidRequest, ServiceUnavailable
from backend.kafka_access import GROUP, Complaints, KafkaAccess
from backend.offset_ranges import OffsetRange
from backend.raw_batch import RawBatch, RawMessage
from backend.reading_places import ReadingPlaces
from backend.receipt_topic import JobRecords, read_job_records
from backend.topic_names import SCHEMA_SUFFIX

_MAX_MESSAGE_BYTES = 10_000_000
_FETCH_BYTES = 4 * _MAX_MESSAGE_BYTES
_PROTOCOL_ROOM_BYTES = 1_000_000
_QUEUE_KIB = 32 * 1024
_STEP_MESSAGES = 10_000
_POLL_S = 0.1

_UNREACHABLE = {
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._TRANSPORT,
    KafkaError._RESOLVE,
    KafkaError._TIMED_OUT,
    KafkaError._WAIT_COORD,
}


class AlertStream:
    """The messages of one transfer's topic, its schema and its receipt.

    Parameters
    ----------
    kafka
        Where it is, and how it is entered.
    topic
        The data topic; the schema and the receipt are read from ``<topic>_schema`` and ``<topic>_receipt``.
    offsets
        Partition -> offset of the next message to read; partitions that are not named begin at 0.
    already_read
        Partition -> ranges of offsets that are passed over.
    partitions
        The only ones to read; None: all.
    timeout_s
        Until the brokers must have answered a question, in seconds.

    Raises
    ------
    InvalidRequest
        On entering: when the topic or one of the partitions does not exist, or it is not the topic that the offsets
        belong to.
    ServiceUnavailable
        On entering and in every method: when no broker answers in time.
    """

    def __init__(
        self,
        kafka: KafkaAccess,
        topic: str,
        offsets: Mapping[int, int] | None = None,
        *,
        already_read: Mapping[int, Sequence[OffsetRange]] | None = None,
        partitions: Collection[int] | None = None,
        timeout_s: float = 5.0,
    ) -> None:
        self.topic = topic
        self._kafka = kafka
        self._complaints = Complaints(kafka)
        self._timeout_s = timeout_s
        self._start = dict(offsets or {})
        self._already_read = already_read or {}
        self._chosen = partitions
        self._at_end: set[int] = set()
        self._mean_bytes = float(_FETCH_BYTES)
        self._trouble: KafkaError | None = None

    def __enter__(self) -> Self:
        self._consumer = self._connect()
        self._questions = self._connect()
        try:
            self._places = ReadingPlaces(self._partitions_to_read(), self._start, self._already_read)
            for partition, (low, high) in self.watermarks().items():
                self._begin_within(partition, low, high)
            self._assign()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    @property
    def positions(self) -> dict[int, int]:
        """Partition -> offset of the next message to read."""
        return dict(self._places.positions)

    def watermarks(self) -> dict[int, tuple[int, int]]:
        """Partition -> first offset that is still there, and the offset that the next message will get."""
        return {partition: self._watermarks_of(self.topic, partition) for partition in self._places.positions}

    def offsets_since(self, time: datetime) -> dict[int, int]:
        """Partition -> offset of the first message that was published at that time or later; else where it ends."""
        wanted = [TopicPartition(self.topic, each, int(time.timestamp() * 1000)) for each in self._places.positions]
        try:
            found = self._questions.offsets_for_times(wanted, timeout=self._timeout_s)
        except KafkaException as error:
            raise self._failure(error.args[0]) from error
        watermarks = self.watermarks()
        return {each.partition: each.offset if each.offset >= 0 else watermarks[each.partition][1] for each in found}

    def read(self, max_messages: int, max_bytes: int, timeout_s: float) -> RawBatch:
        """Read what comes next.

        Parameters
        ----------
        max_messages, max_bytes
            Size of the batch; the last message may exceed the bytes.
        timeout_s
            Time for the batch to fill, in seconds. It returns earlier when it is full, or when every partition is
            read to its present end.

        Returns
        -------
        RawBatch
            Perhaps empty: that says nothing about the end. The end is where the positions say so.
        """
        batch = RawBatch()
        deadline = time.monotonic() + timeout_s
        while len(batch.values) < max_messages and batch.size_bytes < max_bytes:
            room = min(max_messages - len(batch.values), self._fitting(max_bytes - batch.size_bytes), _STEP_MESSAGES)
            messages = self._consumer.consume(room, min(_POLL_S, timeout_s))
            self._take(messages, batch)
            if time.monotonic() >= deadline or len(self._at_end) == len(self._places.positions):
                break
        if not batch.values and self._trouble is not None:
            self._check_reachable()
        batch.positions = self.positions
        batch.trimmed = self._places.take_trimmed()
        return batch

    def read_schema(self) -> str | None:
        """Read the Avro schema of all messages, as JSON; None when the job did not publish it yet."""
        message = self._first(self.topic + SCHEMA_SUFFIX)
        key = message.key() if message is not None else None
        return key.decode() if isinstance(key, bytes) else key

    def read_records(self) -> JobRecords:
        """Read what the job has said: its receipt, signs of life, and whether it was cancelled.

        Raises
        ------
        TransferFailed
            When the receipt was written by something that this version does not understand.
        """
        return read_job_records(self._kafka, self.topic, self._timeout_s)

    def _connect(self) -> Consumer:
        return self._kafka.client(
            Consumer,
            {
                "group.id": GROUP,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "error",  # a trimmed offset is told, not skipped
                "fetch.message.max.bytes": _MAX_MESSAGE_BYTES,
                "fetch.max.bytes": _FETCH_BYTES,
                "receive.message.max.bytes": _FETCH_BYTES + _PROTOCOL_ROOM_BYTES,
                "queued.max.messages.kbytes": _QUEUE_KIB,
                "fetch.wait.max.ms": 100,
                "fetch.queue.backoff.ms": 10,  # else it pauses for a second each time that its queue is full
                "reconnect.backoff.max.ms": 1000,
                "error_cb": self._note_trouble,
            },
        )

    def _close(self) -> None:
        self._consumer.close()
        self._questions.close()

    def _note_trouble(self, error: KafkaError) -> None:
        self._trouble = error
        self._complaints.note(error)

    def _unavailable(self, error: KafkaException | KafkaError) -> ServiceUnavailable:
        said = error.args[0] if isinstance(error, KafkaException) else error
        refusal = self._kafka.refusal(said, f"READ the topic {self.topic}") or self._complaints.refusal(self._questions)
        return refusal or ServiceUnavailable(
            "Kafka", f"Kafka does not answer at {self._kafka.servers}: {said.str()}.", "Wait, or check that it runs."
        )

    def _partitions(self, topic: str) -> list[int]:
        try:
            found = self._questions.list_topics(topic, timeout=self._timeout_s).topics[topic]
        except KafkaException as error:
            raise self._unavailable(error) from error
        if found.error is not None:
            if found.error.code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.TOPIC_EXCEPTION):
                raise InvalidRequest(
                    f"There is no topic {topic} on {self._kafka.servers}.",
                    "It has expired, or its name is misspelt.",
                )
            raise self._unavailable(found.error)
        return sorted(found.partitions)

    def _partitions_to_read(self) -> list[int]:
        partitions = self._partitions(self.topic)
        if self._chosen is None:
            return partitions
        unknown = sorted(set(self._chosen).difference(partitions))
        if unknown:
            raise InvalidRequest(
                f"The topic {self.topic} has no partition {unknown[0]}.",
                f"Its partitions are {partitions[0]} to {partitions[-1]}.",
            )
        return sorted(self._chosen)

    def _watermarks_of(self, topic: str, partition: int) -> tuple[int, int]:
        try:
            low, high = self._questions.get_watermark_offsets(
                TopicPartition(topic, partition), timeout=self._timeout_s, cached=False
            )
        except KafkaException as error:
            raise self._failure(error.args[0]) from error
        return low, high

    def _failure(self, error: KafkaError) -> InvalidRequest | ServiceUnavailable:
        if error.code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC):
            return InvalidRequest(f"The topic {self.topic} is gone.", "It has expired, or was deleted.")
        return self._unavailable(error)

    def _begin_within(self, partition: int, low: int, high: int) -> None:
        """Move a position that the broker no longer holds to the first message it does, and say what is lost."""
        position = self._places.positions[partition]
        if position > high:
            raise InvalidRequest(
                f"Partition {partition} of {self.topic} ends at {high}, but was read to {position} before.",
                "The topic was deleted and made anew: read it into a fresh store.",
            )
        self._places.begin_within(partition, low)

    def _assign(self) -> None:
        self._at_end.clear()
        self._consumer.assign([TopicPartition(self.topic, *place) for place in self._places.positions.items()])

    def _fitting(self, room_bytes: int) -> int:
        return max(1, int(room_bytes / self._mean_bytes))

    def _take(self, messages: list[Message], batch: RawBatch) -> None:
        alerts = cast("list[RawMessage]", [message for message in messages if message.error() is None])
        if self._places.has_stops:
            alerts = [each for each in alerts if self._places.is_awaited(each.partition(), each.offset())]
        if alerts:
            size = batch.add(alerts)
            self._mean_bytes = max(size / len(alerts), 1.0)
            last = {message.partition(): message.offset() for message in alerts}
            for partition, offset in last.items():
                self._places.reach(partition, offset + 1)
            self._at_end.difference_update(last)
            self._trouble = None
        for message in messages:
            error = message.error()
            if error is not None:
                self._handle(error, cast("RawMessage", message))
        if self._places.has_stops:
            self._pass_over()

    def _pass_over(self) -> None:
        for partition, offset in self._places.pass_over().items():
            self._at_end.discard(partition)
            self._consumer.seek(TopicPartition(self.topic, partition, offset))

    def _handle(self, error: KafkaError, message: RawMessage) -> None:
        partition = message.partition()
        if error.code() == KafkaError._PARTITION_EOF:
            # The end lies beyond the last message where a transaction or compaction left a gap.
            self._places.reach(partition, message.offset())
            self._at_end.add(partition)
            self._trouble = None
        elif error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
            self._begin_within(partition, *self._watermarks_of(self.topic, partition))
            self._assign()
        elif error.code() in _UNREACHABLE or error.retriable():
            self._trouble = error
        else:
            raise self._failure(error)

    def _check_reachable(self) -> None:
        self._partitions(self.topic)
        self._trouble = None

    def _first(self, topic: str) -> Message | None:
        """Read the first message of a topic of one partition; None when it is empty."""
        self._partitions(topic)
        low, high = self._watermarks_of(topic, 0)
        if low == high:
            return None
        self._questions.assign([TopicPartition(topic, 0, low)])
        try:
            deadline = time.monotonic() + self._timeout_s
            while time.monotonic() < deadline:
                for message in self._questions.consume(1, _POLL_S):
                    if message.error() is None:
                        return message
        finally:
            self._questions.unassign()
        raise ServiceUnavailable("Kafka", f"Kafka does not deliver {topic}.", "Wait, and try again.")
