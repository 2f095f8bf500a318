"""What processes use, as Linux tells it: memory of a job's processes, processor time of a server."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used, its threads together."""
    after_name = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / TICKS_PER_S  # utime and stime


class PeakMemory:
    """The largest resident memory of each process of a job: those that name it, and what they started.

    Parameters
    ----------
    mark
        A word of the command lines of the job's driver: its topic.
    """

    def __init__(self, mark: str) -> None:
        self._mark = mark.encode()
        self._peaks: dict[int, int] = {}

    @property
    def bytes(self) -> int:
        """Of all of them together, each at its own largest."""
        return sum(self._peaks.values())

    def look(self) -> None:
        """Ask for the largest so far; a process that ends afterwards stays counted."""
        parents: dict[int, int] = {}
        ours: set[int] = set()
        for folder in PROC.glob("[0-9]*"):
            with suppress(OSError, ValueError):  # it has ended since it was listed
                status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
                pid = int(folder.name)
                parents[pid] = int(status["PPid"])
                if "VmHWM" in status and (pid in self._peaks or self._mark in (folder / "cmdline").read_bytes()):
                    ours.add(pid)
        for pid in _with_descendants(ours, parents):
            with suppress(OSError, StopIteration):
                self._peaks[pid] = max(self._peaks.get(pid, 0), _largest_resident(pid))


def _largest_resident(pid: int) -> int:
    lines = (PROC / str(pid) / "status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def _with_descendants(roots: set[int], parents: dict[int, int]) -> set[int]:
    found = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found
