"""The program that the page offers for Python, against what a Kafka in use answers."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterable
from types import SimpleNamespace

import confluent_kafka
import fastavro
import pytest
from confluent_kafka import KafkaError, KafkaException

from views.components.elsewhere import python_snippet

SCHEMA = {"type": "record", "name": "alert", "fields": [{"name": "candid", "type": "long"}]}


class Message:
    """One answer of a poll."""

    def __init__(self, partition: int = 0, *, key: bytes = b"", value: bytes = b"", error: int | None = None) -> None:
        self.partition = lambda: partition
        self.key = lambda: key
        self.value = lambda: value
        self.error = lambda: None if error is None else KafkaError(error)


def alert(partition: int, candid: int) -> Message:
    """A message with an alert."""
    packed = io.BytesIO()
    fastavro.schemaless_writer(packed, SCHEMA, {"candid": candid})
    return Message(partition, value=packed.getvalue())


def end(partition: int) -> Message:
    """What is answered at the end of a partition."""
    return Message(partition, error=KafkaError._PARTITION_EOF)


def printed(answers: Iterable[Message | None], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the program prints when the topic, of two partitions, answers so."""
    polled = iter([Message(key=json.dumps(SCHEMA).encode()), *answers])
    partitions = SimpleNamespace(partitions={0: None, 1: None})
    consumer = SimpleNamespace(
        list_topics=lambda topic, timeout: SimpleNamespace(topics={topic: partitions}),
        assign=lambda _places: None,
        poll=lambda _timeout: next(polled),
    )
    monkeypatch.setattr(confluent_kafka, "Consumer", lambda _settings: consumer)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(python_snippet("a_topic", "nowhere:9092"), {})
    return [int(line) for line in out.getvalue().split()]


def test_a_partition_that_ends_twice_does_not_end_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [alert(0, 1), end(0), alert(0, 2), None, end(0), alert(1, 3), end(1)]
    assert printed(answers, monkeypatch) == [1, 2, 3]


def test_an_error_is_raised_and_not_taken_for_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [alert(0, 1), Message(1, error=KafkaError.TOPIC_AUTHORIZATION_FAILED), end(0), end(1)]
    with pytest.raises(KafkaException, match="TOPIC_AUTHORIZATION_FAILED"):
        printed(answers, monkeypatch)
