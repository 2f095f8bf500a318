"""Watching a job's topic from outside, as a reader would: its first alert, and how it grows."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from backend.errors import TransferFailed
from benchmarks.figures import Sample
from benchmarks.processes import PeakMemory, cpu_seconds

LOOK_S = 0.1
LOOK_AT_MEMORY_S = 0.5
ANSWER_TIMEOUT_S = 10.0
MEASURED_ALERTS = 500
"""From so many messages the mean size of an alert is told."""


@dataclass(frozen=True)
class Broker:
    """The Kafka that is watched."""

    bootstrap_servers: str
    pid: int


@dataclass(frozen=True)
class Watched:
    """What was seen of one job.

    Attributes
    ----------
    first_alert_s
        From the submission until a consumer that polls each 100 ms had the first alert.
    last_alert_s
        Until the look that first showed all of them.
    ended_s
        Until the job was known to have ended.
    samples
        A look each 100 ms, from the first alert on.
    peak_memory_bytes
        Of the job's processes together.
    """

    first_alert_s: float
    last_alert_s: float
    ended_s: float
    samples: tuple[Sample, ...]
    peak_memory_bytes: int

    @property
    def messages(self) -> int:
        """On the topic when the job had ended."""
        return self.samples[-1].messages


def watch(broker: Broker, topic: str, partitions: int, began: float, wait_for_end: Callable[[], None]) -> Watched:
    """Look at the topic each 100 ms until the job has ended.

    Parameters
    ----------
    began
        When the job was submitted, by ``time.monotonic``.
    wait_for_end
        Returns when the job has ended well, and raises otherwise.

    Raises
    ------
    TransferFailed
        The job has published nothing; and whatever `wait_for_end` raises.
    """
    ends, memory = _EndOffsets(broker, topic, partitions), PeakMemory(topic)
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(_timed, wait_for_end, began)
        first_alert_s = _first_alert(broker, topic, partitions, began, memory, ended)
        samples, looked_s = [], 0.0
        while not ended.done():
            samples.append(ends.sample(began))
            if (now_s := samples[-1].time_s) - looked_s > LOOK_AT_MEMORY_S:
                memory.look()
                looked_s = now_s
            time.sleep(LOOK_S)
        ended_s = ended.result()
    samples.append(ends.sample(began))
    if first_alert_s is None:
        raise TransferFailed(f"{topic} has no alert: there is nothing to measure.", "Choose other conditions.")
    last = next(sample for sample in samples if sample.messages == samples[-1].messages)
    return Watched(first_alert_s, last.time_s, ended_s, tuple(samples), memory.bytes)


def mean_alert_bytes(broker: Broker, topic: str) -> float:
    """Size of an alert as it was encoded, from some of the first partition."""
    consumer = _consumer(broker, [TopicPartition(topic, 0, 0)])
    try:
        messages = consumer.consume(MEASURED_ALERTS, ANSWER_TIMEOUT_S)
        sizes = [len(message.value() or b"") for message in messages if message.error() is None]
    finally:
        consumer.close()
    return sum(sizes) / len(sizes)


class _EndOffsets:
    def __init__(self, broker: Broker, topic: str, partitions: int) -> None:
        self._broker = broker
        self._admin = AdminClient({"bootstrap.servers": broker.bootstrap_servers, "log_level": 0})
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        self._asked = {TopicPartition(topic, partition): latest for partition in range(partitions)}

    def sample(self, began: float) -> Sample:
        answers = self._admin.list_offsets(self._asked, request_timeout=ANSWER_TIMEOUT_S)
        messages = sum(answer.result().offset for answer in answers.values())
        return Sample(time.monotonic() - began, messages, cpu_seconds(self._broker.pid))


def _timed(wait_for_end: Callable[[], None], began: float) -> float:
    wait_for_end()
    return time.monotonic() - began


def _first_alert(
    broker: Broker, topic: str, partitions: int, began: float, memory: PeakMemory, ended: Future[float]
) -> float | None:
    consumer = _consumer(broker, [TopicPartition(topic, partition, 0) for partition in range(partitions)])
    try:
        while not ended.done():
            message = consumer.poll(LOOK_S)
            if message is not None and message.error() is None:
                return time.monotonic() - began
            memory.look()
        message = consumer.poll(ANSWER_TIMEOUT_S)  # a job so short that it ended between two polls
        return None if message is None or message.error() else time.monotonic() - began
    finally:
        consumer.close()


def _consumer(broker: Broker, partitions: list[TopicPartition]) -> Consumer:
    settings = {"bootstrap.servers": broker.bootstrap_servers, "group.id": "bench", "enable.auto.commit": False}
    consumer = Consumer({**settings, "fetch.wait.max.ms": 50, "log_level": 0})
    consumer.assign(partitions)
    return consumer
