"""The whole product as ``make run`` starts it, with a hand on each of its processes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.errors import QuicklookError
from stack.places import REPOSITORY
from stack.processes import choose_port
from tests.support.command_line import SETTINGS

START_S = 420.0
"""Sky and statistics are made first, on a machine that may do other things as well."""
STOP_S = 60.0
POLL_S = 0.2
MAIN_CLASSES = {"Kafka": "kafka.Kafka", "Livy": "org.apache.livy.server.LivyServer"}
_READY = re.compile(r"ready: (http://\S+)")


class LaunchedProduct:
    """The launcher in a process of its own, with an empty ``DATA_DIR`` and none of the developer's settings.

    Parameters
    ----------
    data_dir
        Where everything variable goes; a temporary folder.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._output = data_dir / "launcher.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    @property
    def kafka_servers(self) -> str:
        """Where its Kafka answers."""
        addresses = json.loads((self._data_dir / "stack" / "addresses.json").read_text(encoding="utf-8"))
        return str(addresses["kafka_bootstrap_servers"])

    def __enter__(self) -> LaunchedProduct:
        environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "launcher", "--port", str(choose_port(0))],
                env={**environment, "PYTHONPATH": str(REPOSITORY), "DATA_DIR": str(self._data_dir)},
                cwd=self._data_dir,  # no .env file there
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            self.url = self._wait_for_address()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    @property
    def output(self) -> str:
        """What the launcher has said so far."""
        return self._output.read_text(errors="replace")

    def pid_of(self, server: str) -> int:
        """Process id of ``Kafka`` or ``Livy``, as it runs now.

        Raises
        ------
        LookupError
            It does not run.
        """
        mark = f"-Dquicklook.stack={self._data_dir / 'stack'}"
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal():
                arguments = _arguments(folder)
                is_java = Path(arguments[0]).name == "java"  # its keeper has the same arguments
                if is_java and mark in arguments and MAIN_CLASSES[server] in arguments:
                    return int(folder.name)
        raise LookupError(f"{server} does not run.")

    @contextmanager
    def killed(self, server: str) -> Iterator[None]:
        """Without the server, which crashes at the beginning; at the end the launcher may start it again.

        The launcher stands still meanwhile: it starts a server again within seconds, before anyone has seen a thing.
        """
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            os.kill(self.pid_of(server), signal.SIGKILL)
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _wait_for_address(self) -> str:
        assert self._process is not None
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self._process.poll() is None:
            if found := _READY.search(self.output):
                return found[1]
            time.sleep(POLL_S)
        raise QuicklookError("The dashboard did not start.", f"The launcher said:\n{self.output}")

    def _stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise


def _arguments(folder: Path) -> list[str]:
    try:
        return (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []  # it has ended since the folder was listed
