"""What goes wrong on a cluster while a job publishes: the set that a reader stores is exactly right all the same."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from confluent_kafka.admin import AdminClient

from backend.errors import ServiceUnavailable
from backend.kafka_access import KafkaAccess
from backend.models import Content, Phase, TransferRequest
from backend.nights import NightRange
from backend.receipt import Receipt
from backend.topics import TopicAdmin
from backend.transfers import Transfers
from stack.cluster import ClusterStack
from tests.cluster.conftest import ALERTS_PER_NIGHT
from tests.support.archives import SIMULATED_NIGHTS, nights_of
from tests.support.faults import limit_producers, wait_until
from tests.support.processes import processes_of
from tests.support.transfers import ENDED_WITHIN_S, read, receipt_of, settings_on

BYTES_PER_S = 300_000
"""What a broker takes from each producer: publishing lasts some ten seconds."""
BEGINS_WITHIN_S = 150.0
BACK_WITHIN_S = 60.0
WORKERS = 2
WORKER_CORES = 2
EXECUTOR = b"CoarseGrainedExecutorBackend"
REQUEST = TransferRequest(nights=NightRange(start=SIMULATED_NIGHTS[0], stop=SIMULATED_NIGHTS[-1]), content=Content.FULL)


@pytest.fixture(scope="module")
def slow_kafka(cluster: ClusterStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Brokers that take little at a time, so that a small job lasts."""
    folder = tmp_path_factory.mktemp("quota")
    limit_producers(cluster.kafka, folder, BYTES_PER_S)
    yield
    limit_producers(cluster.kafka, folder, None)


class Running(NamedTuple):
    """A transfer that is in the middle of publishing."""

    transfers: Transfers
    id: str
    topic: str

    def is_final(self) -> bool:
        """Whether its job has ended; False also while Kafka looks for another leader."""
        with suppress(ServiceUnavailable):
            return self.transfers.get(self.id).phase.is_final
        return False

    def receipt_and_candids(self) -> tuple[Receipt, list[int]]:
        """After its end: what it says, and what a reader has stored."""
        wait_until(self.is_final, ENDED_WITHIN_S, "the end of the job")
        transfer = self.transfers.get(self.id)
        assert transfer.phase is Phase.COMPLETED, transfer.message
        progress, table = read(self.transfers, self.id)
        assert progress.complete, progress
        return receipt_of(transfer), table.column("candid").to_pylist()


@pytest.fixture
def start(cluster: ClusterStack, hdfs_archive: str, slow_kafka: None, tmp_path: Path) -> Callable[[int], Running]:
    """Starts a transfer with so many executors of one core, and waits until it publishes."""

    def start_with(executors: int) -> Running:
        settings = settings_on(cluster, tmp_path, hdfs_archive, executors_small=executors, executor_memory="512m")
        transfers = Transfers.connect(settings)
        transfer, topics = transfers.submit(REQUEST), TopicAdmin(KafkaAccess.of(settings))

        def has_published() -> bool:
            now = transfers.get(transfer.id)
            assert not now.phase.is_final, now.message
            return now.batch_id is not None and any(each.end for each in topics.offsets(now.topic).values())

        wait_until(has_published, BEGINS_WITHIN_S, "the first alert")
        return Running(transfers, transfer.id, transfer.topic)

    return start_with


@pytest.fixture(scope="module")
def candids(local_archive: Path) -> list[int]:
    """All alerts of the archive, in order."""
    found: list[int] = nights_of(local_archive, *SIMULATED_NIGHTS)["candid"].to_pylist()
    assert len(found) == len(SIMULATED_NIGHTS) * ALERTS_PER_NIGHT
    return found


def test_an_executor_is_killed(cluster: ClusterStack, start: Callable[[int], Running], candids: list[int]) -> None:
    running = start(2)
    executors = _executors(cluster)
    assert len(executors) == 2
    os.kill(min(executors), signal.SIGKILL)
    wait_until(lambda: bool(_executors(cluster) - executors), BACK_WITHIN_S, "another executor in its place")
    receipt, stored = running.receipt_and_candids()
    assert (receipt.published, stored) == (len(candids), candids)


def test_a_broker_is_killed_and_comes_back(
    cluster: ClusterStack, start: Callable[[int], Running], candids: list[int]
) -> None:
    running, broker = start(2), cluster.kafka.brokers[-1]
    broker.kill()
    try:
        receipt, stored = running.receipt_and_candids()
    finally:
        broker.start()
        broker.wait_until_ready()
    assert (receipt.published, stored) == (len(candids), candids)
    wait_until(lambda: _in_sync(cluster, running.topic), BACK_WITHIN_S, "all replicas in sync again")


def test_a_data_node_is_killed(cluster: ClusterStack, start: Callable[[int], Running], candids: list[int]) -> None:
    running, data_node = start(2), cluster.data_nodes[0]
    data_node.kill()
    try:
        receipt, stored = running.receipt_and_candids()
    finally:
        data_node.start()
        data_node.wait_until_ready()
    assert (receipt.published, stored) == (len(candids), candids)
    assert receipt.files_unreadable == ()


def test_a_worker_that_joins_late_takes_part(
    cluster: ClusterStack, start: Callable[[int], Running], candids: list[int]
) -> None:
    running = start(WORKERS * WORKER_CORES + 1)
    assert len(_executors(cluster)) == WORKERS * WORKER_CORES
    late = cluster.add_worker()
    try:
        receipt, stored = running.receipt_and_candids()
    finally:
        late.stop()
    assert (receipt.published, stored) == (len(candids), candids)
    assert receipt.executors == WORKERS * WORKER_CORES + 1


def _executors(cluster: ClusterStack) -> set[int]:
    """Process ids of the cluster's executors."""
    found = set()
    for pid in processes_of(cluster.settings.data_dir):
        with suppress(FileNotFoundError):
            if EXECUTOR in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.add(pid)
    return found


def _in_sync(cluster: ClusterStack, topic: str) -> bool:
    admin = KafkaAccess.of(cluster.settings).client(AdminClient, {})
    metadata = admin.list_topics(topic, timeout=10).topics[topic]
    return all(len(each.isrs) == len(each.replicas) for each in metadata.partitions.values())
