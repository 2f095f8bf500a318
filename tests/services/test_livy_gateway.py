"""The Livy gateway and the script store with a real Livy, real Spark drivers, and a Livy that hangs or restarts."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from backend.errors import ServiceUnavailable, SubmissionUnknown, TransferFailed
from backend.livy import Batch, LivyGateway
from backend.models import Phase
from backend.script_store import ScriptStore
from stack.embedded import EmbeddedStack

DEADLINE_S = 60.0
Found = TypeVar("Found")

ENTRY = """
import os, sys, time
from job_for_tests.words import WORD
plan = open(sys.argv[1]).read()
print(f"{WORD} {plan}", flush=True)
if plan == "fail":
    raise ValueError("this job fails on purpose")
if plan == "work":
    from pyspark.sql import SparkSession
    spark = SparkSession.builder.getOrCreate()
    print(f"pid {os.getpid()}", flush=True)
    while True:
        spark.range(10).count()
"""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    package = tmp_path_factory.mktemp("source") / "job_for_tests"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "words.py").write_text("WORD = 'the plan says'\n")
    (package / "entry.py").write_text(ENTRY)
    return package


@pytest.fixture
def livy(stack: EmbeddedStack) -> LivyGateway:
    return LivyGateway(stack.livy_url)


@pytest.fixture
def name() -> str:
    return f"ftransfer_test_{uuid.uuid4().hex}"


@pytest.fixture
def submit(stack: EmbeddedStack, scripts: Path, name: str) -> Iterator[Callable[..., Batch]]:
    store = ScriptStore(stack.settings.script_store)
    usual = LivyGateway(stack.livy_url)

    def run(plan: str, livy: LivyGateway = usual) -> Batch:
        job = store.put_job(scripts, "entry.py")
        path = store.put_plan(name, plan)
        return livy.submit(name, job.main, args=(path,), py_files=job.py_files, driver_memory="512m")

    yield run
    store.remove_plan(name)
    if (left := usual.find(name)) is not None:
        usual.cancel(left.id, name)


def _wait_for(look: Callable[[], Found | None]) -> Found:
    deadline = time.monotonic() + DEADLINE_S
    while (found := look()) is None:
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
    return found


def _ended(livy: LivyGateway, batch: Batch, name: str) -> Batch:
    def look() -> Batch | None:
        now = livy.batch(batch.id, name)
        assert now is not None
        return now if now.phase.is_final else None

    return _wait_for(look)


def _log(livy: LivyGateway, batch: Batch, name: str) -> tuple[str, ...]:
    found = livy.log(batch.id, name)
    assert found is not None
    return found[0]


@contextmanager
def _hanging(stack: EmbeddedStack) -> Iterator[Callable[[], None]]:
    """Livy accepts connections, but does nothing, until the given function is called."""
    pid = stack.livy.pid
    assert pid is not None

    def resume() -> None:
        os.kill(pid, signal.SIGCONT)

    os.kill(pid, signal.SIGSTOP)
    try:
        yield resume
    finally:
        resume()


def test_a_job_runs_with_its_package_and_its_plan(livy: LivyGateway, submit: Callable[..., Batch], name: str) -> None:
    batch = submit("go")
    assert batch.name == name
    assert livy.find(name) is not None

    ended = _ended(livy, batch, name)

    lines = _log(livy, ended, name)
    assert ended.phase is Phase.COMPLETED, lines
    assert "the plan says go" in lines
    assert livy.log(batch.id, name, len(lines) - 1) == (lines[-1:], len(lines))
    assert livy.log(batch.id, name, len(lines)) == ((), len(lines))


def test_a_job_that_fails_leaves_its_reason_in_the_log(
    livy: LivyGateway, submit: Callable[..., Batch], name: str
) -> None:
    ended = _ended(livy, submit("fail"), name)
    assert ended.phase is Phase.ERROR
    assert "ValueError: this job fails on purpose" in _log(livy, ended, name)


def test_a_cancelled_job_is_gone_with_its_driver(livy: LivyGateway, submit: Callable[..., Batch], name: str) -> None:
    batch = submit("work")

    def pid_in_log() -> int | None:
        pids = [line.split()[1] for line in _log(livy, batch, name) if line.startswith("pid ")]
        return int(pids[0]) if pids else None

    pid = _wait_for(pid_in_log)
    assert livy.cancel(batch.id, "ftransfer_somebody_else") is False
    still_there = livy.batch(batch.id, name)
    assert still_there is not None
    assert still_there.phase is Phase.EXECUTING

    assert livy.cancel(batch.id, name) is True

    assert livy.batch(batch.id, name) is None
    assert livy.log(batch.id, name) is None
    assert livy.find(name) is None
    assert livy.cancel(batch.id, name) is False
    _wait_for(lambda: True if not Path(f"/proc/{pid}").exists() else None)


def test_a_script_outside_the_allowed_folders_is_refused_in_livys_words(livy: LivyGateway, name: str) -> None:
    with pytest.raises(TransferFailed, match="cannot be added to user sessions"):
        livy.submit(name, "/etc/hostname")
    assert livy.find(name) is None


def test_a_name_that_is_taken_is_refused_in_livys_words(submit: Callable[..., Batch]) -> None:
    submit("go")
    with pytest.raises(TransferFailed, match="Duplicate session name"):
        submit("go")


def test_a_submission_that_livy_took_while_it_hung_is_found_and_not_repeated(
    stack: EmbeddedStack, livy: LivyGateway, submit: Callable[..., Batch], name: str
) -> None:
    impatient = LivyGateway(stack.livy_url, request_timeout_s=2.0)
    with _hanging(stack):
        started = time.monotonic()
        with pytest.raises(SubmissionUnknown, match=name):
            submit("go", impatient)
        assert time.monotonic() - started < 4
        assert not impatient.is_healthy()

    batch = _wait_for(lambda: livy.find(name))
    assert _ended(livy, batch, name).phase is Phase.COMPLETED


def test_after_a_restart_of_livy_an_old_id_is_nobody_elses(
    stack: EmbeddedStack, livy: LivyGateway, submit: Callable[..., Batch], name: str
) -> None:
    stack.livy.stop()
    try:
        with pytest.raises(ServiceUnavailable, match="cannot be reached"):
            livy.ping()
    finally:
        stack.livy.start()
        stack.livy.wait_until_ready()
    batch = submit("go")
    assert batch.id == 0, "Livy counts from 0 again"
    assert livy.batch(0, "ftransfer_of_before_the_restart") is None
    assert livy.cancel(0, "ftransfer_of_before_the_restart") is False
    assert _ended(livy, batch, name).phase is Phase.COMPLETED
