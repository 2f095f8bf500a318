"""The transfer log's file: shared by processes, damaged, locked, on a full disk."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.errors import QuicklookError, ServiceUnavailable
from backend.transfer_log import SCHEMA_VERSION, TransferLog
from tests.support.queued_transfer import queued_transfer

ROOT = Path(__file__).parents[3]


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
        log.add(queued_transfer(number))
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
                log.add(queued_transfer(number))
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
    log.add(queued_transfer())
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
            log.add(queued_transfer())
        assert log.list() == (), "readers are not kept out"
    finally:
        other.close()
    log.add(queued_transfer())


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
    log.add(queued_transfer())
    assert "transfer log" in _output(_run(FILL, str(path)))
    assert log.get("t0001") == queued_transfer()


FILL_A_SMALL_DISK = """
import subprocess, sys
from pathlib import Path
from backend.errors import ServiceUnavailable
from backend.transfer_log import TransferLog
from tests.support.queued_transfer import queued_transfer
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", sys.argv[1]], check=True)
log = TransferLog(Path(sys.argv[1]) / "transfers.sqlite")
log.add(queued_transfer())
try:
    log.update("t0001", message="x" * 1_000_000)
except ServiceUnavailable as error:
    print(error)
print(log.get("t0001") == queued_transfer())
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
