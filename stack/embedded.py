"""The embedded default: Kafka and Livy, started together, stopped together."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from backend.config import Settings, stack_addresses_path
from backend.errors import QuicklookError
from stack.drivers import driver_environment, provide_class_archive
from stack.jar_lock import Lock
from stack.jars import JarCache
from stack.java import Java, find_java
from stack.kafka import KafkaServer
from stack.livy import LivyServer
from stack.places import JARS_DIR, RUNTIMES_DIR
from stack.processes import end_processes_marked

KAFKA_PORT = 9092
LIVY_PORT = 8998
OWNER_FILE = "owner"
"""In the folder of the addresses; a living stack holds a lock on it."""


class EmbeddedStack:
    """Kafka and, unless told otherwise, Livy, running while the context is open.

    Parameters
    ----------
    settings
        ``data_dir`` says where everything variable lives, ``spark_master`` where Livy's batches run.
    report
        Is told each step.
    kafka_port, livy_port
        Wanted ports; a free one is taken, and said, when somebody listens there. 0 for any.
    with_livy
        Whether Livy is started as well.

    Raises
    ------
    QuicklookError
        On entering: when another stack runs under the same ``data_dir``, or a server does not come up. Nothing that was
        started is left running then.
    """

    def __init__(
        self,
        settings: Settings,
        report: Callable[[str], None] = print,
        *,
        kafka_port: int = KAFKA_PORT,
        livy_port: int = LIVY_PORT,
        with_livy: bool = True,
    ) -> None:
        self._data_dir = settings.data_dir.absolute()
        self._given = settings
        self._report = report
        self._ports = {"Kafka": kafka_port, "Livy": livy_port}
        self._with_livy = with_livy
        self._folder = self._data_dir / "stack"
        self._addresses_file = stack_addresses_path(self._data_dir)
        self._mark = f"-Dquicklook.stack={self._folder}"
        self._closing = ExitStack()
        self._kafka: KafkaServer | None = None
        self._livy: LivyServer | None = None
        self._connectors: tuple[str, ...] = ()
        self._announced: dict[str, str] = {}

    def __enter__(self) -> Self:
        with ExitStack() as closing:
            closing.enter_context(self._own_data_dir())
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
    def kafka(self) -> KafkaServer:
        """The Kafka server; it can be stopped, killed and started again on its port."""
        assert self._kafka is not None, "the stack was not entered"
        return self._kafka

    @property
    def livy(self) -> LivyServer:
        """The Livy server; it can be stopped, killed and started again on its port."""
        assert self._livy is not None, "the stack was not entered, or was entered without Livy"
        return self._livy

    @property
    def servers(self) -> dict[str, KafkaServer | LivyServer]:
        """The servers that were started, by name."""
        named = {"Kafka": self._kafka, "Livy": self._livy}
        return {name: server for name, server in named.items() if server is not None}

    @property
    def kafka_bootstrap_servers(self) -> str:
        """Kafka's address."""
        return self.kafka.bootstrap_servers

    @property
    def livy_url(self) -> str:
        """Livy's address."""
        return self.livy.url

    @property
    def addresses(self) -> dict[str, Any]:
        """What others need to reach this stack, keyed by the settings' names."""
        found: dict[str, Any] = {
            "kafka_bootstrap_servers": self.kafka_bootstrap_servers,
            "spark_jars": list(self._connectors),
            "script_store_uri": self._script_store.as_uri(),
        }
        return {**found, "livy_url": self.livy_url} if self._livy is not None else found

    @property
    def settings(self) -> Settings:
        """The given settings, pointing at this stack."""
        return self._given.model_copy(update={**self.addresses, "spark_jars": self._connectors})

    def announce(self, **settings: str) -> None:
        """Let commands that run beside the stack have these settings too, where they are not told others."""
        self._announced.update(settings)
        self._publish_addresses()

    @property
    def _script_store(self) -> Path:
        return self._data_dir / "scripts"

    def _own_data_dir(self) -> IO[str]:
        """Take the lock that a living stack holds; the system gives it back however that one ends."""
        self._folder.mkdir(parents=True, exist_ok=True)
        file = (self._folder / OWNER_FILE).open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            owner = file.read().strip() or "unknown"
            file.close()
            raise QuicklookError(
                f"A stack is running already under {self._data_dir} (process {owner}): {self._published()}.",
                "Use that one, stop it with Ctrl-C where it runs, or set another DATA_DIR.",
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        return file

    def _published(self) -> str:
        try:
            published = json.loads(self._addresses_file.read_text())
        except (OSError, ValueError):
            return "it is still starting"
        return f"Kafka {published.get('kafka_bootstrap_servers')}, Livy {published.get('livy_url')}"

    def _end_leftovers(self) -> None:
        if ended := end_processes_marked(self._mark):
            self._report(f"stopped what a crashed stack had left: processes {', '.join(map(str, ended))}")
        self._addresses_file.unlink(missing_ok=True)

    def _start(self, closing: ExitStack) -> None:
        lock, cache = Lock.read(), JarCache(JARS_DIR)
        java = find_java(RUNTIMES_DIR, self._report)
        self._report(f"java: {java.version} in {java.home}")
        cache.provide(lock, lambda: java, self._report)
        self._report(f"jars: all {len(lock.jars)} are there, in {JARS_DIR}")
        self._connectors = tuple(str(cache.path_of(jar)) for jar in lock.groups["spark"])
        self._script_store.mkdir(parents=True, exist_ok=True)
        self._kafka = self._make_kafka(java, self._classpath(lock, cache, "kafka"))
        if self._with_livy:
            self._livy = self._make_livy(java, self._classpath(lock, cache, "livy"))
        for name, server in self.servers.items():
            closing.callback(server.stop)
            server.start()
            self._report(f"{name}: starting (log: {server.log_file})")
        for name, server in self.servers.items():
            server.wait_until_ready()
            self._report(f"{name}: answers on {self._address_of(server)}{self._note_on_port(name, server)}")

    def _classpath(self, lock: Lock, cache: JarCache, group: str) -> list[Path]:
        return [cache.path_of(jar) for jar in lock.groups[group]]

    def _make_kafka(self, java: Java, classpath: list[Path]) -> KafkaServer:
        log_file = self._folder / "logs" / "kafka.log"
        return KafkaServer(java, self._folder / "kafka", log_file, classpath, self._mark, self._ports["Kafka"])

    def _make_livy(self, java: Java, classpath: list[Path]) -> LivyServer:
        conf_dir, connectors = JARS_DIR / "spark-conf", [Path(jar) for jar in self._connectors]
        archive = provide_class_archive(java, JARS_DIR, conf_dir, connectors, self._report)
        return LivyServer(
            java,
            self._folder / "livy",
            self._folder / "logs" / "livy.log",
            classpath,
            self._mark,
            self._ports["Livy"],
            self._given.spark_master,
            (self._script_store, JARS_DIR),
            driver_environment(java, self._folder / "drivers", conf_dir, (self._mark,), archive),
        )

    def _address_of(self, server: KafkaServer | LivyServer) -> str:
        return server.url if isinstance(server, LivyServer) else server.bootstrap_servers

    def _note_on_port(self, name: str, server: KafkaServer | LivyServer) -> str:
        wanted = self._ports[name]
        taken = wanted and not self._address_of(server).endswith(f":{wanted}")
        return f" (port {wanted} is taken)" if taken else ""

    def _publish_addresses(self) -> None:
        partial = self._addresses_file.with_name(f"addresses.{os.getpid()}")
        partial.write_text(json.dumps({**self.addresses, **self._announced}, indent=2) + "\n")
        partial.replace(self._addresses_file)
