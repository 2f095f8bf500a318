"""What a job says on its receipt topic, written by a test in its place."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from confluent_kafka import Producer


def say(bootstrap_servers: str, topic: str, key: str, record: dict[str, Any], ago: timedelta = timedelta(0)) -> None:
    """Write one record about the transfer of a topic, as if that had been some time ago."""
    producer = Producer({"bootstrap.servers": bootstrap_servers})
    timestamp_ms = int((datetime.now(UTC) - ago).timestamp() * 1000)
    producer.produce(f"{topic}_receipt", key=key, value=json.dumps(record), partition=0, timestamp=timestamp_ms)
    assert producer.flush(30) == 0, "Kafka did not take the record"


def report(step: str = "publishing", elapsed_s: float = 10.0, **more: int) -> dict[str, Any]:
    """A sign of life."""
    counts = {"nights_done": 1, "nights": 4, "files_done": 5, "files": 20, "alerts": 1000}
    return {"step": step, **counts, "elapsed_s": elapsed_s, **more}
