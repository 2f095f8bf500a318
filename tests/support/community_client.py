"""The community's own client, ``finkctl`` of fink-client, in a Python environment of its own."""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

import pyarrow.parquet as pq

from stack.exclusive import exclusively
from stack.places import REPOSITORY

REQUIREMENT = "fink-client==12.3.0"
CACHE = REPOSITORY / ".finkctl"
INSTALLED_WITHIN_S = 280
READ_WITHIN_S = 120
POLL_TIMEOUT_S = 1
LAUNCHES = 3
"""The client gives up when the schema does not come within the time-out, and says to launch it again."""
CONSUMERS = 1
"""With several, two can wait for the last entry of the client's own queue of partitions, one of them for ever."""

PartitionBy = Literal["time", "finkclass"]
"""How the client sorts its files into folders."""


def provide_finkctl() -> Path:
    """The ``finkctl`` program; installed on the first call, kept for later sessions."""
    CACHE.mkdir(exist_ok=True)
    marker, environment = CACHE / "installed", CACHE / "venv"
    with exclusively(CACHE, lambda: print("another session is installing finkctl; waiting for it")):
        if not marker.is_file() or marker.read_text() != REQUIREMENT:
            marker.unlink(missing_ok=True)
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True, timeout=60)
            pip = [
                str(environment / "bin" / "python"),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ]
            subprocess.run([*pip, REQUIREMENT], check=True, timeout=INSTALLED_WITHIN_S)
            marker.write_text(REQUIREMENT)
    return environment / "bin" / "finkctl"


class CommunityClient:
    """One user of ``finkctl``, with a home folder of its own.

    Parameters
    ----------
    finkctl
        The program.
    bootstrap_servers
        The broker; the client speaks plain text only.
    home
        A new folder; gets its credentials and what it downloads.
    """

    def __init__(self, finkctl: Path, bootstrap_servers: str, home: Path) -> None:
        self._finkctl = str(finkctl)
        self._home = home
        home.mkdir(parents=True)
        # A group of its own for each run: a group goes on where it ended.
        group = f"group-{uuid.uuid4().hex}"
        named = ("-username", "tester", "-groupid", group, "-servers", bootstrap_servers)
        self._run("auth", "register", "-survey", "ztf", *named, "-maxtimeout", str(POLL_TIMEOUT_S))

    def transfer(self, topic: str, partition_by: PartitionBy | None = None) -> Path:
        """Download a topic; the folder of its Parquet files."""
        out = self._home / "alerts"
        how = ["-nconsumers", str(CONSUMERS)]
        if partition_by:
            how += ["-partitionby", partition_by]
        for _ in range(LAUNCHES):
            said = self._run("transfer", "-survey", "ztf", "-topic", topic, "-outdir", str(out), *how)
            if any(out.rglob("*.parquet")):
                return out
        raise AssertionError(f"finkctl wrote nothing; it exits 0 all the same, and says: {said}")

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [self._finkctl, *arguments],
            env={"HOME": str(self._home), "PATH": "/usr/bin:/bin"},
            cwd=self._home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=READ_WITHIN_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


def alerts_on_disk(folder: Path, partition_by: PartitionBy | None) -> list[tuple[Any, Any]]:
    """``candid`` and ``finkclass`` of each row that the client wrote, in order, read file by file.

    By ``finkclass`` the class is the folder's name alone, percent-encoded: ``finkclass=OH%2FIR%2A``.
    """
    rows: list[tuple[Any, Any]] = []
    for path in folder.rglob("*.parquet"):
        with pq.ParquetFile(path) as file:
            candids = file.read(["candid"]).column(0).to_pylist()
            if partition_by == "finkclass":
                classes: list[Any] = [unquote(path.parent.name.removeprefix("finkclass="))] * len(candids)
            else:
                classes = file.read(["finkclass"]).column(0).to_pylist()
        rows += zip(candids, classes, strict=True)
    return sorted(rows)
