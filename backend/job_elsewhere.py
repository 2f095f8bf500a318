"""What a job does of which only its receipt topic is known: nobody asks Livy."""

from __future__ import annotations

import time
from collections.abc import Callable

from backend.errors import ServiceUnavailable, TransferFailed
from backend.job_progress import JobProgress
from backend.models import Phase
from backend.receipt_topic import JobRecords

FIRST_SIGN_S = 600.0
"""A job may wait so long for its cluster before it says something."""
SILENCE_S = 120.0
"""A job that has said nothing new for so long has ended; it reports every two seconds."""


class JobElsewhere:
    """A job that is judged by what it says.

    Silence is measured by our own clock, from when a new sign was seen, and only while Kafka answers: the clocks of two
    machines differ, and while Kafka is away no job can say anything.

    Parameters
    ----------
    topic
        Of its alerts.
    read
        Gives what it has said.
    first_sign_s
        How long to wait for its first sign, in seconds.
    now
        A clock that only goes forward, in seconds.
    """

    def __init__(
        self,
        topic: str,
        read: Callable[[], JobRecords],
        first_sign_s: float = FIRST_SIGN_S,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._topic = topic
        self._read = read
        self._first_sign_s = first_sign_s
        self._now = now
        self._last_sign: JobProgress | None = None
        self._silent_since: float | None = None

    def phase(self) -> Phase:
        """Its phase now; where another tool made the topic, what is there now is all that can be promised.

        Raises
        ------
        ServiceUnavailable
            Kafka does not answer.
        TransferFailed
            It has not given a first sign in time.
        """
        try:
            records = self._read()
        except ServiceUnavailable:
            self._silent_since = None
            raise
        if records.receipt is not None:
            return Phase.COMPLETED
        if records.cancelled is not None:
            return Phase.ABORTED
        if records.failure is not None:
            return Phase.ERROR
        if not records.has_topic:
            return Phase.COMPLETED
        silence_s = self._silence_s(records.progress)
        if records.progress is not None:
            return Phase.EXECUTING if silence_s < SILENCE_S else Phase.ABORTED
        if silence_s < self._first_sign_s:
            return Phase.EXECUTING
        raise TransferFailed(
            f"The job of {self._topic} has given no sign of life within {self._first_sign_s / 60:g} min.",
            "It waits for its cluster, or was ended; reading it again goes on from here.",
        )

    def _silence_s(self, sign: JobProgress | None) -> float:
        if self._silent_since is None or sign != self._last_sign:
            self._last_sign, self._silent_since = sign, self._now()
        return self._now() - self._silent_since
