"""A topic into Parquet by time, light alerts and full packets, beside the community's client, each as a process."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow.dataset as ds

from backend.errors import TransferFailed
from backend.models import Content
from benchmarks.archives import Archive, provide_archive
from benchmarks.bench import Bench, request_for
from benchmarks.community_client import CommunityClient, provide_finkctl
from benchmarks.figures import Figure, Unit, at_least
from benchmarks.timed_command import Used, timed

LIGHT_TIMES, FULL_TIMES = (10.0, 5.0), (3.0, 3.0)
"""How many times as fast as the peer, and with how many times less processor time."""
CONSUMERS, POLL_TIMEOUT_S = 10, 2
"""The client's best settings on two cores."""
PEER = f"finkctl, {CONSUMERS} consumers"
LONGEST_S = 1_200.0


def measure(bench: Bench) -> list[Figure]:
    """A transfer of each, fetched by both in turns into fresh folders, with the same alerts in the end."""
    light = provide_archive(bench.folder, bench.alerts, bench.say, nights=2, stamps="none")
    return [
        *_compared(bench, light, Content.LIGHTCURVE, "light alerts", LIGHT_TIMES),
        *_compared(bench, bench.full_night(), Content.FULL, "full packets", FULL_TIMES),
    ]


def _compared(bench: Bench, archive: Archive, content: Content, what: str, times: tuple[float, float]) -> list[Figure]:
    finkctl = provide_finkctl()
    ours: list[Used] = []
    peer: list[Used] = []
    with bench.installation(archive, "local[2]") as here:
        servers = here.broker.bootstrap_servers

        def fetch(topic: str) -> None:
            for number in range(bench.runs):
                folder = Path(tempfile.mkdtemp(prefix="fetch-", dir=bench.folder))
                try:
                    ours.append(_ours(servers, topic, folder))
                    bench.say(f"  fetch: {ours[-1].wall_s:.1f} s, {ours[-1].cpu_s:.1f} s of processor")
                    if number < bench.peer_runs:
                        peer.append(_peers(finkctl, servers, topic, folder))
                        bench.say(f"  finkctl: {peer[-1].wall_s:.1f} s, {peer[-1].cpu_s:.1f} s of processor")
                        _check_same(folder / "ours", folder / "theirs" / "alerts")
                finally:
                    shutil.rmtree(folder)

        run = here.run(request_for(archive, content), fetch)
    figures = [
        Figure(
            "fetch",
            f"{what} to Parquet by time",
            Unit.ALERTS_PER_S,
            tuple(run.alerts / each.wall_s for each in ours),
            peer=PEER,
            peer_values=tuple(run.alerts / each.wall_s for each in peer),
            note=f"{run.alerts:,} alerts of {run.alert_bytes:,.0f} B; whole processes, the same alerts in the end",
        )
    ]
    if peer:
        faster = statistics.median(each.wall_s for each in peer) / statistics.median(each.wall_s for each in ours)
        cheaper = statistics.median(each.cpu_s for each in peer) / statistics.median(each.cpu_s for each in ours)
        figures += [
            Figure("fetch", "… times as fast", Unit.RATIO, (faster,), at_least(times[0])),
            Figure("fetch", "… times less processor time", Unit.RATIO, (cheaper,), at_least(times[1])),
        ]
    return figures


def _ours(servers: str, topic: str, folder: Path) -> Used:
    where = ["--servers", servers, "--out", str(folder / "ours")]
    command = [sys.executable, "-m", "backend", "fetch", topic, *where, "--partition-by", "time"]
    return timed(command, folder / "ours.log", LONGEST_S, os.environ)


def _peers(finkctl: Path, servers: str, topic: str, folder: Path) -> Used:
    client = CommunityClient(finkctl, servers, folder / "theirs", poll_timeout_s=POLL_TIMEOUT_S)
    command = client.transfer_command(topic, "time", CONSUMERS)
    return timed(command, folder / "theirs.log", LONGEST_S, client.environment)


def _check_same(ours: Path, theirs: Path) -> None:
    if not np.array_equal(_candids(ours), _candids(theirs)):
        raise TransferFailed(
            "The two have not written the same alerts.", "The peer has perhaps given up: measure again."
        )


def _candids(folder: Path) -> np.ndarray:
    files = [str(path) for path in folder.rglob("*.parquet")]
    return np.sort(ds.dataset(files, format="parquet").to_table(columns=["candid"]).column("candid").to_numpy())
