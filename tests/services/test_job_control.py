"""Jobs that Livy does not know any more, from what they say themselves: scripted records on a real Kafka."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.errors import InvalidRequest, ServiceUnavailable
from backend.kafka_access import KafkaAccess
from backend.models import Phase, Transfer
from backend.receipt_topic import read_job_records
from backend.script_store import ScriptStore
from backend.transfer_log import TransferLog
from backend.transfers import Transfers
from stack.embedded import EmbeddedStack
from tests.support.command_line import UNREACHABLE
from tests.support.job_records import report, say
from tests.support.published_topic import PublishedTopic
from tests.support.queued_transfer import queued_transfer
from tests.support.transfers import settings_on

pytestmark = pytest.mark.timeout(300)  # the first test waits for the servers

FORGOTTEN_ID = 123_456
LONG_AGO = timedelta(minutes=10)


class Orphan:
    """A transfer in the log whose batch Livy does not know, and its topics."""

    def __init__(self, stack: EmbeddedStack, folder: Path) -> None:
        self.servers = stack.kafka_bootstrap_servers
        self._stack, self._folder = stack, folder
        self.published = PublishedTopic(self.servers)
        self.topic = self.published.name
        self._log = TransferLog(folder / "transfers.sqlite")
        self.id = uuid.uuid4().hex
        ScriptStore(stack.settings.script_store).put_plan(self.topic, "{}")

    def log(self, **changes: Any) -> Transfers:
        """Write the transfer to the log, with these changes; give the façade."""
        made = queued_transfer().model_copy(update={"id": self.id, "topic": self.topic, **changes})
        self._log.add(made)
        self._log.update(self.id, batch_id=FORGOTTEN_ID, phase=Phase.EXECUTING)
        return self.transfers()

    def transfers(self, **settings: Any) -> Transfers:
        return Transfers.connect(settings_on(self._stack, self._folder, self._folder, **settings))

    def say(self, key: str, record: dict[str, Any], ago: timedelta = timedelta(0)) -> None:
        say(self.servers, self.topic, key, record, ago)

    @property
    def marker(self) -> str | None:
        return read_job_records(KafkaAccess(self.servers), self.topic).cancelled

    @property
    def has_plan(self) -> bool:
        return bool(list(Path(self._stack.settings.data_dir).rglob(f"{self.topic}.json")))


@pytest.fixture
def orphan(stack: EmbeddedStack, tmp_path: Path) -> Iterator[Orphan]:
    made = Orphan(stack, tmp_path)
    yield made
    made.published.delete()


@pytest.fixture
def silent_address() -> Iterator[str]:
    """Where connections are accepted and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_one_that_reports_itself_is_executing_and_takes_a_place(orphan: Orphan) -> None:
    transfers = orphan.log()
    orphan.say("progress", report(elapsed_s=8, alerts=1_000), timedelta(seconds=6))
    orphan.say("progress", report(elapsed_s=13, alerts=6_000, files_done=10), timedelta(seconds=1))
    transfer = transfers.get(orphan.id)
    assert (transfer.phase, transfer.message) == (
        Phase.EXECUTING,
        "Livy has forgotten the job; it goes on and reports itself.",
    )
    running = transfers.progress_of(transfer)
    assert running is not None
    assert (running.last.alerts, running.last.files_done, running.last.nights) == (6_000, 10, 4)
    assert running.rate_per_s == pytest.approx(1_000)
    assert running.remaining_s == pytest.approx(10)
    assert TransferLog(orphan._folder / "transfers.sqlite").claim_next(1) is None


def test_one_that_falls_silent_is_unknown_then_failed_and_would_be_stopped(orphan: Orphan) -> None:
    orphan.log()
    orphan.say("progress", report(), timedelta(seconds=60))
    waiting = orphan.transfers().get(orphan.id)
    assert waiting.phase is Phase.UNKNOWN
    assert "does not report itself. It counts as failed from " in waiting.message
    assert (orphan.marker, orphan.has_plan) == (None, True)

    failed = orphan.transfers(job_silence_s=30).get(orphan.id)
    assert failed.phase is Phase.ERROR
    assert failed.message == "Livy has forgotten the job, and it has given no sign of life for 30 seconds."
    assert (orphan.marker, orphan.has_plan) == (failed.message, False)


@pytest.mark.parametrize(("ago", "phase"), [(timedelta(0), Phase.UNKNOWN), (LONG_AGO, Phase.ERROR)])
def test_one_that_never_reported_counts_from_its_submission(orphan: Orphan, ago: timedelta, phase: Phase) -> None:
    transfer = orphan.log(submitted_at=datetime.now(UTC) - ago)
    assert transfer.get(orphan.id).phase is phase


def test_its_receipt_completes_it_however_long_it_was_silent(orphan: Orphan) -> None:
    transfers = orphan.log()
    orphan.say("progress", report(), LONG_AGO)
    orphan.published.publish_receipt(0)
    assert transfers.get(orphan.id).phase is Phase.COMPLETED
    assert not orphan.has_plan


def test_its_failure_is_told_in_its_words(orphan: Orphan) -> None:
    transfers = orphan.log()
    orphan.say("failure", {"message": "The archive has no such night."})
    transfer = transfers.get(orphan.id)
    assert (transfer.phase, transfer.message) == (Phase.ERROR, "The archive has no such night.")


@pytest.mark.parametrize("livy", ["forgotten", "down", "silent"])
def test_the_marker_alone_cancels(orphan: Orphan, silent_address: str, livy: str) -> None:
    orphan.log()
    orphan.say("progress", report())
    address = {"down": {"livy_url": f"http://{UNREACHABLE}"}, "silent": {"livy_url": f"http://{silent_address}"}}
    cancelled = orphan.transfers(request_timeout_s=3.0, **address.get(livy, {})).cancel(orphan.id)
    assert (cancelled.phase, cancelled.message) == (Phase.ABORTED, orphan.marker)
    assert cancelled.message.startswith("Cancelled by ")
    assert not orphan.has_plan


def test_a_receipt_that_is_there_wins_over_a_cancel(orphan: Orphan) -> None:
    transfers = orphan.log()
    orphan.published.publish_receipt(0)
    with pytest.raises(InvalidRequest, match=r"has ended already \(COMPLETED\)"):
        transfers.cancel(orphan.id)
    assert orphan.marker is None


@pytest.mark.parametrize("livy", ["forgotten", "down"])
def test_without_kafka_and_livy_a_cancel_fails_and_says_which(orphan: Orphan, livy: str) -> None:
    orphan.log()
    address = {"livy_url": f"http://{UNREACHABLE}"} if livy == "down" else {}
    transfers = orphan.transfers(kafka_bootstrap_servers=UNREACHABLE, request_timeout_s=2.0, **address)
    with pytest.raises(ServiceUnavailable) as caught:
        transfers.cancel(orphan.id)
    assert caught.value.service == ("Livy" if livy == "down" else "Kafka")
    assert _in_log(orphan).phase is Phase.EXECUTING


def test_while_livy_is_away_a_receipt_still_completes(orphan: Orphan) -> None:
    orphan.log()
    transfers = orphan.transfers(livy_url=f"http://{UNREACHABLE}")
    with pytest.raises(ServiceUnavailable, match="Livy"):
        transfers.get(orphan.id)
    orphan.published.publish_receipt(0)
    assert transfers.get(orphan.id).phase is Phase.COMPLETED


def test_a_marker_that_somebody_else_left_is_a_cancel(orphan: Orphan) -> None:
    transfers = orphan.log()
    orphan.say("cancel", {"message": "Cancelled by grace."})
    transfer = transfers.get(orphan.id)
    assert (transfer.phase, transfer.message) == (Phase.ABORTED, "Cancelled by grace.")


def test_a_reader_elsewhere_learns_of_the_cancel_and_follows_a_living_job(orphan: Orphan) -> None:
    orphan.published.publish_schema()
    orphan.published.publish(range(50))
    orphan.say("progress", report())
    with orphan.transfers().open_reader(orphan.topic, "elsewhere") as reader:
        reader.start()
        assert not reader.join(3), "the job is alive, more may come"
        orphan.say("cancel", {"message": "Cancelled by grace."})
        assert reader.join(20)
        assert (reader.progress.distinct, reader.progress.complete) == (50, False)
        assert reader.progress.message == "Partial: 50 alerts were read, and the job was cancelled."


def _in_log(orphan: Orphan) -> Transfer:
    return TransferLog(orphan._folder / "transfers.sqlite").get(orphan.id)
