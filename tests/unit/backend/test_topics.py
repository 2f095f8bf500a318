"""Names of topics, and a Kafka that is not there, on real sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from backend.errors import InvalidRequest, ServiceUnavailable
from backend.kafka_access import KafkaAccess
from backend.topic_names import names_of
from backend.topics import TopicAdmin

TOPIC = "ftransfer_ztf_2026-03-22_1"
NOW = datetime(2026, 3, 22, tzinfo=UTC)
CALLS: dict[str, Callable[[TopicAdmin], object]] = {
    "create": lambda topics: topics.create(TOPIC),
    "exists": lambda topics: topics.exists(TOPIC),
    "offsets": lambda topics: topics.offsets(TOPIC),
    "delete": lambda topics: topics.delete(TOPIC),
    "delete_expired": lambda topics: topics.delete_expired({TOPIC: NOW}, NOW + timedelta(days=9), timedelta(days=5)),
    "ping": lambda topics: topics.ping(),
}


def test_a_transfer_has_three_topics() -> None:
    assert names_of(TOPIC) == (TOPIC, f"{TOPIC}_schema", f"{TOPIC}_receipt")
    longest = "ftransfer_" + "x" * 231
    assert max(len(name) for name in names_of(longest)) == 249


@pytest.mark.parametrize(
    "name",
    [
        "ztf_2026",
        "ftransfer_",
        "ftransfer_ZTF",
        "ftransfer_a b",
        "ftransfer_a.b",
        "ftransfer_a\n",
        "ftransfer_a/../b",
        "__consumer_offsets",
        "ftransfer_a_schema",
        "ftransfer_a_receipt",
        "ftransfer_" + "x" * 232,
    ],
)
def test_another_name_is_refused_before_kafka_is_asked(name: str) -> None:
    topics = TopicAdmin(KafkaAccess("127.0.0.1:1"), timeout_s=0.1)
    for act in (topics.create, topics.delete):
        with pytest.raises(InvalidRequest, match="cannot be the topic of a transfer"):
            act(name)


@pytest.mark.parametrize("listens", [False, True], ids=["closed port", "silent port"])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_kafka_that_does_not_answer_is_named_in_time(
    call: Callable[[TopicAdmin], object], listens: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        if listens:
            bound.listen()
        servers = f"127.0.0.1:{bound.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(ServiceUnavailable, match=f"Kafka at {servers} cannot be reached") as caught:
            call(TopicAdmin(KafkaAccess(servers), timeout_s=1.0))
        assert time.monotonic() - started < 3
    assert caught.value.service == "Kafka"
    assert capfd.readouterr().err == "", "librdkafka's own complaints stay out of the terminal"


def test_without_expired_topics_kafka_is_not_asked() -> None:
    topics = TopicAdmin(KafkaAccess("127.0.0.1:1"), timeout_s=0.1)
    assert topics.delete_expired({TOPIC: NOW}, NOW + timedelta(days=4), timedelta(days=5)) == ()
