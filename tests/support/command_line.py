"""``python -m backend`` in a process of its own, as a user or a program runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.config import Settings
from stack.places import REPOSITORY

ENDED_WITHIN_S = 200
NAMED_WITHIN_S = 10
"""Until a service that is away must be named."""
UNREACHABLE = "127.0.0.1:9"
SETTINGS = tuple(name.upper() for name in Settings.model_fields)


@dataclass(frozen=True)
class Answer:
    """What a command said, and how long that took."""

    code: int
    out: str
    notes: str
    seconds: float

    @property
    def json(self) -> Any:
        """The one JSON value on standard output; more or less than one is an error."""
        return json.loads(self.out)


class CommandLine:
    """The command line with settings of its own, and none of the developer's.

    Parameters
    ----------
    settings
        Environment variables.
    """

    def __init__(self, **settings: str) -> None:
        others = {name: value for name, value in os.environ.items() if name not in SETTINGS}
        self._environment: Mapping[str, str] = {**others, "PYTHONPATH": str(REPOSITORY), **settings}
        self._settings = settings

    def but(self, **settings: str) -> CommandLine:
        """The same with other settings."""
        return CommandLine(**{**self._settings, **settings})

    def __call__(self, *arguments: str | Path) -> Answer:
        """Run a command to its end."""
        began = time.monotonic()
        with self.running(*arguments) as process:
            out, notes = process.communicate(timeout=ENDED_WITHIN_S)
        assert "Traceback" not in notes, notes
        return Answer(process.returncode, out, notes, time.monotonic() - began)

    @contextmanager
    def running(self, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
        """A command, for a test that does something while it runs; it does not outlive the context."""
        command = [sys.executable, "-m", "backend", *map(str, arguments)]
        with subprocess.Popen(
            command,
            env=self._environment,
            cwd=self._settings["DATA_DIR"],  # no .env file there
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_as_from_a_terminal,
        ) as process:
            try:
                yield process
            finally:
                process.kill()


def _as_from_a_terminal() -> None:
    """Ctrl-C counts, also when the tests themselves run in the background, where it is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
