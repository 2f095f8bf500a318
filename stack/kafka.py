"""A Kafka broker that is its own controller (KRaft), on loopback."""

from __future__ import annotations

import shutil
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from backend.errors import ServiceUnavailable
from stack.java import Java
from stack.processes import HOST, ServerProcess, choose_port

READY_TIMEOUT_S = 60
FORMAT_TIMEOUT_S = 60
ANSWER_TIMEOUT_S = 2.0
MAX_MESSAGE_BYTES = 10_500_000
"""10 MB of alert, and room for the record batch around it."""

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
# a topic that a job finds missing is a mistake to be seen, not to be papered over
auto.create.topics.enable=false
num.partitions=1
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# the community's client expects its partitions at once
group.initial.rebalance.delay.ms=0
message.max.bytes={max_message_bytes}
replica.fetch.max.bytes={max_message_bytes}
# topics live for days, but one whose time is over goes within a minute
log.retention.check.interval.ms=30000
# the default would take a quarter of this small heap
log.cleaner.dedupe.buffer.size=16777216
"""


class KafkaServer:
    """The embedded stack's Kafka.

    Parameters
    ----------
    folder
        Its configuration and data: topics survive a restart.
    log_file
        Where its output goes.
    classpath
        The jars of the lock's ``kafka`` group.
    mark
        An argument by which the process is recognised as this stack's.
    port
        The port to listen on, if it is free; 0 for any.
    """

    def __init__(
        self, java: Java, folder: Path, log_file: Path, classpath: Sequence[Path], mark: str, port: int
    ) -> None:
        self._folder = folder.absolute()
        self._properties = self._folder / "server.properties"
        self._data = self._folder / "data"
        flags = ("-Xms128m", "-Xmx768m", "-XX:+UseSerialGC", mark)
        logging = (
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss",
        )
        self._java = (str(java.executable), *flags, *logging, "-cp", ":".join(map(str, classpath)))
        self._process = ServerProcess("Kafka", log_file)
        self._wanted_port = port
        self._port: int | None = None

    @property
    def bootstrap_servers(self) -> str:
        """Its address; the same over restarts."""
        return f"{HOST}:{self._port}"

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

    def start(self) -> None:
        """Start it without waiting, on the port it had before if it ran before."""
        if self._port is None:
            self._port = choose_port(self._wanted_port)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._properties.write_text(
            _PROPERTIES.format(
                host=HOST,
                port=self._port,
                controller_port=choose_port(0),
                data=self._data,
                max_message_bytes=MAX_MESSAGE_BYTES,
            )
        )
        self._format_once()
        self._process.start([*self._java, "kafka.Kafka", str(self._properties)])

    def wait_until_ready(self) -> None:
        """Wait until it answers on its protocol and can keep the offsets of consumer groups.

        Raises
        ------
        ServiceUnavailable
            When it ends or does not answer; with the end of its log.
        """
        started = time.monotonic()
        self._process.wait_until_ready(self._answers, READY_TIMEOUT_S)
        self._process.wait_until_ready(self._keeps_offsets, READY_TIMEOUT_S - (time.monotonic() - started))

    def stop(self) -> None:
        """Stop it in order."""
        self._process.stop()

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        self._process.kill()

    def _format_once(self) -> None:
        if (self._data / "meta.properties").is_file():
            return
        shutil.rmtree(self._data, ignore_errors=True)  # a format that was interrupted
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        tool = ("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(self._properties))
        try:
            subprocess.run([*self._java, *tool], capture_output=True, text=True, timeout=FORMAT_TIMEOUT_S, check=True)
        except subprocess.CalledProcessError as error:
            message = f"Kafka's storage in {self._data} cannot be prepared: {(error.stderr or error.stdout)[-1000:]}"
            raise ServiceUnavailable("Kafka", message, "Is the disk full, or not ours to write to?") from error
        except subprocess.TimeoutExpired as error:
            raise ServiceUnavailable("Kafka", f"Preparing {self._data} took over {FORMAT_TIMEOUT_S} s.") from error

    def _answers(self) -> bool:
        admin = AdminClient(self._client_settings())
        try:
            return bool(admin.list_topics(timeout=ANSWER_TIMEOUT_S).brokers)
        except KafkaException:
            return False

    def _keeps_offsets(self) -> bool:
        """Ask for the offsets of a group: the broker makes its topic for them then, and not sooner."""
        consumer = Consumer({**self._client_settings(), "group.id": "stack-ready", "enable.auto.commit": False})
        try:
            answer = consumer.committed([TopicPartition("stack-ready", 0)], timeout=ANSWER_TIMEOUT_S)
            return all(partition.error is None for partition in answer)
        except KafkaException:
            return False
        finally:
            consumer.close()

    def _client_settings(self) -> dict[str, str | int | float | bool]:
        return {
            "bootstrap.servers": self.bootstrap_servers,
            "socket.timeout.ms": int(ANSWER_TIMEOUT_S * 1000),
            "reconnect.backoff.max.ms": 200,
            "log_level": 0,  # until it is up, each attempt would write a line
        }
