"""The community's own client reads the topics that our job made: the contract of the topic, kept."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from backend.models import Content, TransferRequest
from backend.nights import NightRange
from backend.transfers import Transfers
from benchmarks.community_client import CommunityClient, PartitionBy, provide_finkctl
from simulator.archive import simulate_archive
from stack.embedded import EmbeddedStack
from tests.support.archives import SIMULATED_NIGHTS
from tests.support.community_client import alerts_on_disk
from tests.support.transfers import ended, read, receipt_of, settings_on

pytestmark = pytest.mark.timeout(900)  # the first session installs the client

ALERTS = 200
CONTENTS = (Content.LIGHTCURVE, Content.MEDIUM, Content.FULL)
ALL_NIGHTS = NightRange(start=date(2019, 11, 1), stop=date(2026, 3, 31))
ALL_ALERTS = 842
RUNS: tuple[PartitionBy | None, ...] = (None, "finkclass")
"""How each of the two runs in a row partitions its files."""


class ReadTopic(NamedTuple):
    """A topic that our job made, and what the client makes of it: the folders of its runs in a row."""

    transfers: Transfers
    transfer_id: str
    folders: Future[list[Path]]


class Readers:
    """Users of the client, one for each run; the topics are read side by side, for the client mostly waits."""

    def __init__(self, stack: EmbeddedStack, homes: Path, pool: ThreadPoolExecutor) -> None:
        self._finkctl = provide_finkctl()
        self._bootstrap_servers = stack.kafka_bootstrap_servers
        self._homes = homes
        self._pool = pool

    def start(self, transfers: Transfers, transfer_id: str) -> ReadTopic:
        """Wait for the job's end, and begin to read its topic."""
        topic = ended(transfers, transfer_id).topic
        return ReadTopic(transfers, transfer_id, self._pool.submit(self._run_in_a_row, topic))

    def _run_in_a_row(self, topic: str) -> list[Path]:
        folders = []
        for partition_by in RUNS:
            user = CommunityClient(self._finkctl, self._bootstrap_servers, self._homes / topic / str(partition_by))
            folders.append(user.transfer(topic, partition_by))
        return folders


@pytest.fixture(scope="module")
def readers(stack: EmbeddedStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readers]:
    with ThreadPoolExecutor(len(CONTENTS) + 1) as pool:
        yield Readers(stack, tmp_path_factory.mktemp("homes"), pool)
        pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="module")
def simulated(
    stack: EmbeddedStack, readers: Readers, tmp_path_factory: pytest.TempPathFactory
) -> dict[Content, ReadTopic]:
    """Topics of one simulated night; the client still reads them."""
    archive = tmp_path_factory.mktemp("archive")
    simulate_archive(archive, SIMULATED_NIGHTS[:1], ALERTS, 11)
    transfers = Transfers.connect(settings_on(stack, tmp_path_factory.mktemp("data"), archive, max_running_batches=2))
    nights = NightRange(start=SIMULATED_NIGHTS[0], stop=SIMULATED_NIGHTS[0])
    submitted = {
        content: transfers.submit(TransferRequest(nights=nights, content=content, conditions="candidate.magpsf > 15;"))
        for content in CONTENTS
    }
    return {content: readers.start(transfers, transfer.id) for content, transfer in submitted.items()}


@pytest.fixture(scope="module")
def real(
    stack: EmbeddedStack, readers: Readers, real_alerts: Path, tmp_path_factory: pytest.TempPathFactory
) -> ReadTopic:
    """The topic of all real nights, with the most columns and classes; the client still reads it."""
    archive = real_alerts / "archive" / "science"
    transfers = Transfers.connect(settings_on(stack, tmp_path_factory.mktemp("real_data"), archive))
    submitted = transfers.submit(TransferRequest(nights=ALL_NIGHTS, content=Content.FULL))
    return readers.start(transfers, submitted.id)


def published(topic: ReadTopic) -> int:
    """The receipt's number of alerts, where each run of the client has the alerts and classes of our own reader."""
    receipt = receipt_of(topic.transfers.get(topic.transfer_id))
    ours = read(topic.transfers, topic.transfer_id)
    assert ours.progress.complete
    expected = list(zip(*(ours.table.column(name).to_pylist() for name in ("candid", "finkclass")), strict=True))
    assert len(expected) == receipt.published

    for partition_by, folder in zip(RUNS, topic.folders.result(), strict=True):
        assert alerts_on_disk(folder, partition_by) == expected, partition_by
    return receipt.published


@pytest.mark.soak
@pytest.mark.usefixtures("simulated")  # their topics are being read while this one's job runs
def test_finkctl_reads_the_topic_of_all_real_nights_twice_in_a_row(real: ReadTopic) -> None:
    assert published(real) == ALL_ALERTS


@pytest.mark.parametrize("content", CONTENTS)
def test_finkctl_reads_our_topic_twice_in_a_row(content: Content, simulated: dict[Content, ReadTopic]) -> None:
    assert published(simulated[content]) > ALERTS / 2
