"""What goes wrong while jobs run, on real processes; after each fault the topic is right, and nothing is left."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep

import pytest

from backend.errors import InvalidRequest, ServiceUnavailable
from backend.models import Content, Phase, Transfer, TransferRequest
from backend.nights import NightRange
from backend.receipt_topic import read_job_records
from backend.topic_names import names_of
from backend.topics import TopicAdmin
from backend.transfers import Transfers
from simulator.archive import night_folder, simulate_archive
from stack.embedded import EmbeddedStack
from stack.processes import end_processes_marked
from tests.support.archives import MISSING_NIGHT, SIMULATED_NIGHTS, nights_of
from tests.support.faults import crash_livy, kill_driver, limit_producers, processes_of, restart_livy, wait_until
from tests.support.stack import running_stack
from tests.support.transfers import ended, messages_of, read, receipt_of, settings_on

pytestmark = pytest.mark.timeout(600)

ALERTS_PER_NIGHT = 300
BYTES_PER_S = 1_000_000
"""With this limit, publishing lasts some ten seconds."""
ENDS_WITHIN_S = 5.0
BEGINS_WITHIN_S = 200.0
OUTAGE_S = 8.0
EMPTY_NIGHT = MISSING_NIGHT
REQUEST = TransferRequest(nights=NightRange(start=SIMULATED_NIGHTS[0], stop=EMPTY_NIGHT), content=Content.FULL)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    """A stack of its own, whose servers are killed, and whose Kafka is slow."""
    with running_stack(tmp_path_factory.mktemp("stack"), spark_master="local[1]") as running:
        limit_producers(running, BYTES_PER_S)
        yield running
    end_processes_marked(running._mark)  # drivers that a test has made orphans, should it have failed


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nights, and the empty folder of a third."""
    folder = tmp_path_factory.mktemp("archive")
    simulate_archive(folder, SIMULATED_NIGHTS, ALERTS_PER_NIGHT, 5)
    night_folder(folder, EMPTY_NIGHT).mkdir(parents=True)
    return folder


class Installation:
    """The façade on this stack, and what a fault may not change."""

    def __init__(self, stack: EmbeddedStack, data_dir: Path, archive: Path, places: int) -> None:
        settings = settings_on(stack, data_dir, archive, max_running_batches=places)
        self._stack, self.transfers = stack, Transfers.connect(settings)
        self._candids = set(nights_of(archive, *SIMULATED_NIGHTS).column("candid").to_pylist())

    def published(self, transfer: Transfer) -> int:
        """Messages on the topic of a transfer that runs or waits."""
        now = self.transfers.get(transfer.id)  # whoever looks moves the queue on
        assert not now.phase.is_final, now.message
        if now.batch_id is None:
            return 0
        offsets = TopicAdmin(self._stack.kafka_bootstrap_servers).offsets(now.topic)
        return sum(each.end for each in offsets.values())

    def publishing(self) -> Transfer:
        """A new transfer that is in the middle of publishing."""
        transfer = self.transfers.submit(REQUEST)
        self.wait_for_first_alert(transfer)
        return transfer

    def wait_for_first_alert(self, transfer: Transfer) -> None:
        wait_until(lambda: self.published(transfer) > 0, BEGINS_WITHIN_S, "the first alert")

    def assert_complete(self, transfer: Transfer) -> None:
        """COMPLETED, and exactly the right set."""
        assert (transfer.phase, receipt_of(transfer).published) == (Phase.COMPLETED, len(self._candids))
        assert receipt_of(transfer).nights_missing == (EMPTY_NIGHT,)
        progress, table = read(self.transfers, transfer.id)
        assert progress.complete
        assert set(table.column("candid").to_pylist()) == self._candids
        self.assert_nothing_left(transfer)

    def assert_proven(self, transfer: Transfer) -> None:
        """Complete, and archive, receipt and topic agree alert by alert."""
        self.assert_complete(transfer)
        assert (found := self.transfers.verify(transfer.id)).agrees, found

    def assert_partial(self, transfer: Transfer, why: str) -> None:
        """The topic can be read, is partial, and says why."""
        assert transfer.receipt is None
        progress, table = read(self.transfers, transfer.id)
        assert not progress.complete
        assert set(table.column("candid").to_pylist()) < self._candids
        assert why in progress.message
        self.assert_nothing_left(transfer)

    def assert_nothing_left(self, transfer: Transfer) -> None:
        """No process and no plan."""
        wait_until(lambda: not processes_of(transfer.topic), ENDS_WITHIN_S, "the end of the driver")
        assert not list(Path(self._stack.settings.data_dir).rglob(f"{transfer.topic}.json"))

    def marker_of(self, transfer: Transfer) -> str | None:
        return read_job_records(self._stack.kafka_bootstrap_servers, transfer.topic).cancelled


@pytest.fixture
def one_place(stack: EmbeddedStack, archive: Path, tmp_path: Path) -> Installation:
    return Installation(stack, tmp_path, archive, 1)


@pytest.fixture
def two_places(stack: EmbeddedStack, archive: Path, tmp_path: Path) -> Installation:
    return Installation(stack, tmp_path, archive, 2)


def test_three_at_once_run_one_after_the_other_whatever_becomes_of_each(one_place: Installation) -> None:
    transfers = one_place.transfers
    with ThreadPoolExecutor(3) as pool:
        submitted = list(pool.map(lambda _: transfers.submit(REQUEST), range(3)))
    in_order = sorted(submitted, key=lambda each: transfers.place_in_queue(each) or 0)
    assert [transfers.place_in_queue(each) for each in in_order] == [None, 1, 2]
    killed, cancelled, completed = in_order

    one_place.wait_for_first_alert(killed)
    kill_driver(killed.topic)
    killed = ended(transfers, killed.id)
    assert (killed.phase, killed.message.split(".")[0]) == (Phase.ERROR, "The job ended without a receipt")
    one_place.assert_partial(killed, "the job failed")
    assert transfers.place_in_queue(completed) == 1

    one_place.wait_for_first_alert(cancelled)
    began = monotonic()
    cancelled = transfers.cancel(cancelled.id)
    wait_until(lambda: not processes_of(cancelled.topic), ENDS_WITHIN_S - (monotonic() - began), "the driver's end")
    assert (cancelled.phase, cancelled.message) == (Phase.ABORTED, one_place.marker_of(cancelled))
    one_place.assert_partial(cancelled, "the job was cancelled")

    wait_until(lambda: transfers.place_in_queue(completed) is None, ENDS_WITHIN_S, "its turn")
    wait_until(lambda: _has_receipt(one_place, completed), BEGINS_WITHIN_S, "the receipt")
    with pytest.raises(InvalidRequest, match=r"ended already \(COMPLETED\)"):
        transfers.cancel(completed.id)
    one_place.assert_complete(transfers.get(completed.id))


def test_cancelled_at_its_start_it_publishes_nothing(stack: EmbeddedStack, one_place: Installation) -> None:
    transfer = one_place.transfers.submit(REQUEST)
    began = monotonic()
    cancelled = one_place.transfers.cancel(transfer.id)
    wait_until(lambda: not processes_of(transfer.topic), ENDS_WITHIN_S - (monotonic() - began), "the driver's end")
    assert cancelled.phase is Phase.ABORTED
    one_place.assert_nothing_left(transfer)
    ends = [each.end for each in TopicAdmin(stack.kafka_bootstrap_servers).offsets(transfer.topic).values()]
    assert not any(ends)


@pytest.mark.soak
def test_an_orphan_goes_on_and_is_completed_by_its_receipt(stack: EmbeddedStack, one_place: Installation) -> None:
    transfer = one_place.publishing()
    crash_livy(stack)
    restart_livy(stack)
    orphan = one_place.transfers.get(transfer.id)
    assert (orphan.phase, orphan.message) == (
        Phase.EXECUTING,
        "Livy has forgotten the job; it goes on and reports itself.",
    )
    waiting = one_place.transfers.submit(REQUEST)
    assert one_place.transfers.place_in_queue(waiting) == 1, "an orphan takes a place"
    one_place.transfers.cancel(waiting.id)
    one_place.assert_proven(ended(one_place.transfers, transfer.id))


@pytest.mark.soak
def test_an_orphan_can_be_cancelled_and_the_new_batch_with_its_id_goes_on(
    stack: EmbeddedStack, two_places: Installation
) -> None:
    stack.livy.stop()
    restart_livy(stack)
    orphan = two_places.publishing()
    crash_livy(stack)
    restart_livy(stack)
    other = two_places.transfers.submit(REQUEST)
    assert other.batch_id == orphan.batch_id == 0

    began = monotonic()
    cancelled = two_places.transfers.cancel(orphan.id)
    assert cancelled.phase is Phase.ABORTED
    wait_until(lambda: not processes_of(orphan.topic), ENDS_WITHIN_S - (monotonic() - began), "the orphan's end")
    two_places.assert_partial(cancelled, "the job was cancelled")
    two_places.assert_proven(ended(two_places.transfers, other.id))


@pytest.mark.soak
def test_a_job_outlives_an_outage_of_kafka(stack: EmbeddedStack, one_place: Installation) -> None:
    transfer = one_place.publishing()
    stack.kafka.stop()
    try:
        back_at = monotonic() + OUTAGE_S
        with pytest.raises(ServiceUnavailable, match="Kafka"):
            one_place.transfers.get(transfer.id)
        sleep(max(back_at - monotonic(), 0))  # the outage lasts as long as it lasts
    finally:
        stack.kafka.start()
        stack.kafka.wait_until_ready()
    one_place.assert_proven(ended(one_place.transfers, transfer.id))
    alerts = messages_of(stack.kafka_bootstrap_servers, names_of(transfer.topic)[0], 10)
    assert sum(map(len, alerts.values.values())) >= 2 * ALERTS_PER_NIGHT


def _has_receipt(installation: Installation, transfer: Transfer) -> bool:
    return read_job_records(installation._stack.kafka_bootstrap_servers, transfer.topic).receipt is not None
