"""A topic into DuckDB, light alerts and full packets, beside what fastavro takes to decode it and throw that away."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import fastavro

from backend.alert_stream import AlertStream
from backend.kafka_access import KafkaAccess
from backend.models import Content
from benchmarks.archives import Archive, provide_archive
from benchmarks.bench import Bench, request_for
from benchmarks.figures import Figure, Unit, at_least, at_most
from benchmarks.timed_command import Used, timed

LIGHT_PER_S, FULL_PER_S, FULL_MB_PER_S = 60_000.0, 1_500.0, 70.0
MEMORY_GIB = 1.2e9 / 2**30
PEER = "fastavro, decoding only"
PEER_MESSAGES = 20_000
BATCH_BYTES = 48_000_000
FETCH_TIMEOUT_S = 10.0
LONGEST_S = 600.0


def measure(bench: Bench) -> list[Figure]:
    """A transfer of each, read again and again, each time by a process of its own into a fresh store."""
    nights = provide_archive(bench.folder, bench.alerts, bench.say, nights=2, stamps="none")
    alerts, _, light, light_peer = _read(bench, nights, Content.LIGHTCURVE)
    full_alerts, size, full, full_peer = _read(bench, bench.full_night(), Content.FULL)
    rates = tuple(full_alerts / run.wall_s for run in full)
    return [
        Figure(
            "reading",
            "topic to DuckDB, Lightcurve",
            Unit.ALERTS_PER_S,
            tuple(alerts / run.wall_s for run in light),
            at_least(LIGHT_PER_S),
            PEER,
            light_peer,
            f"{alerts:,} alerts, each stored once; the whole process, from its start to its end",
        ),
        Figure(
            "reading",
            "topic to DuckDB, Full packet",
            Unit.ALERTS_PER_S,
            rates,
            at_least(FULL_PER_S),
            PEER,
            full_peer,
            f"{full_alerts:,} alerts of {size:,.0f} B; the whole process",
        ),
        Figure(
            "reading",
            "… in bytes",
            Unit.MB_PER_S,
            tuple(rate * size / 1e6 for rate in rates),
            at_least(FULL_MB_PER_S),
            note="of encoded alerts",
        ),
        Figure(
            "reading",
            "… memory",
            Unit.GIB,
            tuple(run.peak_bytes / 2**30 for run in full),
            at_most(MEMORY_GIB),
            note=f"largest resident size, of {full_alerts * size / 1e9:.1f} GB; 1.2 GB are promised",
        ),
    ]


def _read(bench: Bench, archive: Archive, content: Content) -> tuple[int, float, list[Used], tuple[float, ...]]:
    """Number and size of the alerts, our processes, and the peer's speeds."""
    ours: list[Used] = []
    peer: list[float] = []
    with bench.installation(archive, "local[2]") as here:
        servers = here.broker.bootstrap_servers

        def read(topic: str) -> None:
            for _ in range(bench.runs):
                ours.append(_stored(servers, topic, bench.folder))
                peer.append(_decoded_per_s(servers, topic))
                bench.say(f"  read: {ours[-1].wall_s:.1f} s; decoded by fastavro: {peer[-1]:,.0f} alerts/s")

        run = here.run(request_for(archive, content), read)
    return run.alerts, run.alert_bytes, ours, tuple(peer)


def _stored(servers: str, topic: str, work_dir: Path) -> Used:
    folder = Path(tempfile.mkdtemp(prefix="reading-", dir=work_dir))
    command = [sys.executable, "-m", "benchmarks.reading_process", servers, topic, str(folder)]
    try:
        return timed(command, folder / "said.log", LONGEST_S, os.environ)
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
