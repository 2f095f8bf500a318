"""How fast a topic is read into DuckDB, beside what fastavro takes to decode it and throw the result away."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import fastavro

from backend.alert_store import AlertStore
from backend.alert_stream import AlertStream
from backend.errors import TransferFailed
from backend.ingest import Ingest
from backend.models import Phase

PEER_MESSAGES = 20_000
BATCH_BYTES = 48_000_000


@dataclass(frozen=True)
class ReadingTimes:
    """Alerts per second."""

    store_per_s: float
    peer_per_s: float


def time_reading(bootstrap_servers: str, topic: str, work_dir: Path) -> ReadingTimes:
    """Read a whole topic into a fresh store; then decode some of the same messages with fastavro."""
    folder = Path(tempfile.mkdtemp(prefix="reading-", dir=work_dir))
    try:
        with AlertStore(folder / "bench.duckdb") as store:
            began = time.monotonic()
            ingest = Ingest(bootstrap_servers, topic, store, lambda: Phase.COMPLETED)
            ingest.start()
            ingest.join()
            elapsed_s = time.monotonic() - began
            if not ingest.progress.complete:
                raise TransferFailed(f"{topic} was not read completely: {ingest.progress.message}")
            store_per_s = ingest.progress.distinct / elapsed_s
    finally:
        shutil.rmtree(folder)
    return ReadingTimes(store_per_s, _peer_per_s(bootstrap_servers, topic))


def _peer_per_s(bootstrap_servers: str, topic: str) -> float:
    with AlertStream(bootstrap_servers, topic) as stream:
        schema = fastavro.parse_schema(json.loads(stream.read_schema() or "null"))
        values = stream.read(PEER_MESSAGES, BATCH_BYTES, timeout_s=10.0).values
    began = time.monotonic()
    for value in values:
        fastavro.schemaless_reader(io.BytesIO(value), schema, None)
    return len(values) / (time.monotonic() - began)
