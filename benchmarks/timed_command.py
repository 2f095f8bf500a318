"""A command as a whole process: how long it takes, what it uses, and an end when it takes too long."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.errors import TransferFailed

LOOK_S = 0.02
SAID_BYTES = 2_000


@dataclass(frozen=True)
class Used:
    """What a command and the processes it waited for have used.

    Attributes
    ----------
    wall_s, cpu_s
        From its start to its end, and of all processors.
    peak_bytes
        The largest resident size that one of its processes had.
    """

    wall_s: float
    cpu_s: float
    peak_bytes: int


def timed(command: Sequence[str], log_file: Path, timeout_s: float, environment: Mapping[str, str]) -> Used:
    """Run a command to its end.

    Parameters
    ----------
    log_file
        Gets what it says.
    timeout_s
        Then it is ended, with all that it has started, in seconds.
    environment
        All of its environment.

    Raises
    ------
    TransferFailed
        It has failed; the message has the end of what it said.
    TimeoutError
        It takes too long.
    """
    began = time.monotonic()
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=dict(environment), start_new_session=True
        )
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        wall_s = time.monotonic() - began
        if pid:
            break
        if wall_s > timeout_s:
            os.killpg(process.pid, signal.SIGKILL)
            os.wait4(process.pid, 0)
            raise TimeoutError(f"{command[0]} has not ended within {timeout_s:g} s.")
        time.sleep(LOOK_S)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said = log_file.read_bytes()[-SAID_BYTES:].decode(errors="replace")
        raise TransferFailed(f"{' '.join(command[:4])} … has failed with {process.returncode}: {said}")
    return Used(wall_s, usage.ru_utime + usage.ru_stime, 1024 * usage.ru_maxrss)
