"""What a server of a stack can do, and the ground of those that are one process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Protocol

import requests

from stack.processes import ServerProcess

ANSWER_TIMEOUT_S = 2.0


class Server(Protocol):
    """A server, or several that are one to their clients; it can be stopped, killed and started again where it was."""

    @property
    def address(self) -> str:
        """Where its clients find it; the same over restarts."""

    @property
    def pid(self) -> int | None:
        """Its process id; None when it is not running."""

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""

    @property
    def log_file(self) -> Path:
        """Where its output goes."""

    def start(self) -> None:
        """Start it without waiting."""

    def wait_until_ready(self) -> None:
        """Wait until it does its work.

        Raises
        ------
        ServiceUnavailable
            When it ends or does not answer; with the end of its log.
        """

    def stop(self) -> None:
        """Stop it in order."""

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""


class ProcessServer(ABC):
    """A `Server` that is one process.

    Parameters
    ----------
    name
        As the user knows it.
    log_file
        Where its output goes.
    """

    def __init__(self, name: str, log_file: Path) -> None:
        self._process = ServerProcess(name, log_file)

    @property
    @abstractmethod
    def address(self) -> str:
        """Where its clients find it; the same over restarts."""

    @property
    def pid(self) -> int | None:
        """Its process id; None when it is not running."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process.is_running

    @property
    def log_file(self) -> Path:
        """Where its output goes."""
        return self._process.log_file

    @abstractmethod
    def start(self) -> None:
        """Start it without waiting."""

    @abstractmethod
    def wait_until_ready(self) -> None:
        """Wait until it does its work."""

    def stop(self) -> None:
        """Stop it, with the processes that it started."""
        self._process.stop()

    def kill(self) -> None:
        """End it and what it started with SIGKILL, as a crash of the machine would."""
        self._process.kill()


def loopback_session() -> requests.Session:
    """A session for servers of this machine: no proxy lies between us and loopback."""
    session = requests.Session()
    session.trust_env = False
    return session


def json_from(url: str) -> Any:
    """What a server of this machine answers; None while it does not, or with an error."""
    try:
        with loopback_session() as session:
            answer = session.get(url, timeout=ANSWER_TIMEOUT_S)
            return answer.json() if answer.ok else None
    except (requests.RequestException, ValueError):
        return None
