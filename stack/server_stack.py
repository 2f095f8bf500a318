"""What every stack is: named servers, started together, stopped together, found by their addresses."""

from __future__ import annotations

import json
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, ClassVar, Self, TypeVar

from pydantic import SecretStr

from backend.config import Settings, stack_addresses_path
from backend.errors import QuicklookError
from backend.owned_file import OwnedByAnother, own
from stack.drivers import TEMPORARY, driver_environment, provide_class_archive
from stack.jar_lock import Lock
from stack.jars import JarCache
from stack.java import Java, find_java
from stack.kafka import KafkaCluster
from stack.livy import LivyServer
from stack.places import JARS_DIR, RUNTIMES_DIR
from stack.private_files import write_privately
from stack.processes import end_processes_marked
from stack.servers import Server

_Kind = TypeVar("_Kind")

OWNER_FILE = "owner"
"""Beside the addresses; a living stack owns it."""
KAFKA = "Kafka"
LIVY = "Livy"
KAFKA_PORT = 9092
LIVY_PORT = 8998


class ServerStack(ABC):
    """Servers that run while the context is open. Which ones, a stack says in `_make_servers`.

    Parameters
    ----------
    settings
        ``data_dir`` says where everything variable lives.
    report
        Is told each step.
    ports
        Wanted ports by the server's name; a free one is taken, and said, when somebody listens there. 0 for any.

    Raises
    ------
    QuicklookError
        On entering: when another stack runs under the same ``data_dir``, or a server does not come up. Nothing that was
        started is left running then.
    """

    _jar_groups: ClassVar[tuple[str, ...]]
    """Parts of the lock that its servers and drivers load."""

    def __init__(self, settings: Settings, report: Callable[[str], None], ports: Mapping[str, int]) -> None:
        self._given = settings
        self._report = report
        self._ports = ports
        self._data_dir = settings.data_dir.absolute()
        self._folder = self._data_dir / "stack"
        self._addresses_file = stack_addresses_path(self._data_dir)
        self._mark = f"-Dquicklook.stack={self._folder}"
        self._closing = ExitStack()
        self._servers: dict[str, Server] = {}
        self._jars: dict[str, list[Path]] = {}
        self._announced: dict[str, str] = {}

    def __enter__(self) -> Self:
        with ExitStack() as closing:
            closing.enter_context(self._owned())
            self._end_leftovers()
            closing.callback(self._addresses_file.unlink, missing_ok=True)
            self._start(closing)
            self._publish_addresses()
            self._closing = closing.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    @property
    def servers(self) -> Mapping[str, Server]:
        """The servers that were started, by name."""
        return self._servers

    @property
    def kafka(self) -> KafkaCluster:
        """Kafka; it can be stopped, killed and started again on its ports."""
        return self._server(KAFKA, KafkaCluster)

    @property
    def livy(self) -> LivyServer:
        """The Livy server; it can be stopped, killed and started again on its port."""
        return self._server(LIVY, LivyServer)

    @property
    def kafka_bootstrap_servers(self) -> str:
        """Kafka's addresses."""
        return self.kafka.bootstrap_servers

    @property
    def livy_url(self) -> str:
        """Livy's address."""
        return self.livy.url

    @property
    @abstractmethod
    def addresses(self) -> dict[str, Any]:
        """What others need to reach this stack, keyed by the settings' names."""

    @property
    def settings(self) -> Settings:
        """The given settings, pointing at this stack."""
        return self._given.pointed_at(self.addresses)

    @abstractmethod
    def share(self, folder: Path) -> str:
        """Make a local folder readable for this stack's jobs, under the address that is given back."""

    def announce(self, **settings: str) -> None:
        """Let commands that run beside the stack have these settings too, where they are not told others."""
        self._announced.update(settings)
        self._publish_addresses()

    @abstractmethod
    def _make_servers(self, java: Java) -> dict[str, Server]:
        """The servers, in the order in which they are started; the last is stopped first."""

    def _server(self, name: str, kind: type[_Kind]) -> _Kind:
        server = self._servers.get(name)
        assert isinstance(server, kind), f"the stack was not entered, or was entered without {name}"
        return server

    def _log_file(self, name: str) -> Path:
        return self._folder / "logs" / f"{name}.log"

    def _make_livy(
        self, java: Java, spark_master: str, readable: Sequence[Path], flags: Sequence[str] = (), **environment: str
    ) -> LivyServer:
        """Livy, whose drivers get these flags and this environment beside what all drivers have."""
        conf_dir = JARS_DIR / "spark-conf"
        archive = provide_class_archive(java, JARS_DIR, conf_dir, self._jars["spark"], self._report)
        drivers = driver_environment(java, self._folder / "drivers", conf_dir, (self._mark, *flags), archive)
        return LivyServer(
            java,
            self._folder / "livy",
            self._log_file("livy"),
            self._jars["livy"],
            self._mark,
            self._ports[LIVY],
            spark_master,
            readable,
            {**drivers, **environment},
        )

    def _owned(self) -> IO[str]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return own(self._folder / OWNER_FILE)
        except OwnedByAnother as error:
            raise QuicklookError(
                f"A stack is running already under {self._data_dir} (process {error.owner}): {self._published()}.",
                "Use that one, stop it with Ctrl-C where it runs, or set another DATA_DIR.",
            ) from error

    def _published(self) -> str:
        try:
            published = json.loads(self._addresses_file.read_text())
        except (OSError, ValueError):
            return "it is still starting"
        return f"Kafka {published.get('kafka_bootstrap_servers')}, Livy {published.get('livy_url')}"

    def _end_leftovers(self) -> None:
        if ended := end_processes_marked(self._mark):
            self._report(f"stopped what a crashed stack had left: processes {', '.join(map(str, ended))}")
        shutil.rmtree(self._folder / "drivers" / TEMPORARY, ignore_errors=True)  # of drivers that were killed
        self._addresses_file.unlink(missing_ok=True)

    def _start(self, closing: ExitStack) -> None:
        java = self._provide_java_and_jars()
        self._servers = self._make_servers(java)
        for name, server in self._servers.items():
            closing.callback(server.stop)
            server.start()
            self._report(f"{name}: starting (log: {server.log_file})")
        for name, server in self._servers.items():
            self._await(name, server)

    def _await(self, name: str, server: Server) -> None:
        server.wait_until_ready()
        self._report(f"{name}: answers on {server.address}{self._note_on_port(name, server)}")

    def _provide_java_and_jars(self) -> Java:
        lock, cache = Lock.read().only(self._jar_groups), JarCache(JARS_DIR)
        java = find_java(RUNTIMES_DIR, self._report)
        self._report(f"java: {java.version} in {java.home}")
        cache.provide(lock, lambda: java, self._report)
        self._report(f"jars: all {len(lock.jars)} are there, in {JARS_DIR}")
        self._jars = {group: [cache.path_of(jar) for jar in jars] for group, jars in lock.groups.items()}
        return java

    def _note_on_port(self, name: str, server: Server) -> str:
        wanted = self._ports.get(name)
        taken = wanted and f":{wanted}" not in server.address
        return f" (port {wanted} is taken)" if taken else ""

    def _publish_addresses(self) -> None:
        published = {**self.addresses, **self._announced}
        write_privately(self._addresses_file, json.dumps(published, indent=2, default=_told) + "\n")


def _told(secret: SecretStr) -> str:
    """A secret as the file of the addresses has it, which is for its owner alone."""
    return secret.get_secret_value()
