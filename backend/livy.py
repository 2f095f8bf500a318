"""Spark jobs through Apache Livy: submit, follow, find, cancel.

Livy's answers are read as they are, because pylivy's own classes fail on a state that they do not know.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import requests
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from backend.bounded_http import was_never_sent
from backend.errors import ServiceUnavailable, SubmissionUnknown, TransferFailed
from backend.failure_reasons import known_reason
from backend.livy_connection import LivyConnection, is_not_found, is_refusal, words_of
from backend.models import Phase

_PAGE_SIZE = 100
_LOG_LINES = 10_000  # Livy itself keeps the last few hundred lines of a batch
_LOG_HEADINGS = {"stdout:", "stderr:"}  # Livy's own lines, also where nothing follows
_NAME_IS_TAKEN = "Duplicate session name"
_PAUSE_S = 0.2
_SIGN_OF_LIFE_S = 3.0  # one that is up answers far sooner, and who waits for a bad word wants it soon
_SHARE_OF_SUBMISSION = 0.6  # of the time for submitting; the rest is for asking whether Livy took the batch

_PHASES = {
    "not_started": Phase.EXECUTING,
    "starting": Phase.EXECUTING,
    "recovering": Phase.EXECUTING,
    "idle": Phase.EXECUTING,
    "running": Phase.EXECUTING,
    "busy": Phase.EXECUTING,
    "shutting_down": Phase.EXECUTING,
    "success": Phase.COMPLETED,
    "error": Phase.ERROR,
    "dead": Phase.ERROR,
    "killed": Phase.ABORTED,
}


def phase_of(state: str) -> Phase:
    """The phase that a state of Livy stands for; ``UNKNOWN`` for a state that we do not know."""
    return _PHASES.get(state.lower(), Phase.UNKNOWN)


class Batch(BaseModel):
    """A Livy batch: one run of a Spark job."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: int
    name: str | None = None
    state: str
    app_id: str | None = Field(default=None, validation_alias=AliasChoices("appId", "app_id"))
    log: tuple[str, ...] = ()

    @property
    def phase(self) -> Phase:
        """Where the batch stands, in the words of a transfer."""
        return phase_of(self.state)


class _BatchPage(BaseModel):
    total: int
    sessions: tuple[Batch, ...]


class _LogPage(BaseModel):
    log: tuple[str, ...] = ()


class LivyGateway:
    """Everything that is asked of one Livy server. Safe to use from several threads.

    A batch is addressed by its id *and* its name, and never touched when they disagree: after a restart Livy counts
    from 0 again, and an id that we remember may be another user's job.

    Parameters
    ----------
    url
        Address of the server; a user and password in it are used, and never shown.
    connect_timeout_s
        Until the server must accept a connection.
    request_timeout_s
        Until a call of any method has ended, retries included.
    """

    def __init__(self, url: str, *, connect_timeout_s: float = 3.0, request_timeout_s: float = 8.0) -> None:
        self._livy = LivyConnection(url, connect_timeout_s)
        self._request_timeout_s = request_timeout_s

    def submit(
        self,
        name: str,
        file: str,
        *,
        args: Sequence[str] = (),
        py_files: Sequence[str] = (),
        jars: Sequence[str] = (),
        driver_memory: str | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> Batch:
        """Start a batch.

        Parameters
        ----------
        name
            Unique name of the batch, by which it is found again: the topic.
        file, args, py_files, jars
            The script, its arguments, and what Spark ships with it.
        driver_memory
            As Spark writes it: ``2g``.
        fields
            Further fields of a batch, as Livy names them: ``numExecutors``, ``conf``.

        Raises
        ------
        TransferFailed
            Livy refused the batch, and why: a file outside its allowed folders, a name that is taken, a user as whom we
            may not submit.
        SubmissionUnknown
            Livy was asked and did not answer, and does not show the batch yet: look its name up with `find` later, and
            do not submit again.
        ServiceUnavailable
            Livy cannot be reached; it has not taken the batch.
        """
        body: dict[str, Any] = {"name": name, "file": file, "args": list(args), "pyFiles": list(py_files)}
        body |= {"jars": list(jars), "conf": {}, **(fields or {})}
        if driver_memory:
            body["driverMemory"] = driver_memory
        started = time.monotonic()
        deadline = started + self._request_timeout_s
        try:
            client = self._livy.client(started + _SHARE_OF_SUBMISSION * self._request_timeout_s)
            answer = client.post("/batches", data=body)
        except requests.RequestException as error:
            if is_refusal(error):
                raise self._refused(name, deadline, error) from error
            if was_never_sent(error):
                raise self._not_permitted(name, error) or self._livy.unavailable(error) from error
            return self._look_up(name, deadline, error)
        return self._livy.parsed(Batch, answer)

    def batch(self, batch_id: int, name: str) -> Batch | None:
        """The batch of this id and name; None if Livy has forgotten it, or if the id is another batch's by now.

        Raises
        ------
        ServiceUnavailable
            Livy does not answer, or with an error.
        """
        return self._batch(batch_id, name, self._deadline())

    def find(self, name: str) -> Batch | None:
        """The batch of this name; None if Livy knows none.

        Raises
        ------
        ServiceUnavailable
            Livy does not answer, or with an error.
        """
        return self._find(name, self._deadline())

    def log(self, batch_id: int, name: str, from_line: int = 0) -> tuple[tuple[str, ...], int] | None:
        """What the batch printed, as far as Livy keeps it.

        Livy keeps the last lines only, a few hundred: beyond that, line numbers move while the job runs.

        Parameters
        ----------
        from_line
            First line wanted, from 0.

        Returns
        -------
        tuple or None
            The lines, and how many Livy holds in all; None where `batch` gives None.

        Raises
        ------
        ServiceUnavailable
            Livy does not answer, or with an error.
        """
        deadline = self._deadline()
        answer = self._livy.get(f"/batches/{batch_id}/log", deadline, {"from": 0, "size": _LOG_LINES})
        # The name is checked after reading: an id that is ours now was ours then.
        if answer is None or self._batch(batch_id, name, deadline) is None:
            return None
        lines = tuple(line for line in self._livy.parsed(_LogPage, answer).log if line.strip() not in _LOG_HEADINGS)
        return lines[from_line:], len(lines)

    def cancel(self, batch_id: int, name: str) -> bool:
        """Kill the batch of this id and name; Livy forgets it at once, so that no later state tells of it.

        Returns
        -------
        bool
            False if there was no such batch to kill.

        Raises
        ------
        ServiceUnavailable
            Livy does not answer, or with an error.
        """
        return self._cancel(batch_id, name, self._deadline())

    def ping(self) -> None:
        """Ask for a sign of life.

        Raises
        ------
        ServiceUnavailable
            Livy does not answer, or something else answers at its address.
        """
        self._page(0, 1, time.monotonic() + min(self._request_timeout_s, _SIGN_OF_LIFE_S))

    def is_healthy(self) -> bool:
        """Whether Livy answers."""
        try:
            self.ping()
        except ServiceUnavailable:
            return False
        return True

    def _deadline(self) -> float:
        return time.monotonic() + self._request_timeout_s

    def _batch(self, batch_id: int, name: str, deadline: float) -> Batch | None:
        answer = self._livy.get(f"/batches/{batch_id}", deadline)
        if answer is None:
            return None
        batch = self._livy.parsed(Batch, answer)
        return batch if batch.name == name else None

    def _cancel(self, batch_id: int, name: str, deadline: float) -> bool:
        if self._batch(batch_id, name, deadline) is None:
            return False
        try:
            self._livy.client(deadline).delete(f"/batches/{batch_id}")
        except requests.RequestException as error:
            if is_not_found(error):
                return False
            raise self._livy.unavailable(error) from error
        return True

    def _find(self, name: str, deadline: float) -> Batch | None:
        start = 0
        while True:
            page = self._page(start, _PAGE_SIZE, deadline)
            for batch in page.sessions:
                if batch.name == name:
                    return batch
            start += _PAGE_SIZE
            if not page.sessions or start >= page.total:
                return None

    def _page(self, start: int, size: int, deadline: float) -> _BatchPage:
        return self._livy.parsed(_BatchPage, self._livy.get("/batches", deadline, {"from": start, "size": size}))

    def _look_up(self, name: str, deadline: float, cause: requests.RequestException) -> Batch:
        """The batch that Livy made although its answer did not reach us."""
        while (time_left_s := deadline - time.monotonic()) > 0:
            try:
                if (batch := self._find(name, deadline)) is not None:
                    return batch
            except ServiceUnavailable:
                pass  # asked again until the deadline; what the user needs to know is the submission's own error
            time.sleep(min(_PAUSE_S, time_left_s))
        raise SubmissionUnknown(
            "Livy",
            f"{self._livy.unavailable(cause).message} It is not known whether it took the job {name}.",
            "It is looked up by this name before anything is submitted again.",
        ) from cause

    def _not_permitted(self, name: str, error: requests.RequestException) -> TransferFailed | None:
        """What the settings ask for and we may not have; None where Livy does not know us at all, or is not there."""
        why = known_reason([words_of(error.response)]) if error.response is not None else ""
        return TransferFailed(f"Livy refused the job {name}.", why) if why else None

    def _refused(self, name: str, deadline: float, error: requests.RequestException) -> TransferFailed:
        assert error.response is not None
        said = words_of(error.response)
        hint = known_reason([said]) or "See the log of Livy."
        failure = TransferFailed(f"Livy refused the job {name}: {said}", hint)
        if _NAME_IS_TAKEN not in said:
            try:
                self._forget_refused(name, deadline)
            except ServiceUnavailable as unavailable:
                failure.add_note(f"Livy may go on showing it as starting: {unavailable}")
        return failure

    def _forget_refused(self, name: str, deadline: float) -> None:
        """Remove what Livy registered before it refused: it would be shown as starting for ever."""
        if (batch := self._find(name, deadline)) is not None:
            self._cancel(batch.id, name, deadline)
