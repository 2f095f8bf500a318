"""The community's own client, ``finkctl`` of fink-client, in a Python environment of its own."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from stack.exclusive import exclusively
from stack.places import REPOSITORY

REQUIREMENT = "fink-client==12.3.0"
CACHE = REPOSITORY / ".finkctl"
INSTALLED_WITHIN_S = 280
READ_WITHIN_S = 120
POLL_TIMEOUT_S = 1
"""After so long without a message the client takes a topic to be read."""
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
    poll_timeout_s
        How long it waits for a message, in whole seconds.
    """

    def __init__(
        self, finkctl: Path, bootstrap_servers: str, home: Path, *, poll_timeout_s: int = POLL_TIMEOUT_S
    ) -> None:
        self._finkctl = str(finkctl)
        self._home = home
        home.mkdir(parents=True)
        # A group of its own for each run: a group goes on where it ended.
        group = f"group-{uuid.uuid4().hex}"
        named = ("-username", "tester", "-groupid", group, "-servers", bootstrap_servers)
        self._run("auth", "register", "-survey", "ztf", *named, "-maxtimeout", str(poll_timeout_s))

    @property
    def environment(self) -> Mapping[str, str]:
        """All of its environment."""
        return {"HOME": str(self._home), "PATH": "/usr/bin:/bin"}

    def transfer_command(
        self, topic: str, partition_by: PartitionBy | None = None, consumers: int = CONSUMERS
    ) -> list[str]:
        """What downloads a topic to the folder ``alerts`` in its home."""
        named = ["-survey", "ztf", "-topic", topic, "-outdir", str(self._home / "alerts")]
        partitioned = ["-partitionby", partition_by] if partition_by else []
        return [self._finkctl, "transfer", *named, "-nconsumers", str(consumers), *partitioned]

    def transfer(self, topic: str, partition_by: PartitionBy | None = None) -> Path:
        """Download a topic; the folder of its Parquet files."""
        _, *arguments = self.transfer_command(topic, partition_by)
        for _ in range(LAUNCHES):
            said = self._run(*arguments)
            if any((self._home / "alerts").rglob("*.parquet")):
                return self._home / "alerts"
        raise AssertionError(f"finkctl wrote nothing; it exits 0 all the same, and says: {said}")

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [self._finkctl, *arguments],
            env=dict(self.environment),
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
