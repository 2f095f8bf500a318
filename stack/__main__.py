"""``python -m stack``: run the embedded Kafka and Livy in the foreground."""

from __future__ import annotations

import signal
import sys
import threading
import time
from types import FrameType

if sys.version_info[:2] != (3, 11):
    sys.exit(f"Alert Quicklook needs Python 3.11, as pyspark 3.5 does; this is {sys.version.split()[0]}.")

from backend.config import Settings
from backend.errors import QuicklookError
from stack.embedded import EmbeddedStack

WATCH_EVERY_S = 0.5


class _Stopped(BaseException):
    """Ctrl-C, SIGTERM or SIGHUP came: leave in order."""


def main() -> int:
    """Run until stopped; give the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_stopped)
    started = time.monotonic()

    def report(step: str) -> None:
        print(f"[{time.monotonic() - started:6.1f} s] {step}", flush=True)

    try:
        with EmbeddedStack(Settings(), report) as stack:
            report(f"ready: KAFKA_BOOTSTRAP_SERVERS={stack.kafka_bootstrap_servers} LIVY_URL={stack.livy_url}")
            report("Ctrl-C stops both, and the jobs that Livy runs.")
            try:
                return _watch(stack)
            finally:
                report("stopping")
    except QuicklookError as error:
        print(error, file=sys.stderr)
        return 1
    except _Stopped:
        report("stopped: nothing is left running")
        return 0


def _watch(stack: EmbeddedStack) -> int:
    never = threading.Event()
    while not never.wait(WATCH_EVERY_S):
        for name, server in stack.servers.items():
            if not server.is_running:
                print(f"{name} has ended; stopping the rest. Its log: {server.log_file}", file=sys.stderr)
                return 1
    return 0


def _raise_stopped(number: int, frame: FrameType | None) -> None:
    raise _Stopped


if __name__ == "__main__":
    sys.exit(main())
