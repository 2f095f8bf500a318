"""The community's own client reads a topic that our job made: the contract of the topic, kept."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from backend.models import Content, Transfer, TransferRequest
from backend.nights import NightRange
from backend.transfers import Transfers
from simulator.archive import simulate_archive
from stack.embedded import EmbeddedStack
from tests.support.archives import SIMULATED_NIGHTS
from tests.support.community_client import CommunityClient, provide_finkctl
from tests.support.transfers import ended, read, receipt_of, settings_on

pytestmark = pytest.mark.timeout(900)  # the first session installs the client

ALERTS = 200
CONTENTS = (Content.LIGHTCURVE, Content.FULL)
RUNS = ("time", "finkclass")
"""How each of the two runs in a row partitions its files."""


@pytest.fixture(scope="module")
def transfers(stack: EmbeddedStack, tmp_path_factory: pytest.TempPathFactory) -> Transfers:
    archive = tmp_path_factory.mktemp("archive")
    simulate_archive(archive, SIMULATED_NIGHTS[:1], ALERTS, 11)
    return Transfers.connect(settings_on(stack, tmp_path_factory.mktemp("data"), archive, max_running_batches=2))


@pytest.fixture(scope="module")
def published(transfers: Transfers) -> dict[Content, Transfer]:
    nights = NightRange(start=SIMULATED_NIGHTS[0], stop=SIMULATED_NIGHTS[0])
    submitted = {
        content: transfers.submit(TransferRequest(nights=nights, content=content, conditions="candidate.magpsf > 15;"))
        for content in CONTENTS
    }
    return {content: ended(transfers, transfer.id) for content, transfer in submitted.items()}


@pytest.fixture(scope="module")
def downloads(
    stack: EmbeddedStack, published: dict[Content, Transfer], tmp_path_factory: pytest.TempPathFactory
) -> dict[Content, Future[list[Path]]]:
    """The folders of two runs in a row of each topic; the topics side by side, for the client mostly waits."""
    finkctl = provide_finkctl()
    home = tmp_path_factory.mktemp("homes")

    def run_in_a_row(content: Content) -> list[Path]:
        folders = []
        for partition_by in RUNS:
            client = CommunityClient(finkctl, stack.kafka_bootstrap_servers, home / content / partition_by)
            folders.append(client.transfer(published[content].topic, partition_by))
        return folders

    with ThreadPoolExecutor(len(CONTENTS)) as users:
        return {content: users.submit(run_in_a_row, content) for content in CONTENTS}


@pytest.mark.parametrize("content", CONTENTS)
def test_finkctl_reads_our_topic_twice_in_a_row(
    content: Content,
    published: dict[Content, Transfer],
    downloads: dict[Content, Future[list[Path]]],
    transfers: Transfers,
) -> None:
    receipt = receipt_of(published[content])
    ours = read(transfers, published[content].id)
    assert ours.progress.complete
    expected = list(zip(*(ours.table.column(name).to_pylist() for name in ("candid", "finkclass")), strict=True))
    assert len(expected) == receipt.published > ALERTS / 2

    for folder in downloads[content].result():
        theirs = ds.dataset(folder, partitioning="hive").to_table(columns=["candid", "finkclass"])
        assert theirs.num_rows == receipt.published
        columns = (theirs.column(name).to_pylist() for name in theirs.column_names)
        assert sorted(zip(*columns, strict=True)) == expected
