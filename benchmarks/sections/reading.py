"""A topic of light alerts into DuckDB, beside what fastavro takes to decode it and throw the result away."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
import time
from pathlib import Path

import fastavro

from backend.alert_store import AlertStore
from backend.alert_stream import AlertStream
from backend.errors import TransferFailed
from backend.ingest import Ingest
from backend.kafka_access import KafkaAccess
from backend.models import Content, Phase
from benchmarks.bench import Bench, request_for
from benchmarks.figures import Figure, Unit

PEER_MESSAGES = 20_000
BATCH_BYTES = 48_000_000
FETCH_TIMEOUT_S = 10.0


def measure(bench: Bench) -> list[Figure]:
    """One transfer, read again and again, each time into a fresh store."""
    archive = bench.night()
    ours: list[float] = []
    peer: list[float] = []
    with bench.installation(archive, "local[1]") as here:
        servers = here.broker.bootstrap_servers

        def read(topic: str) -> None:
            for _ in range(bench.runs):
                ours.append(_stored_per_s(servers, topic, bench.folder))
                peer.append(_decoded_per_s(servers, topic))
                bench.say(f"  read: {ours[-1]:,.0f} alerts/s; decoded by fastavro: {peer[-1]:,.0f} alerts/s")

        run = here.run(request_for(archive, Content.LIGHTCURVE), read)
    return [
        Figure(
            "reading",
            "topic to DuckDB on disk",
            Unit.ALERTS_PER_S,
            tuple(ours),
            peer="fastavro, decoding only",
            peer_values=tuple(peer),
            note=f"{run.alerts:,} light alerts, each known once; decoded, stored with offsets, told complete",
        )
    ]


def _stored_per_s(bootstrap_servers: str, topic: str, work_dir: Path) -> float:
    folder = Path(tempfile.mkdtemp(prefix="reading-", dir=work_dir))
    try:
        with AlertStore(folder / "bench.duckdb") as store:
            began = time.monotonic()
            ingest = Ingest(KafkaAccess(bootstrap_servers), topic, store, lambda: Phase.COMPLETED)
            ingest.start()
            ingest.join()
            elapsed_s = time.monotonic() - began
            if not ingest.progress.complete:
                raise TransferFailed(f"{topic} was not read completely: {ingest.progress.message}")
            return ingest.progress.distinct / elapsed_s
    finally:
        shutil.rmtree(folder)


def _decoded_per_s(bootstrap_servers: str, topic: str) -> float:
    with AlertStream(KafkaAccess(bootstrap_servers), topic) as stream:
        schema = fastavro.parse_schema(json.loads(stream.read_schema() or "null"))
        values = stream.read(PEER_MESSAGES, BATCH_BYTES, FETCH_TIMEOUT_S).values
    began = time.monotonic()
    for value in values:
        fastavro.schemaless_reader(io.BytesIO(value or b""), schema, None)
    return len(values) / (time.monotonic() - began)
