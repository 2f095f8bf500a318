"""Kafka on loopback: one broker, or several that replicate each other."""

from __future__ import annotations

import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from backend.errors import ServiceUnavailable
from stack.java import Java
from stack.kafka_broker import ANSWER_TIMEOUT_S, READY_TIMEOUT_S, KafkaBroker, settings_of_client
from stack.kafka_rights import TRANSFER_TOPICS
from stack.kafka_security import CLIENTS, CONTROLLERS, READERS, KafkaSecurity, NoSecurity
from stack.processes import HOST, choose_port

MAX_MESSAGE_BYTES = 10_500_000
"""10 MB of alert, and room for the record batch around it."""
_PASSING = {KafkaError.NOT_CONTROLLER, KafkaError.REQUEST_TIMED_OUT, KafkaError._TIMED_OUT, KafkaError._TRANSPORT}
LARGEST_HEAP_MB, LARGEST_HEAP_OF_MANY_MB = 768, 512

_PROPERTIES = """\
process.roles=broker,controller
node.id={number}
controller.quorum.voters={voters}
listeners={listeners}
advertised.listeners={advertised}
controller.listener.names={controllers}
listener.security.protocol.map={protocols}
inter.broker.listener.name={broker_listener}
# a topic that a job finds missing is a mistake to be seen, not to be papered over
auto.create.topics.enable=false
num.partitions=1
default.replication.factor={replicas}
# with acks=all, one broker may be lost and nothing that was acknowledged is
min.insync.replicas={in_sync}
unclean.leader.election.enable=false
offsets.topic.replication.factor={replicas}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={replicas}
transaction.state.log.min.isr={in_sync}
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor={replicas}
share.coordinator.state.topic.min.isr={in_sync}
# the community's client expects its partitions at once
group.initial.rebalance.delay.ms=0
message.max.bytes={max_message_bytes}
replica.fetch.max.bytes={max_message_bytes}
# topics live for days, but one whose time is over goes within a minute
log.retention.check.interval.ms=30000
# the default would take a quarter of this small heap
log.cleaner.dedupe.buffer.size=16777216
"""


class KafkaCluster:
    """The stack's Kafka.

    Parameters
    ----------
    folder
        Its configuration and data: topics survive a restart. It belongs to one number of brokers.
    log_file
        Where its output goes; of several brokers each has its own beside it, ``kafka-1.log`` for ``kafka.log``.
    classpath
        The jars of the lock's ``kafka`` group.
    mark
        An argument by which the processes are recognised as this stack's.
    port
        The port to listen on, if it is free, and those after it for further brokers; 0 for any.
    brokers
        How many; of three, one may be lost.
    security
        Who may come in; without it, everybody on this machine.
    """

    def __init__(
        self,
        java: Java,
        folder: Path,
        log_file: Path,
        classpath: Sequence[Path],
        mark: str,
        port: int,
        *,
        brokers: int = 1,
        security: KafkaSecurity | None = None,
    ) -> None:
        self._folder = folder.absolute()
        self._log_file = log_file
        self._wanted_port = port
        self._numbers = range(1, brokers + 1)
        self._security = security or NoSecurity()
        heap = LARGEST_HEAP_MB if brokers == 1 else LARGEST_HEAP_OF_MANY_MB
        flags = ("-Xms128m", f"-Xmx{heap}m", "-XX:+UseSerialGC", mark)
        logging = (
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss",
        )
        self._java = (str(java.executable), *flags, *logging, "-cp", ":".join(map(str, classpath)))
        self._ports: dict[str, list[int]] = {}
        self._brokers: tuple[KafkaBroker, ...] = ()

    @property
    def brokers(self) -> tuple[KafkaBroker, ...]:
        """The brokers; none before the first start."""
        return self._brokers

    @property
    def bootstrap_servers(self) -> str:
        """Its addresses, separated by commas; the same over restarts."""
        return ",".join(broker.address for broker in self._brokers)

    @property
    def address(self) -> str:
        """Its addresses, as a server of the stack."""
        return self.bootstrap_servers

    @property
    def reader_bootstrap_servers(self) -> str | None:
        """The addresses where anybody may read the topics of transfers; None when there are none."""
        ports = self._ports.get(READERS)
        return ",".join(f"{HOST}:{port}" for port in ports) if ports else None

    @property
    def client_settings(self) -> dict[str, Any]:
        """What the product needs to use it, keyed by the settings' names; a password is a ``SecretStr``."""
        return {"kafka_bootstrap_servers": self.bootstrap_servers, **self._security.client_settings}

    @property
    def pid(self) -> int | None:
        """Process id of the first broker; None when it is not running."""
        return self._brokers[0].pid if self._brokers else None

    @property
    def is_running(self) -> bool:
        """Whether all brokers were started and none has ended."""
        return bool(self._brokers) and all(broker.is_running for broker in self._brokers)

    @property
    def log_file(self) -> Path:
        """Where the output of a broker goes: of one that has ended, else of the first."""
        logs = [broker.log_file for broker in sorted(self._brokers, key=lambda broker: broker.is_running)]
        return logs[0] if logs else self._log_file

    def start(self) -> None:
        """Start each broker that is not running, without waiting, on the ports that it had before."""
        self._security.prepare()
        if not self._brokers:
            self._ports = self._choose_ports()
            self._brokers = tuple(self._make_broker(number) for number in self._numbers)
        for broker in self._brokers:
            if not broker.is_running:
                broker.start()

    def wait_until_ready(self) -> None:
        """Wait until all brokers know each other, let the dashboard in and can keep the offsets of consumer groups.

        Raises
        ------
        ServiceUnavailable
            When one ends or does not answer; with the end of its log.
        """
        deadline = time.monotonic() + READY_TIMEOUT_S
        for broker in self._brokers:
            self._wait(partial(self._knows_all, broker), deadline)
        self._wait(self._granted, deadline)
        for broker in self._brokers:
            self._wait(partial(self._keeps_offsets, broker.address), deadline)

    def stop(self) -> None:
        """Stop all brokers in order, at once: the last of them would wait in vain for the others' consent."""
        if self._brokers:
            with ThreadPoolExecutor(len(self._brokers)) as pool:
                list(pool.map(KafkaBroker.stop, self._brokers))

    def kill(self) -> None:
        """End all brokers with SIGKILL, as a crash of the machine would."""
        for broker in self._brokers:
            broker.kill()

    def _choose_ports(self) -> dict[str, list[int]]:
        """Ports by listener, in the brokers' order; where clients come in, the wanted ones if they are free."""
        count, chosen = len(self._numbers), dict[str, list[int]]()
        first_wanted = {CLIENTS: self._wanted_port, READERS: self._wanted_port + count} if self._wanted_port else {}
        taken: set[int] = set()
        for listener in self._security.protocols:
            first = first_wanted.get(listener)
            for place in range(count):
                port = choose_port(first + place if first else 0)
                while port in taken:
                    port = choose_port(0)
                taken.add(port)
                chosen.setdefault(listener, []).append(port)
        return chosen

    def _make_broker(self, number: int) -> KafkaBroker:
        alone = len(self._numbers) == 1
        suffix = "" if alone else f"-{number}"
        folder = self._folder if alone else self._folder / f"broker-{number}"
        log_file = self._log_file.with_stem(f"{self._log_file.stem}{suffix}")
        name = "Kafka" if alone else f"Kafka broker {number}"
        return KafkaBroker(
            number,
            name,
            log_file,
            self._java,
            folder,
            self._properties(number) + self._security.properties,
            urlsafe_b64encode(uuid.uuid5(uuid.NAMESPACE_URL, self._folder.as_uri()).bytes).decode().rstrip("="),
            self._address(CLIENTS, number),
            settings_of_client(self._address(self._security.broker_listener, number), self._security.broker_login),
        )

    def _address(self, listener: str, number: int) -> str:
        return f"{HOST}:{self._ports[listener][number - 1]}"

    def _properties(self, number: int) -> str:
        protocols = self._security.protocols
        listeners = {name: f"{name}://{self._address(name, number)}" for name in protocols}
        return _PROPERTIES.format(
            number=number,
            voters=",".join(f"{each}@{self._address(CONTROLLERS, each)}" for each in self._numbers),
            listeners=",".join(listeners.values()),
            advertised=",".join(listener for name, listener in listeners.items() if name != CONTROLLERS),
            controllers=CONTROLLERS,
            protocols=",".join(f"{name}:{protocol}" for name, protocol in protocols.items()),
            broker_listener=self._security.broker_listener,
            replicas=min(3, len(self._numbers)),
            in_sync=max(1, min(3, len(self._numbers)) - 1),
            max_message_bytes=MAX_MESSAGE_BYTES,
        )

    def _wait(self, answers: Callable[[], bool], deadline: float) -> None:
        """Wait for an answer, but not when a broker has ended meanwhile: that one is named."""
        first, *_ = self._brokers
        first.wait_for(lambda: answers() or not self.is_running, deadline - time.monotonic())
        for broker in self._brokers:
            if not broker.is_running:
                broker.wait_for(lambda: False, 0)

    def _knows_all(self, broker: KafkaBroker) -> bool:
        return broker.known_brokers() == set(self._numbers)

    def _granted(self) -> bool:
        """Make users and rights; False while the controllers have yet to agree who of them writes it down."""
        try:
            self._security.grant(AdminClient(self._brokers[0].inner_settings))
            return True
        except KafkaException as error:
            if error.args[0].code() in _PASSING:
                return False
            raise ServiceUnavailable("Kafka", f"Kafka does not take its users and their rights: {error}") from error

    def _keeps_offsets(self, address: str) -> bool:
        """Ask for the offsets of a group: the brokers make their topic for them then, and not sooner."""
        settings = settings_of_client(address, self._security.facade_login)
        consumer = Consumer({**settings, "group.id": "stack-ready", "enable.auto.commit": False})
        try:
            answer = consumer.committed([TopicPartition(f"{TRANSFER_TOPICS}stack-ready", 0)], timeout=ANSWER_TIMEOUT_S)
            return all(partition.error is None for partition in answer)
        except KafkaException:
            return False
        finally:
            consumer.close()
