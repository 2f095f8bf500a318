"""Following a reader at the command line: what it waits for is said, and for how long."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from backend.errors import ServiceUnavailable
from backend.ingest import GOES_ON
from backend.ingest_progress import IngestProgress, IngestState
from backend.reading_progress import follow

AWAY = IngestProgress(IngestState.WAITING, message=f"Kafka does not answer. Wait. {GOES_ON}")
QUEUED = IngestProgress(IngestState.WAITING, message="The transfer waits in the queue.")
DONE = IngestProgress(IngestState.DONE, message="3 of 3, complete.", complete=True)


class Scripted:
    """A reader that is in one state after the other, each for some looks."""

    def __init__(self, states: Sequence[IngestProgress]) -> None:
        self._states = list(states)

    @property
    def progress(self) -> IngestProgress:
        return self._states[0] if self._states else DONE

    def join(self, timeout_s: float | None = None) -> bool:
        time.sleep(0.01)
        if self._states:
            self._states.pop(0)
        return not self._states


def test_it_gives_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert follow(Scripted([QUEUED, QUEUED, AWAY, AWAY, IngestProgress(IngestState.READING), DONE])) is DONE
    out, notes = capsys.readouterr()
    assert out == ""
    assert notes.splitlines() == [QUEUED.message, AWAY.message]


def test_kafka_away_for_too_long_is_an_error() -> None:
    with pytest.raises(ServiceUnavailable, match=r"Kafka does not answer\. Wait\..*The same command goes on"):
        follow(Scripted([AWAY] * 100), longest_outage_s=0.1)


def test_outages_are_not_added_up() -> None:
    reading = IngestProgress(IngestState.READING)
    assert follow(Scripted([*[AWAY] * 5, reading] * 10), longest_outage_s=0.3) is DONE


def test_a_queue_may_take_its_time() -> None:
    assert follow(Scripted([QUEUED] * 30), longest_outage_s=0.1) is DONE
