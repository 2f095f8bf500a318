"""What goes wrong while jobs run, on real processes.

After each fault the topic is right, ``verify`` tells the truth of it, and nothing is left.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep

import pytest
from confluent_kafka.admin import AdminClient

from backend.errors import InvalidRequest, ServiceUnavailable
from backend.kafka_access import KafkaAccess
from backend.models import Content, Phase, Transfer, TransferRequest
from backend.nights import NightRange
from backend.receipt_topic import read_job_records
from backend.topic_names import names_of
from backend.topics import TopicAdmin
from backend.transfers import Transfers
from backend.verification import EXAMPLES
from simulator.archive import night_folder, simulate_archive
from stack.embedded import EmbeddedStack
from stack.processes import end_processes_marked
from tests.support.archives import MISSING_NIGHT, SIMULATED_NIGHTS, nights_of
from tests.support.command_line import Answer, CommandLine
from tests.support.faults import crash_livy, kill_driver, limit_producers, processes_of, restart_livy, wait_until
from tests.support.stack import running_stack
from tests.support.transfers import ended, messages_of, read, receipt_of, settings_on
from tests.support.verify_answers import candids, compared

pytestmark = pytest.mark.timeout(600)

ALERTS_PER_NIGHT = 300
BYTES_PER_S = 1_000_000
"""With this limit, publishing lasts some ten seconds."""
ENDS_WITHIN_S = 5.0
BEGINS_WITHIN_S = 200.0
OUTAGE_S = 30.0
PARTITIONS = 10
EMPTY_NIGHT = MISSING_NIGHT
REQUEST = TransferRequest(nights=NightRange(start=SIMULATED_NIGHTS[0], stop=EMPTY_NIGHT), content=Content.FULL)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    """A stack of its own, whose servers are killed, and whose Kafka is slow."""
    with running_stack(tmp_path_factory.mktemp("stack"), spark_master="local[1]") as running:
        limit_producers(running.kafka, tmp_path_factory.mktemp("quota"), BYTES_PER_S)
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
    """The façade and the command line on this stack, and what a fault may not change."""

    def __init__(self, stack: EmbeddedStack, data_dir: Path, archive: Path, places: int) -> None:
        settings = settings_on(stack, data_dir, archive, max_running_batches=places)
        self._stack, self.transfers = stack, Transfers.connect(settings)
        addresses = {name.upper(): _as_set(value) for name, value in stack.addresses.items()}
        self.quicklook = CommandLine(DATA_DIR=str(data_dir), ARCHIVE_URI=str(archive), **addresses)
        self._nights = {
            candid: str(night)
            for night in SIMULATED_NIGHTS
            for candid in nights_of(archive, night)["candid"].to_pylist()
        }
        self._topics_before = self._topics()

    def published(self, transfer: Transfer) -> int:
        """Messages on the topic of a transfer that runs or waits."""
        now = self.transfers.get(transfer.id)  # whoever looks moves the queue on
        assert not now.phase.is_final, now.message
        return 0 if now.batch_id is None else self.messages_on(now.topic)

    def messages_on(self, topic: str) -> int:
        offsets = TopicAdmin(KafkaAccess(self._stack.kafka_bootstrap_servers)).offsets(topic)
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
        assert (transfer.phase, receipt_of(transfer).published) == (Phase.COMPLETED, len(self._nights))
        assert receipt_of(transfer).nights_missing == (EMPTY_NIGHT,)
        progress, table = read(self.transfers, transfer.id)
        assert progress.complete
        assert set(table.column("candid").to_pylist()) == self._nights.keys()
        self.assert_nothing_left(transfer)

    def assert_partial(self, transfer: Transfer, why: str) -> None:
        """The topic can be read, is partial, and says why."""
        assert transfer.receipt is None
        progress, table = read(self.transfers, transfer.id)
        assert not progress.complete
        assert set(table.column("candid").to_pylist()) < self._nights.keys()
        assert why in progress.message
        self.assert_nothing_left(transfer)

    def assert_proven(self, transfer: Transfer) -> None:
        """Complete, and archive, receipt, topic and store agree alert by alert."""
        self.assert_complete(transfer)
        self.assert_verify_tells_the_truth(transfer)

    def assert_verify_tells_the_truth(self, *transfers: Transfer) -> None:
        """It names the alerts that are missing, finds nothing else wrong, and leaves nothing."""
        with ThreadPoolExecutor(len(transfers)) as pool:
            answers = list(pool.map(lambda transfer: self.quicklook("verify", transfer.id, "--json"), transfers))
        for transfer, answer in zip(transfers, answers, strict=True):
            self._assert_true(answer, transfer)
            self.assert_nothing_left(transfer)

    def assert_nothing_left(self, transfer: Transfer) -> None:
        """No process, no plan, no answer; and no topic that is not a transfer's."""
        wait_until(lambda: not processes_of(transfer.id), ENDS_WITHIN_S, "the end of its processes")
        assert not list(Path(self._stack.settings.data_dir, "scripts").rglob(f"*{transfer.id}*"))
        topics = self._topics() - self._topics_before
        assert topics <= {name for each in self.transfers.recent() for name in names_of(each.topic)}

    def folders_of_blocks(self) -> set[Path]:
        """Where drivers keep what does not fit into their memory: each removes its own at its end."""
        return set(Path(self._stack.settings.data_dir, "stack", "drivers", "tmp").glob("blockmgr-*"))

    def marker_of(self, transfer: Transfer) -> str | None:
        return read_job_records(KafkaAccess(self._stack.kafka_bootstrap_servers), transfer.topic).cancelled

    def has_receipt(self, transfer: Transfer) -> bool:
        return read_job_records(KafkaAccess(self._stack.kafka_bootstrap_servers), transfer.topic).receipt is not None

    def _assert_true(self, answer: Answer, transfer: Transfer) -> None:
        found, missing = compared(answer), sorted(self._nights.keys() - self._on_topic(transfer.topic))
        of_receipt, of_archive = found.pop("receipt and topic"), found.pop("archive and topic")
        assert not any(found.values()), f"what was read is in the stores: {found}"
        if transfer.receipt is not None:
            assert (answer.code, missing, of_receipt, of_archive) == (0, [], {}, {}), answer.out
            return
        assert (answer.code, of_receipt.keys(), of_archive.keys()) == (1, {"partial"}, {"missing"}), answer.out
        named = of_archive["missing"]
        assert (named["count"], candids(named)) == (len(missing), missing[:EXAMPLES])
        assert all(each["night"] == self._nights[each["candid"]] for each in named["examples"])

    def _on_topic(self, topic: str) -> set[int]:
        """What is on the topic, by nothing but Kafka's own client and fastavro."""
        servers = self._stack.kafka_bootstrap_servers
        messages = messages_of(servers, topic, PARTITIONS)
        if not any(messages.values.values()):
            return set()
        schema = messages_of(servers, f"{topic}_schema", 1).keys[0][0]
        assert schema is not None
        return {alert["candid"] for alert in messages.alerts(schema.decode())}

    def _topics(self) -> set[str]:
        admin = AdminClient({"bootstrap.servers": self._stack.kafka_bootstrap_servers})
        return {name for name in admin.list_topics(timeout=10).topics if not name.startswith("_")}


def _as_set(value: object) -> str:
    """A setting, as the environment has it."""
    return value if isinstance(value, str) else json.dumps(value)


@pytest.fixture
def one_place(stack: EmbeddedStack, archive: Path, tmp_path: Path) -> Installation:
    return Installation(stack, tmp_path, archive, 1)


@pytest.fixture
def two_places(stack: EmbeddedStack, archive: Path, tmp_path: Path) -> Installation:
    return Installation(stack, tmp_path, archive, 2)


@pytest.mark.soak  # two at once are in test_command_line.py
def test_three_at_once_run_one_after_the_other_whatever_becomes_of_each(one_place: Installation) -> None:
    transfers = one_place.transfers
    with ThreadPoolExecutor(3) as pool:
        submitted = list(pool.map(lambda _: transfers.submit(REQUEST), range(3)))
    in_order = sorted(submitted, key=lambda each: transfers.place_in_queue(each) or 0)
    assert [transfers.place_in_queue(each) for each in in_order] == [None, 1, 2]
    killed, cancelled, completed = in_order
    blocks_before = one_place.folders_of_blocks()

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
    with ThreadPoolExecutor(1) as beside:
        verified = beside.submit(one_place.assert_verify_tells_the_truth, killed, cancelled)
        wait_until(lambda: one_place.has_receipt(completed), BEGINS_WITHIN_S, "the receipt")
        with pytest.raises(InvalidRequest, match=r"ended already \(COMPLETED\)"):
            transfers.cancel(completed.id)
        one_place.assert_proven(transfers.get(completed.id))
        verified.result()
    assert len(one_place.folders_of_blocks() - blocks_before) <= 1, "only the killed driver could not remove its own"


def test_cancelled_while_it_waits_or_at_its_start_it_publishes_nothing(one_place: Installation) -> None:
    transfers = one_place.transfers
    blocks_before = one_place.folders_of_blocks()
    starting, waiting = transfers.submit(REQUEST), transfers.submit(REQUEST)
    assert transfers.cancel(waiting.id).phase is Phase.ABORTED
    began = monotonic()
    cancelled = transfers.cancel(starting.id)
    wait_until(lambda: not processes_of(starting.topic), ENDS_WITHIN_S - (monotonic() - began), "the driver's end")
    assert cancelled.phase is Phase.ABORTED
    assert one_place.messages_on(cancelled.topic) == 0
    of_waiting = one_place.quicklook("verify", waiting.id)
    assert (of_waiting.code, "the job was cancelled. There is no topic." in of_waiting.out) == (1, True)
    one_place.assert_nothing_left(cancelled)
    one_place.assert_nothing_left(waiting)
    assert one_place.folders_of_blocks() == blocks_before


@pytest.mark.soak
def test_of_one_that_was_cancelled_at_its_start_verify_misses_all(one_place: Installation) -> None:
    transfer = one_place.transfers.submit(REQUEST)
    one_place.assert_verify_tells_the_truth(one_place.transfers.cancel(transfer.id))


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
    two_places.assert_verify_tells_the_truth(cancelled)


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
