"""One Kafka process that is broker and controller (KRaft)."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from backend.errors import ServiceUnavailable
from stack.private_files import write_privately
from stack.servers import ProcessServer

READY_TIMEOUT_S = 120
"""Three brokers on a small machine, beside all that a cluster is, take their time."""
FORMAT_TIMEOUT_S = 60
ANSWER_TIMEOUT_S = 2.0
_IMPATIENT = {
    "socket.timeout.ms": int(ANSWER_TIMEOUT_S * 1000),
    "reconnect.backoff.max.ms": 200,
    "log_level": 0,  # until it is up, each attempt would write a line
}

ClientSettings = dict[str, str | int | float | bool]


def settings_of_client(address: str, login: Mapping[str, str]) -> ClientSettings:
    """Settings of a client that asks whether somebody is there."""
    return {"bootstrap.servers": address, **_IMPATIENT, **login}


class KafkaBroker(ProcessServer):
    """A broker of a cluster, which can be stopped, killed and started again alone; it keeps its data and ports.

    Parameters
    ----------
    number
        Its id in the cluster.
    name, log_file
        What it is called, and where its output goes.
    java
        The command up to Kafka's main class.
    folder
        Its configuration and data.
    properties
        The lines of its ``server.properties``; they may hold secrets.
    cluster_id
        The cluster that a new data folder is made for.
    address
        ``host:port`` of the clients' listener.
    inner_settings
        The settings of a client on the brokers' own listener.
    """

    def __init__(
        self,
        number: int,
        name: str,
        log_file: Path,
        java: Sequence[str],
        folder: Path,
        properties: str,
        cluster_id: str,
        address: str,
        inner_settings: ClientSettings,
    ) -> None:
        super().__init__(name, log_file)
        self.number = number
        self.inner_settings = inner_settings
        self._address = address
        self._java = tuple(java)
        self._file = folder / "server.properties"
        self._data = folder / "data"
        self._properties = f"{properties}log.dirs={self._data}\n"
        self._cluster_id = cluster_id

    @property
    def address(self) -> str:
        """``host:port`` of the clients' listener."""
        return self._address

    def start(self) -> None:
        """Start it without waiting."""
        write_privately(self._file, self._properties)
        self._format_once()
        self._process.start([*self._java, "kafka.Kafka", str(self._file)])

    def wait_until_ready(self) -> None:
        """Wait until it takes part in the cluster and answers.

        Raises
        ------
        ServiceUnavailable
            When it ends or does not answer; with the end of its log.
        """
        self.wait_for(lambda: self.number in self.known_brokers(), READY_TIMEOUT_S)

    def known_brokers(self) -> set[int]:
        """The numbers of the living brokers that it knows; none while it does not answer."""
        try:
            return set(AdminClient(self.inner_settings).list_topics(timeout=ANSWER_TIMEOUT_S).brokers)
        except KafkaException:
            return set()

    def wait_for(self, answers: Callable[[], bool], timeout_s: float) -> None:
        """Wait until ``answers()`` is true; raises as `wait_until_ready` does."""
        self._process.wait_until_ready(answers, timeout_s)

    def _format_once(self) -> None:
        if (self._data / "meta.properties").is_file():
            return
        shutil.rmtree(self._data, ignore_errors=True)  # a format that was interrupted
        tool = ("kafka.tools.StorageTool", "format", f"--cluster-id={self._cluster_id}", "-c", str(self._file))
        try:
            subprocess.run([*self._java, *tool], capture_output=True, text=True, timeout=FORMAT_TIMEOUT_S, check=True)
        except subprocess.CalledProcessError as error:
            message = f"Kafka's storage in {self._data} cannot be prepared: {(error.stderr or error.stdout)[-1000:]}"
            raise ServiceUnavailable("Kafka", message, "Is the disk full, or not ours to write to?") from error
        except subprocess.TimeoutExpired as error:
            raise ServiceUnavailable("Kafka", f"Preparing {self._data} took over {FORMAT_TIMEOUT_S} s.") from error
