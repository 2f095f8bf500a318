"""The transfer log against real SQLite files, with several processes where it matters."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from backend.errors import InvalidRequest, QuicklookError, ServiceUnavailable
from backend.models import ContentPlan, KafkaTarget, Phase, Receipt, Transfer, TransferPlan, TransferRequest
from backend.nights import NightRange
from backend.transfer_log import SCHEMA_VERSION, TransferLog

ROOT = Path(__file__).parents[3]
SUBMITTED_AT = datetime(2026, 3, 22, 12, 0, tzinfo=UTC)


def _transfer(number: int = 1, user: str = "ada") -> Transfer:
    topic = f"ftransfer_ztf_2026-03-22_{number:04d}"
    night = date(2026, 3, 21)
    return Transfer(
        id=f"t{number:04d}",
        topic=topic,
        user=user,
        request=TransferRequest(nights=NightRange(start=night, stop=night), conditions="candidate.magpsf > 19;"),
        plan=TransferPlan(
            topic=topic,
            survey="ztf",
            archive_uri="file:///archive",
            nights=(night,),
            content=ContentPlan(name="lightcurve"),
            kafka=KafkaTarget(bootstrap_servers="localhost:9092"),
        ),
        submitted_at=SUBMITTED_AT,
        expires_at=SUBMITTED_AT + timedelta(days=4),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "transfers.sqlite"


@pytest.fixture
def log(path: Path) -> TransferLog:
    return TransferLog(path)


def _run(script: str, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *args], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def _output(process: subprocess.Popen[str]) -> str:
    printed, complaints = process.communicate(timeout=120)
    assert process.returncode == 0, complaints
    return printed


def test_a_transfer_comes_back_as_it_was_written_by_id_and_by_topic(log: TransferLog) -> None:
    written = _transfer()
    log.add(written)
    assert log.get(written.id) == written
    assert log.get(written.topic) == written


def test_a_receipt_keeps_fields_that_we_do_not_know(log: TransferLog) -> None:
    log.add(_transfer())
    receipt = Receipt.model_validate({"topic": "t", "published": 3, "messages": 4, "from_the_future": [1]})
    log.update("t0001", receipt=receipt, phase=Phase.COMPLETED)
    assert log.get("t0001").receipt == receipt


def test_an_unknown_name_is_refused_with_the_nearest(log: TransferLog) -> None:
    log.add(_transfer())
    with pytest.raises(InvalidRequest, match="Did you mean t0001"):
        log.get("t001")
    with pytest.raises(InvalidRequest, match="no transfer 'zzz'"):
        log.update("zzz", message="x")


def test_the_same_id_cannot_be_added_twice(log: TransferLog) -> None:
    log.add(_transfer())
    with pytest.raises(InvalidRequest, match="t0001"):
        log.add(_transfer())


def test_the_list_begins_with_the_newest_and_can_be_one_users(log: TransferLog) -> None:
    for number, user in enumerate(["ada", "ben", "ada", "ada"], start=1):
        log.add(_transfer(number, user))
    assert [t.id for t in log.list()] == ["t0004", "t0003", "t0002", "t0001"]
    assert [t.id for t in log.list(user="ada", limit=2)] == ["t0004", "t0003"]


def test_topics_carry_the_time_of_submission(log: TransferLog) -> None:
    log.add(_transfer())
    assert log.topics() == {_transfer().topic: SUBMITTED_AT}


@pytest.mark.parametrize("final", [Phase.COMPLETED, Phase.ERROR, Phase.ABORTED])
@pytest.mark.parametrize("later", list(Phase))
def test_a_final_phase_stays(log: TransferLog, final: Phase, later: Phase) -> None:
    log.add(_transfer())
    log.update("t0001", phase=final, message="the first word")
    if later is final:
        return
    after = log.update("t0001", phase=later, message="an older observation")
    assert (after.phase, after.message) == (final, "the first word")


def test_facts_beside_the_phase_can_follow_a_final_phase(log: TransferLog) -> None:
    log.add(_transfer())
    log.update("t0001", phase=Phase.COMPLETED)
    log.update("t0001", message="with gaps")
    assert log.get("t0001").message == "with gaps"


def test_a_change_that_makes_no_transfer_is_not_written(log: TransferLog) -> None:
    log.add(_transfer())
    with pytest.raises(QuicklookError, match="t0001"):
        log.update("t0001", phase="NO SUCH PHASE")
    with pytest.raises(TypeError, match="topic"):
        log.update("t0001", topic="another")
    assert log.get("t0001") == _transfer()


def test_the_oldest_is_claimed_while_a_place_is_free(log: TransferLog) -> None:
    for number in (1, 2, 3):
        log.add(_transfer(number))
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


def test_a_batch_that_livy_forgot_does_not_stop_the_queue(log: TransferLog) -> None:
    log.add(_transfer(1))
    log.add(_transfer(2))
    log.update("t0001", batch_id=0, phase=Phase.UNKNOWN)
    claimed = log.claim_next(max_running=1)
    assert claimed is not None
    assert claimed.id == "t0002"
    assert [t.id for t in log.unfinished()] == ["t0001", "t0002"]


def test_an_aborted_transfer_is_not_claimed(log: TransferLog) -> None:
    log.add(_transfer())
    log.update("t0001", phase=Phase.ABORTED)
    assert log.claim_next(max_running=1) is None


def test_a_released_claim_returns_to_its_place(log: TransferLog) -> None:
    log.add(_transfer(1))
    log.add(_transfer(2))
    log.claim_next(max_running=1)
    log.release("t0001")
    assert log.place_in_queue("t0001") == 1


def test_a_transfer_with_a_batch_cannot_be_released(log: TransferLog) -> None:
    log.add(_transfer())
    log.claim_next(max_running=1)
    log.update("t0001", batch_id=7)
    log.release("t0001")
    assert log.claim_next(max_running=2) is None


def test_a_stale_claim_is_handed_to_one_caller(log: TransferLog) -> None:
    log.add(_transfer(1))
    log.add(_transfer(2))
    log.claim_next(max_running=2)
    assert log.take_over_stale_claims(timedelta(minutes=1)) == ()
    assert [t.id for t in log.take_over_stale_claims(timedelta(0))] == ["t0001"]
    assert log.take_over_stale_claims(timedelta(minutes=1)) == (), "whoever took it over has it now"


CLAIM_ALL = """
import sys, time
from pathlib import Path
from backend.transfer_log import TransferLog
log = TransferLog(Path(sys.argv[1]), busy_timeout_s=60)
print("ready", flush=True)
sys.stdin.readline()
while (claimed := log.claim_next(max_running=10_000)) is not None:
    print(claimed.id, flush=True)
    time.sleep(0.01)  # a submission takes time; without it the first process is done before the second begins
"""


def test_two_processes_claim_each_of_a_hundred_transfers_once(log: TransferLog, path: Path) -> None:
    for number in range(100):
        log.add(_transfer(number))
    claimers = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM_ALL, str(path)],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for claimer in claimers:
        assert claimer.stdout is not None
        assert claimer.stdout.readline() == "ready\n"
    for claimer in claimers:
        assert claimer.stdin is not None
        claimer.stdin.write("\n")
        claimer.stdin.flush()
    claims = [_output(claimer).split() for claimer in claimers]
    assert all(claims), "both took part"
    assert sorted(claims[0] + claims[1]) == [f"t{number:04d}" for number in range(100)]


def test_processes_that_start_at_once_make_one_log(path: Path) -> None:
    start = "import sys; from pathlib import Path; from backend.transfer_log import TransferLog\n"
    start += "print(len(TransferLog(Path(sys.argv[1])).list()))"
    assert [_output(process) for process in [_run(start, str(path)) for _ in range(4)]] == ["0\n"] * 4


def test_threads_share_one_log(log: TransferLog) -> None:
    errors: list[BaseException] = []

    def work(first: int) -> None:
        try:
            for number in range(first, first + 10):
                log.add(_transfer(number))
                log.update(f"t{number:04d}", message="done")
        except QuicklookError as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 10, 20, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [t.message for t in log.list()] == ["done"] * 40


def test_only_the_owner_can_read_the_log(log: TransferLog, path: Path) -> None:
    log.add(_transfer())
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_log_of_a_newer_version_is_left_alone(log: TransferLog, path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(QuicklookError, match="newer version"):
        TransferLog(path)


def _damage(path: Path) -> None:
    path.write_bytes(b"this is a text file, not a log of transfers. " * 100)


def _replace_with_other_tables(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE something (else_ TEXT)")
    connection.close()


def _replace_with_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_damage, "is damaged"),
        (_replace_with_other_tables, "is not the transfer log"),
        (_replace_with_folder, "cannot be opened"),
    ],
)
def test_a_file_that_is_no_log_is_named(log: TransferLog, path: Path, spoil: Callable[[Path], None], said: str) -> None:
    spoil(path)
    with pytest.raises(QuicklookError, match=said) as caught:
        TransferLog(path)
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_a_lock_that_is_held_too_long_is_named(path: Path) -> None:
    log = TransferLog(path, busy_timeout_s=0.2)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(ServiceUnavailable, match="locked by another process"):
            log.add(_transfer())
        assert log.list() == (), "readers are not kept out"
    finally:
        other.close()
    log.add(_transfer())


FILL = """
import resource, signal, sys
from pathlib import Path
from backend.errors import ServiceUnavailable
from backend.transfer_log import TransferLog
log = TransferLog(Path(sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    log.update("t0001", message="x" * 1_000_000)
except ServiceUnavailable as error:
    print(error)
"""


def test_a_write_that_the_disk_refuses_changes_nothing_and_is_named(log: TransferLog, path: Path) -> None:
    log.add(_transfer())
    assert "transfer log" in _output(_run(FILL, str(path)))
    assert log.get("t0001") == _transfer()


FILL_A_SMALL_DISK = """
import subprocess, sys
from pathlib import Path
from backend.errors import ServiceUnavailable
from backend.transfer_log import TransferLog
from tests.unit.backend.test_transfer_log import _transfer
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", sys.argv[1]], check=True)
log = TransferLog(Path(sys.argv[1]) / "transfers.sqlite")
log.add(_transfer())
try:
    log.update("t0001", message="x" * 1_000_000)
except ServiceUnavailable as error:
    print(error)
print(log.get("t0001") == _transfer())
"""
_IN_OWN_MOUNTS = ("unshare", "--mount", "--map-root-user")  # the small disk vanishes with the process


@pytest.mark.skipif(
    shutil.which("unshare") is None or subprocess.run([*_IN_OWN_MOUNTS, "true"], capture_output=True).returncode != 0,
    reason="a process cannot have mounts of its own here",
)
def test_a_full_disk_is_named(tmp_path: Path) -> None:
    command = [*_IN_OWN_MOUNTS, sys.executable, "-c", FILL_A_SMALL_DISK, str(tmp_path)]
    filled = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=60)
    assert filled.returncode == 0, filled.stderr
    said, is_unchanged = filled.stdout.splitlines()
    assert "the disk is full" in said
    assert is_unchanged == "True"
