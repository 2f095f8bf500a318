"""The transfer log as a list of transfers and as a queue, on real SQLite files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.errors import InvalidRequest, QuicklookError
from backend.models import Phase
from backend.receipt import Receipt
from backend.transfer_log import TransferLog
from tests.support.queued_transfer import SUBMITTED_AT, queued_transfer


@pytest.fixture
def log(tmp_path: Path) -> TransferLog:
    return TransferLog(tmp_path / "transfers.sqlite")


def test_a_transfer_comes_back_as_it_was_written_by_id_and_by_topic(log: TransferLog) -> None:
    written = queued_transfer()
    log.add(written)
    assert log.get(written.id) == written
    assert log.get(written.topic) == written


def test_a_receipt_keeps_fields_that_we_do_not_know(log: TransferLog) -> None:
    log.add(queued_transfer())
    receipt = Receipt.model_validate({"topic": "t", "published": 3, "messages": 4, "from_the_future": [1]})
    log.update("t0001", receipt=receipt, phase=Phase.COMPLETED)
    assert log.get("t0001").receipt == receipt


def test_an_unknown_name_is_refused_with_the_nearest(log: TransferLog) -> None:
    log.add(queued_transfer())
    with pytest.raises(InvalidRequest, match="Did you mean t0001"):
        log.get("t001")
    with pytest.raises(InvalidRequest, match="no transfer 'zzz'"):
        log.update("zzz", message="x")


def test_the_same_id_cannot_be_added_twice(log: TransferLog) -> None:
    log.add(queued_transfer())
    with pytest.raises(InvalidRequest, match="t0001"):
        log.add(queued_transfer())


def test_the_list_begins_with_the_newest_and_can_be_one_users(log: TransferLog) -> None:
    for number, user in enumerate(["ada", "ben", "ada", "ada"], start=1):
        log.add(queued_transfer(number, user))
    assert [t.id for t in log.list()] == ["t0004", "t0003", "t0002", "t0001"]
    assert [t.id for t in log.list(user="ada", limit=2)] == ["t0004", "t0003"]


def test_topics_carry_the_time_of_submission(log: TransferLog) -> None:
    log.add(queued_transfer())
    assert log.topics() == {queued_transfer().topic: SUBMITTED_AT}


@pytest.mark.parametrize("final", [Phase.COMPLETED, Phase.ERROR, Phase.ABORTED])
@pytest.mark.parametrize("later", list(Phase))
def test_a_final_phase_stays(log: TransferLog, final: Phase, later: Phase) -> None:
    log.add(queued_transfer())
    log.update("t0001", phase=final, message="the first word")
    if later is final:
        return
    after = log.update("t0001", phase=later, message="an older observation")
    assert (after.phase, after.message) == (final, "the first word")


def test_facts_beside_the_phase_can_follow_a_final_phase(log: TransferLog) -> None:
    log.add(queued_transfer())
    log.update("t0001", phase=Phase.COMPLETED)
    log.update("t0001", message="with gaps")
    assert log.get("t0001").message == "with gaps"


def test_a_change_that_makes_no_transfer_is_not_written(log: TransferLog) -> None:
    log.add(queued_transfer())
    with pytest.raises(QuicklookError, match="t0001"):
        log.update("t0001", phase="NO SUCH PHASE")
    with pytest.raises(TypeError, match="topic"):
        log.update("t0001", topic="another")
    assert log.get("t0001") == queued_transfer()


def test_the_oldest_is_claimed_while_a_place_is_free(log: TransferLog) -> None:
    for number in (1, 2, 3):
        log.add(queued_transfer(number))
    assert [log.place_in_queue(f"t000{n}") for n in (1, 2, 3)] == [1, 2, 3]

    claimed = log.claim_next(max_running=1)

    assert claimed is not None
    assert (claimed.id, claimed.phase) == ("t0001", Phase.QUEUED)
    assert [log.place_in_queue(f"t000{n}") for n in (1, 2, 3)] == [None, 1, 2]
    assert log.claim_next(max_running=1) is None, "a claim takes a place"
    log.update("t0001", batch_id=0, phase=Phase.EXECUTING)
    assert log.claim_next(max_running=1) is None, "a running batch takes a place"
    log.update("t0001", phase=Phase.COMPLETED)
    following = log.claim_next(max_running=1)
    assert following is not None
    assert following.id == "t0002"


def test_a_batch_that_livy_forgot_may_run_and_takes_a_place(log: TransferLog) -> None:
    log.add(queued_transfer(1))
    log.add(queued_transfer(2))
    log.update("t0001", batch_id=0, phase=Phase.UNKNOWN)
    assert log.claim_next(max_running=1) is None
    assert log.claim_next(max_running=2) is not None
    assert [t.id for t in log.unfinished()] == ["t0001", "t0002"]


def test_when_it_was_claimed_is_known(log: TransferLog) -> None:
    log.add(queued_transfer())
    assert log.claimed_at("t0001") is None
    before = datetime.now(UTC)
    log.claim_next(max_running=1)
    claimed_at = log.claimed_at("t0001")
    assert claimed_at is not None
    assert before <= claimed_at <= datetime.now(UTC)


def test_an_aborted_transfer_is_not_claimed(log: TransferLog) -> None:
    log.add(queued_transfer())
    log.update("t0001", phase=Phase.ABORTED)
    assert log.claim_next(max_running=1) is None


def test_a_stale_claim_is_handed_to_one_caller(log: TransferLog) -> None:
    log.add(queued_transfer(1))
    log.add(queued_transfer(2))
    log.claim_next(max_running=2)
    assert log.take_over_stale_claims(timedelta(minutes=1)) == ()
    assert [t.id for t in log.take_over_stale_claims(timedelta(0))] == ["t0001"]
    assert log.take_over_stale_claims(timedelta(minutes=1)) == (), "whoever took it over has it now"
