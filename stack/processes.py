"""Servers as plain processes: start, wait until they answer, stop, and see who is left over."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from backend.errors import ServiceUnavailable

POLL_S = 0.1
STOP_GRACE_S = 10.0
LOG_TAIL_LINES = 15
LOG_TAIL_BYTES = 8192
HOST = "127.0.0.1"
_KEEPER = Path(__file__).with_name("keeper.py")


class ServerProcess:
    """One server, in a process group of its own that ends with this process, however this process ends.

    Parameters
    ----------
    name
        As the user knows it: ``Kafka``, ``Livy``.
    log_file
        Where its output goes; each start begins it anew, the one before is kept as ``*.log.1``.
    """

    def __init__(self, name: str, log_file: Path) -> None:
        self.name = name
        self.log_file = log_file
        self._keeper: subprocess.Popen[bytes] | None = None
        self._server_pid: int | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the server itself, and of its group; None when it was not started."""
        return self._server_pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._keeper is not None and self._keeper.poll() is None

    def start(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start ``command``; with the current environment when none is given."""
        self._end_last_group()
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            self.log_file.replace(self.log_file.with_name(f"{self.log_file.name}.1"))
        keeper = (sys.executable, "-I", "-S", str(_KEEPER), str(STOP_GRACE_S))
        with self.log_file.open("wb") as log:
            self._keeper = subprocess.Popen(
                [*keeper, *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,  # Ctrl-C in the terminal is for the owner, who then stops us in order
            )
        assert self._keeper.stdout is not None
        line = self._keeper.stdout.readline().strip()
        self._server_pid = int(line) if line else None

    def wait_until_ready(self, answers: Callable[[], bool], timeout_s: float) -> None:
        """Wait until ``answers()`` is true.

        Raises
        ------
        ServiceUnavailable
            When the server ends first or the time is over; the message has the end of its log.
        """
        deadline = time.monotonic() + timeout_s
        while not answers():
            if not self.is_running:
                raise self._failure("ended while it was starting")
            if time.monotonic() > deadline:
                raise self._failure(f"did not answer within {timeout_s:.0f} s")
            time.sleep(POLL_S)

    def stop(self) -> None:
        """End it with all it started: SIGTERM, then SIGKILL to what is left. Does nothing when it is not running."""
        if self._keeper is None:
            return
        if self._keeper.stdin is not None:
            self._keeper.stdin.close()  # the keeper takes this as the word to stop
        try:
            self._keeper.wait(STOP_GRACE_S + 5)
        except subprocess.TimeoutExpired:
            self.kill()
        self._forget()

    def kill(self) -> None:
        """End the server's group at once with SIGKILL, as a crash would."""
        if self._keeper is None:
            return
        if self._server_pid is not None and self.is_running:
            with suppress(ProcessLookupError):
                os.killpg(self._server_pid, signal.SIGKILL)
        try:
            self._keeper.wait(STOP_GRACE_S + 5)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
            self._keeper.wait()
        self._forget()

    def log_tail(self) -> str:
        """The last lines of its log, without the frames of Java's stack traces, which hide the cause."""
        with self.log_file.open("rb") as log:
            log.seek(max(0, self.log_file.stat().st_size - LOG_TAIL_BYTES))
            lines = log.read().decode(errors="replace").splitlines()
        telling = [line for line in lines if not line.startswith("\tat ")]
        return "\n".join(telling[-LOG_TAIL_LINES:])

    def _end_last_group(self) -> None:
        """End what a crash of the server or of its keeper has left of the last run."""
        if self._server_pid is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._server_pid, signal.SIGKILL)
        self._forget()

    def _forget(self) -> None:
        if self._keeper is not None:
            for pipe in (self._keeper.stdin, self._keeper.stdout):
                if pipe is not None:
                    pipe.close()
        self._keeper = self._server_pid = None

    def _failure(self, what: str) -> ServiceUnavailable:
        return ServiceUnavailable(
            self.name, f"{self.name} {what}. The end of its log:\n{self.log_tail()}", f"\nThe log: {self.log_file}"
        )


def choose_port(preferred: int) -> int:
    """Give ``preferred`` if nobody listens there, else a free port (any free one for 0)."""
    if preferred and _is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one that just closed is free
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) != 0


def end_processes_marked(mark: str) -> list[int]:
    """End the processes that have ``mark`` among their arguments; give their ids.

    Only what the stack started has the mark, which names its ``DATA_DIR``: this is how the servers that a crashed
    stack left over are told from everybody else's, even after their ids were given to others.
    """
    found = list(_processes_marked(mark))
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in _processes_marked(mark):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        deadline = time.monotonic() + STOP_GRACE_S
        while any(_processes_marked(mark)) and time.monotonic() < deadline:
            time.sleep(POLL_S)
    return found


def _processes_marked(mark: str) -> Iterator[int]:
    for pid, arguments in _command_lines():
        if mark in arguments and pid != os.getpid():
            yield pid


def _command_lines() -> Iterator[tuple[int, list[str]]]:
    processes = Path("/proc")
    if (processes / "self" / "cmdline").is_file():
        for folder in processes.glob("[0-9]*"):
            with suppress(OSError):
                yield int(folder.name), (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        return
    listing = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, timeout=10)
    for line in listing.stdout.splitlines():
        pid, _, command = line.strip().partition(" ")
        yield int(pid), command.split()
