"""How long a transfer takes, from the façade's submission on, seen by a plain consumer of the topic."""

from __future__ import annotations

import time
from dataclasses import dataclass

from confluent_kafka import Consumer, TopicPartition

from backend.errors import TransferFailed
from backend.models import TransferRequest
from backend.transfers import Transfers

POLL_S = 0.1
DEADLINE_S = 900.0


@dataclass(frozen=True)
class TransferTimes:
    """Times of one transfer, in seconds from the submission."""

    topic: str
    published: int
    first_alert_s: float
    """Until the first alert was visible to a consumer that polls each 100 ms; the driver was cold."""
    total_s: float
    """Until the receipt was there."""


def time_transfer(transfers: Transfers, bootstrap_servers: str, request: TransferRequest) -> TransferTimes:
    """Submit the request and wait for its receipt.

    Raises
    ------
    TransferFailed
        The job failed, or took longer than the deadline.
    """
    began = time.monotonic()
    transfer = transfers.submit(request)
    first_alert_s = _until_first_alert(bootstrap_servers, transfer.topic, transfer.plan.kafka.partitions, began)
    while not (now := transfers.get(transfer.id)).phase.is_final:
        if time.monotonic() - began > DEADLINE_S:
            raise TransferFailed(f"{transfer.topic} did not end within {DEADLINE_S:g} s.")
        time.sleep(POLL_S)
    if now.receipt is None:
        raise TransferFailed(f"{transfer.topic} ended without a receipt: {now.message}")
    return TransferTimes(transfer.topic, now.receipt.published, first_alert_s, time.monotonic() - began)


def _until_first_alert(bootstrap_servers: str, topic: str, partitions: int, began: float) -> float:
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "bench", "fetch.wait.max.ms": 50})
    try:
        consumer.assign([TopicPartition(topic, partition, 0) for partition in range(partitions)])
        while time.monotonic() - began < DEADLINE_S:
            message = consumer.poll(POLL_S)
            if message is not None and message.error() is None:
                return time.monotonic() - began
    finally:
        consumer.close()
    raise TransferFailed(f"No alert came on {topic} within {DEADLINE_S:g} s.")
