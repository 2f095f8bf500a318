"""How the command line follows a reader: it says what it waits for; on a terminal it shows a bar."""

from __future__ import annotations

import time
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from backend.errors import ServiceUnavailable
from backend.ingest import GOES_ON
from backend.ingest_progress import IngestProgress, IngestState

LOOK_S = 0.2
_NOTES = Console(stderr=True, highlight=False)


class Reading(Protocol):
    """A reader in the background."""

    @property
    def progress(self) -> IngestProgress:
        """How far it is now."""

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until it has ended, and say whether it has."""


def follow(reading: Reading, longest_outage_s: float | None = None) -> IngestProgress:
    """Follow until reading has ended.

    Parameters
    ----------
    longest_outage_s
        How long Kafka may be away; None: for ever.

    Raises
    ------
    ServiceUnavailable
        It was away for longer. The reader has not ended yet.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_NOTES, disable=not _NOTES.is_terminal, transient=True) as bar:
        task = bar.add_task("reading", total=None, completed=reading.progress.read, counts="")
        said, away_since = "", None
        while not reading.join(LOOK_S):
            now = reading.progress
            if now.state is IngestState.WAITING and now.message not in ("", said):
                bar.console.print(now.message, soft_wrap=True)
            said = now.message
            is_away = now.state is IngestState.WAITING and now.message.endswith(GOES_ON)
            away_since = (away_since or time.monotonic()) if is_away else None
            if longest_outage_s is not None and away_since and time.monotonic() - away_since > longest_outage_s:
                raise _away_too_long(now, longest_outage_s)
            total = now.total_messages
            counts = f"{now.read:,}" + (f" / {total:,}" if total is not None else "") + f" · {now.rate_per_s:,.0f}/s"
            bar.update(task, description=now.state, completed=now.read, total=total, counts=counts)
    return reading.progress


def _away_too_long(now: IngestProgress, longest_outage_s: float) -> ServiceUnavailable:
    what = now.message.removesuffix(GOES_ON).strip()
    hint = f"It was waited for, {longest_outage_s / 60:g} min. The same command goes on from here."
    return ServiceUnavailable("Kafka", what, hint)
