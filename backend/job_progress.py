"""How far a running job is: what it reports about every two seconds, and what follows for rate and remaining time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

PUBLISHING = "publishing"
RATE_WINDOW_S = 15.0
"""The rate is that of the last seconds."""
_STEPS = {"planning": "Planning", "publishing": "Publishing", "counting": "Counting for the receipt"}
SHORTEST_S = 4.0
"""From less than this, nothing is concluded."""


class JobProgress(BaseModel):
    """One report of a job, a sign of life. Unknown fields are ignored: a newer job may say more.

    Attributes
    ----------
    step
        ``planning``, ``publishing`` or ``counting``; a newer job may have others.
    nights, files
        How many there are; 0 while planning.
    alerts
        Messages on the topic so far.
    cores
        That it works with now; None from a job that does not say.
    elapsed_s
        Since the driver started, in seconds.
    said_at
        The time of the record, with time zone.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    step: str
    nights_done: int = 0
    nights: int = 0
    files_done: int = 0
    files: int = 0
    alerts: int = 0
    cores: int | None = None
    elapsed_s: float
    said_at: datetime


class RunningJob(NamedTuple):
    """The last report of a job, and what follows from it and those before; None where that would be a guess.

    Attributes
    ----------
    rate_per_s
        Alerts published per second, of late.
    remaining_s
        Until all is published, in seconds.
    """

    last: JobProgress
    rate_per_s: float | None = None
    remaining_s: float | None = None

    @property
    def share(self) -> float | None:
        """The part of the files that is done, 0 to 1; None while it is not known how many there are."""
        return min(self.last.files_done / self.last.files, 1.0) if self.last.files else None


def running_job(reports: Sequence[JobProgress]) -> RunningJob | None:
    """What the last reports of a job, the oldest first, say of it; None without any."""
    if not reports:
        return None
    last = reports[-1]
    publishing = [each for each in reports if each.step == PUBLISHING]
    if last.step != PUBLISHING:
        return RunningJob(last)
    return RunningJob(last, _rate_per_s(publishing), _remaining_s(publishing))


def progress_text(running: RunningJob) -> str:
    """How far a job is, in words: ``Publishing: 2 of 4 nights, 9 of 20 files, 12,340 alerts, 950/s, 2 min left``."""
    last = running.last
    if last.cores == 0:
        return "Waiting until the cluster gives the job executors"
    facts = [f"{last.nights_done:,} of {_counted(last.nights, 'night')}"] if last.nights else []
    facts += [f"{last.files_done:,} of {_counted(last.files, 'file')}"] if last.files else []
    facts += [_counted(last.alerts, "alert")] if last.alerts else []
    facts += [f"{running.rate_per_s:,.0f}/s"] if running.rate_per_s is not None else []
    facts += [f"{time_left_text(running.remaining_s)} left"] if running.remaining_s is not None else []
    step = _STEPS.get(last.step, last.step.capitalize())
    return f"{step}: {', '.join(facts)}" if facts else step


def time_left_text(seconds: float) -> str:
    """A time as roughly as it is known: ``less than a minute``, ``4 min``, ``2.5 h``."""
    if seconds < 55:
        return "less than a minute"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3600:.1f} h"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _rate_per_s(publishing: Sequence[JobProgress]) -> float | None:
    last = publishing[-1]
    first = next(each for each in publishing if last.elapsed_s - each.elapsed_s <= RATE_WINDOW_S)
    span_s = last.elapsed_s - first.elapsed_s
    return (last.alerts - first.alerts) / span_s if last.alerts and span_s >= SHORTEST_S else None


def _remaining_s(publishing: Sequence[JobProgress]) -> float | None:
    """From the time that a file took, on average, until the last one that is done; an overdue file tells nothing."""
    first, last = publishing[0], publishing[-1]
    done_at = next(each for each in publishing if each.files_done == last.files_done)
    span_s, done = done_at.elapsed_s - first.elapsed_s, done_at.files_done - first.files_done
    if done <= 0 or span_s < SHORTEST_S:
        return None
    remaining_s = (last.files - last.files_done) * span_s / done - (last.elapsed_s - done_at.elapsed_s)
    return remaining_s if remaining_s > 0 else None
