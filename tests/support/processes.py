"""Processes of this machine, seen from outside: whose they are, and where they listen."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_LISTENING = "0A"
LOOPBACK = {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}
"""127.0.0.1, ::1 and ::ffff:127.0.0.1 as the kernel writes them on a little-endian machine."""


def processes_of(folder: Path) -> list[int]:
    """Everything whose command line names the folder, which servers, their keepers, drivers and executors do."""
    name = str(folder).encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if name in (process / "cmdline").read_bytes() and int(process.name) != os.getpid():
                found.append(int(process.name))
    return found


def listening_beyond_loopback(pids: Iterable[int]) -> dict[str, int]:
    """Sockets of these processes that others than this machine could reach: address -> process id."""
    owners = {}
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                owners[str(descriptor.readlink())] = pid
    found = {}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            owner = owners.get(f"socket:[{inode}]")
            if owner is not None and state == _LISTENING and local.partition(":")[0] not in LOOPBACK:
                found[local] = owner
    return found
