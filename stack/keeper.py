"""Runs one server and ends it, with everything it started, when its owner stops or dies in whatever way.

A program of its own, started by ``stack.processes`` with a bare Python: ``keeper.py GRACE_S COMMAND...``. The owner
holds the other end of its standard input and never writes: the end of that stream means *stop*, and it comes even
when the owner was killed with SIGKILL. The server's process id is written to standard output, once.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time

POLL_S = 0.2


def keep(grace_s: float, command: list[str]) -> int:
    """Run ``command`` until it ends or the owner goes; then end its whole process group. Give its exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr.fileno(),
        start_new_session=True,  # its children, such as Spark drivers, share its group
        restore_signals=True,
        preexec_fn=_restore_signals,
    )
    os.write(sys.stdout.fileno(), f"{server.pid}\n".encode())
    while server.poll() is None and not _owner_is_gone():
        pass
    end_group(server, grace_s)
    return server.wait()


def end_group(server: "subprocess.Popen[bytes]", grace_s: float) -> None:
    """End the server's process group: SIGTERM, then SIGKILL to what is left after ``grace_s`` seconds."""
    _signal_group(server.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while time.monotonic() < deadline:
        server.poll()
        if not _signal_group(server.pid, 0):
            return
        time.sleep(0.05)
    _signal_group(server.pid, signal.SIGKILL)


def _restore_signals() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _owner_is_gone() -> bool:
    readable, _, _ = select.select([0], [], [], POLL_S)
    return bool(readable) and os.read(0, 1024) == b""


def _signal_group(group: int, number: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
        return True
    return False


if __name__ == "__main__":
    sys.exit(keep(float(sys.argv[1]), sys.argv[2:]) & 0xFF)
