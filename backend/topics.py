"""The Kafka topics of a transfer: its alerts, their schema, the receipt. Made, looked at and deleted together."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]
from confluent_kafka.cimpl import NewTopic

from backend.errors import InvalidRequest, QuicklookError, ServiceUnavailable
from backend.kafka_access import Complaints, KafkaAccess
from backend.topic_names import names_of

_PAUSE_S = 0.1
_UNDO_S = 1.5  # for deleting what a failed creation left behind
_PROBE_S = 1.0
_SIGN_OF_LIFE_S = 3.0  # one that is up answers far sooner, and who waits for a bad word wants it soon
_GRACE_S = 0.5
_AWAY = {KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError._ALL_BROKERS_DOWN, KafkaError._RESOLVE}
_DAY_H = 24
_FIRST, _NEXT = OffsetSpec.earliest(), OffsetSpec.latest()  # type: ignore[no-untyped-call]


class Offsets(NamedTuple):
    """The offsets of a partition's first message and of the one that comes next."""

    begin: int
    end: int


class TopicAdmin:
    """Makes and deletes the three topics of a transfer on one Kafka. Safe to use from several threads.

    Parameters
    ----------
    kafka
        Where it is, and how it is entered.
    timeout_s
        Until a call of any method has ended.

    Raises
    ------
    ServiceUnavailable
        On construction: what is said about entering Kafka cannot be used.
    """

    def __init__(self, kafka: KafkaAccess, *, timeout_s: float = 8.0) -> None:
        self._kafka = kafka
        self._timeout_s = timeout_s
        self._complaints = Complaints(kafka)
        self._admin = kafka.client(AdminClient, {"client.id": "alert-quicklook"}, self._complaints)

    def create(
        self, topic: str, *, retention_h: int = 96, partitions: int = 10, max_message_bytes: int = 10_000_000
    ) -> None:
        """Make the topics of a transfer, and wait until each of their partitions can be written and read.

        Parameters
        ----------
        topic
            Name of the topic of the alerts, not longer than 241 characters.
        retention_h
            Hours that alerts are kept; the schema and the receipt are kept a day longer.
        partitions
            Of the topic of the alerts; the others have one.
        max_message_bytes
            Size of the largest message.

        Raises
        ------
        InvalidRequest
            The name cannot be a transfer's, or is taken.
        ServiceUnavailable
            Kafka does not answer or refuses; nothing half-created stays, or the message names it.
        """
        wanted = {
            name: _new_topic(name, count, hours, max_message_bytes)
            for name, count, hours in zip(
                names_of(topic),
                (partitions, 1, 1),
                (retention_h, retention_h + _DAY_H, retention_h + _DAY_H),
                strict=True,
            )
        }
        deadline = time.monotonic() + self._timeout_s - _UNDO_S
        if taken := self._known(deadline) & wanted.keys():
            raise _already_there(min(taken))
        ours = set(wanted)
        try:
            self._create_each(wanted, ours, deadline)
            self._wait_until_usable({name: new.num_partitions for name, new in wanted.items()}, deadline)
        except QuicklookError as error:
            self._undo(ours, error)
            raise

    def exists(self, topic: str) -> bool:
        """Whether the topic of the alerts is there.

        Raises
        ------
        ServiceUnavailable
            Kafka does not answer.
        """
        return topic in self._known(self._deadline())

    def offsets(self, topic: str) -> dict[int, Offsets]:
        """Of each partition of one topic, the offsets where it begins and ends now.

        Raises
        ------
        InvalidRequest
            There is no such topic: it was never made, or it has expired.
        ServiceUnavailable
            Kafka does not answer.
        """
        deadline = self._deadline()
        metadata = self._metadata(deadline).topics.get(topic)
        if metadata is None:
            raise InvalidRequest(f"There is no topic {topic} in Kafka.", "Topics are deleted after some days.")
        numbers = sorted(metadata.partitions)
        begins = self._offsets(topic, numbers, _FIRST, deadline)
        ends = self._offsets(topic, numbers, _NEXT, deadline)
        return {number: Offsets(begins[number], ends[number]) for number in numbers}

    def delete(self, topic: str) -> tuple[str, ...]:
        """Delete the topics of a transfer, as far as they are there, and wait until they are gone.

        Returns
        -------
        tuple of str
            The names of what was deleted.

        Raises
        ------
        InvalidRequest
            The name cannot be a transfer's.
        ServiceUnavailable
            Kafka does not answer or refuses.
        """
        return self._delete(names_of(topic), self._deadline())

    def delete_expired(self, own: Mapping[str, datetime], now: datetime, older_than: timedelta) -> tuple[str, ...]:
        """Delete the topics of old transfers of this installation; others' topics are never looked at.

        Parameters
        ----------
        own
            The topic of each transfer that this installation made, and when (with time zone).
        now, older_than
            Transfers made longer ago than this are deleted.

        Returns
        -------
        tuple of str
            The names of what was deleted.

        Raises
        ------
        ServiceUnavailable
            Kafka does not answer or refuses.
        """
        expired = [topic for topic, made_at in own.items() if now - made_at > older_than]
        names = [name for topic in expired for name in names_of(topic)]
        return self._delete(names, self._deadline()) if names else ()

    def ping(self) -> None:
        """Ask for a sign of life.

        Raises
        ------
        ServiceUnavailable
            Kafka does not answer.
        """
        self._metadata(time.monotonic() + min(self._timeout_s, _SIGN_OF_LIFE_S))

    def _deadline(self) -> float:
        return time.monotonic() + self._timeout_s

    def _metadata(self, deadline: float) -> Any:
        # All topics are listed: asking for one by its name can make a broker create it.
        try:
            return self._admin.list_topics(timeout=_left_s(deadline))
        except KafkaException as error:
            raise self._unavailable(error) from error

    def _known(self, deadline: float) -> set[str]:
        return set(self._metadata(deadline).topics)

    def _create_each(self, wanted: Mapping[str, NewTopic], ours: set[str], deadline: float) -> None:
        """Create the topics; take out of ``ours`` the names that somebody else made at the same time."""
        left_s = _left_s(deadline)
        answers = self._admin.create_topics(list(wanted.values()), operation_timeout=left_s, request_timeout=left_s)
        failures: list[QuicklookError] = []
        for name, answer in answers.items():
            error = _failure(answer, deadline)
            if _code(error) == KafkaError.TOPIC_ALREADY_EXISTS:
                ours.discard(name)
                failures.insert(0, _already_there(name))
            elif error is not None:
                failures.append(self._unavailable(error, f"CREATE the topic {name}"))
        if failures:
            raise failures[0]

    def _wait_until_usable(self, partitions: Mapping[str, int], deadline: float) -> None:
        """Wait until each partition has a leader that answers: just after creation it may have none."""
        waiting = dict(partitions)
        while True:
            # Listing also refreshes what librdkafka remembers: if it has once seen no leader, it goes on saying so.
            known = self._known(deadline)
            probe_deadline = min(deadline, time.monotonic() + _PROBE_S)
            for name in waiting.keys() & known:
                try:
                    self._offsets(name, range(waiting[name]), _NEXT, probe_deadline)
                except ServiceUnavailable:
                    if time.monotonic() > deadline:
                        raise
                else:
                    del waiting[name]
            if not waiting:
                return
            if time.monotonic() > deadline:
                raise ServiceUnavailable("Kafka", f"Kafka has not made {min(waiting)} in time.", "Try again later.")
            time.sleep(_PAUSE_S)

    def _offsets(self, topic: str, numbers: Iterable[int], spec: OffsetSpec, deadline: float) -> dict[int, int]:
        request = {TopicPartition(topic, number): spec for number in numbers}
        answers = self._admin.list_offsets(request, request_timeout=_left_s(deadline))
        for answer in answers.values():
            if error := _failure(answer, deadline):
                raise self._unavailable(error, f"DESCRIBE the topic {topic}") from error
        return {asked.partition: answer.result().offset for asked, answer in answers.items()}

    def _delete(self, names: Iterable[str], deadline: float) -> tuple[str, ...]:
        there = sorted(self._known(deadline) & set(names))
        if not there:
            return ()
        left_s = _left_s(deadline)
        answers = self._admin.delete_topics(there, operation_timeout=left_s, request_timeout=left_s)
        deleted = []
        for name, answer in answers.items():
            error = _failure(answer, deadline)
            if error is None:
                deleted.append(name)
            elif _code(error) != KafkaError.UNKNOWN_TOPIC_OR_PART:  # a broker lists for a moment what is gone already
                raise self._unavailable(error, f"DELETE the topic {name}") from error
        while left := self._known(deadline) & set(there):
            if time.monotonic() > deadline:
                raise ServiceUnavailable("Kafka", f"Kafka has not deleted {min(left)} in time.", "Try again later.")
            time.sleep(_PAUSE_S)
        return tuple(deleted)

    def _undo(self, names: set[str], failure: QuicklookError) -> None:
        try:
            self._delete(names, time.monotonic() + _UNDO_S)
        except ServiceUnavailable:
            left = ", ".join(sorted(names))
            failure.hint = f"{failure.hint} These topics may be left behind: {left}.".strip()

    def _unavailable(self, error: BaseException, right: str = "") -> ServiceUnavailable:
        code = _code(error)
        if code is None or code in _AWAY:
            return self._complaints.refusal(self._admin) or self._kafka.unreachable()
        said = f"Kafka at {self._kafka.servers} answered: {error.args[0].str()}"
        return self._kafka.refusal(error.args[0], right) or ServiceUnavailable("Kafka", said, "See Kafka's own log.")


def _new_topic(name: str, partitions: int, retention_h: int, max_message_bytes: int) -> NewTopic:
    config = {
        "cleanup.policy": "delete",
        "retention.ms": str(retention_h * 3_600_000),
        "retention.bytes": "-1",
        "max.message.bytes": str(max_message_bytes),
        "compression.type": "producer",  # stored as it comes
    }
    return NewTopic(name, num_partitions=partitions, replication_factor=-1, config=config)


def _already_there(name: str) -> InvalidRequest:
    return InvalidRequest(f"The topic {name} is in Kafka already.", "Submit the request again, under a new name.")


def _failure(answer: Future[Any], deadline: float) -> BaseException | None:
    try:
        # librdkafka ends an operation by its own time-out; the little more is for one that does not.
        return answer.exception(timeout=_left_s(deadline) + _GRACE_S)
    except TimeoutError as error:
        return error


def _code(error: BaseException | None) -> int | None:
    return error.args[0].code() if isinstance(error, KafkaException) else None


def _left_s(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.1)
