"""What the reports of a job tell of its rate and of the time that it will take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backend.job_progress import JobProgress, RunningJob, progress_text, running_job

STARTED = datetime(2026, 3, 22, 12, 0, tzinfo=UTC)


def report(elapsed_s: float, files_done: int = 0, alerts: int = 0, step: str = "publishing") -> JobProgress:
    said_at = STARTED + timedelta(seconds=elapsed_s)
    return JobProgress(
        step=step, nights=4, files=20, files_done=files_done, alerts=alerts, elapsed_s=elapsed_s, said_at=said_at
    )


def running(*reports: JobProgress) -> RunningJob:
    found = running_job(reports)
    assert found is not None
    return found


def test_a_job_that_has_not_said_anything_is_not_known() -> None:
    assert running_job(()) is None


def test_in_the_first_seconds_nothing_is_concluded() -> None:
    early = running(report(4, step="planning"), report(6), report(8, 1, 900))
    assert (early.rate_per_s, early.remaining_s) == (None, None)
    assert running(report(6), report(20)).rate_per_s is None, "before the first alert"


def test_the_rate_is_that_of_the_last_seconds() -> None:
    reports = [report(second, alerts=100 * second) for second in range(10, 40, 2)]
    reports += [report(second, alerts=3_800 + 1_000 * (second - 38)) for second in range(40, 60, 2)]
    assert running(*reports).rate_per_s == pytest.approx(1_000)


def test_the_remaining_time_follows_from_the_files() -> None:
    reports = [report(10), *(report(10 + 5 * files, files) for files in range(1, 5))]
    assert running(*reports).remaining_s == pytest.approx(5 * 16)
    assert running(*reports, report(33, 4)).remaining_s == pytest.approx(5 * 16 - 3), "it goes down between two files"
    assert running(*reports).share == pytest.approx(0.2)


def test_a_file_that_is_overdue_tells_nothing() -> None:
    assert running(report(10), report(20, 19), report(60, 19)).remaining_s is None


def test_only_publishing_has_a_rate_and_an_end() -> None:
    counting = running(report(10), report(20, 10, 500), report(22, 20, 900, "counting"))
    assert (counting.rate_per_s, counting.remaining_s, counting.share) == (None, None, 1.0)
    planning = running(JobProgress(step="planning", elapsed_s=5, said_at=STARTED))
    assert planning.share is None


def test_a_job_that_the_cluster_lets_wait_says_so() -> None:
    waiting = report(10).model_copy(update={"cores": 0})
    assert progress_text(running(waiting)) == "Waiting until the cluster gives the job executors"
    assert progress_text(running(report(10))) == "Publishing: 0 of 4 nights, 0 of 20 files", "an earlier job"
