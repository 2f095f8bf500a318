"""A command that runs servers in the foreground: steps with their time, and one orderly way out."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

from backend.errors import QuicklookError

Report = Callable[[str], None]


class _Stopped(BaseException):
    """Ctrl-C, SIGTERM or SIGHUP came: leave in order."""


def run_in_foreground(run: Callable[[Report], int]) -> int:
    """Run until the end or until stopped; give the exit code.

    Parameters
    ----------
    run
        Does the work in contexts that stop what they started; is handed what reports a step.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_stopped)
    started = time.monotonic()

    def report(step: str) -> None:
        print(f"[{time.monotonic() - started:6.1f} s] {step}", flush=True)

    try:
        return run(report)
    except QuicklookError as error:
        print(error, file=sys.stderr)
        return 1
    except _Stopped:
        report("stopped: nothing is left running")
        return 0


def _raise_stopped(number: int, frame: FrameType | None) -> None:
    raise _Stopped
