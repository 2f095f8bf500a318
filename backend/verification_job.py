"""The job that makes a transfer's alerts again from the archive and compares them with its topic: a Livy batch."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from pydantic import ValidationError

from backend.config import Settings
from backend.errors import ServiceUnavailable, TransferFailed
from backend.failure_reasons import known_reason, last_words
from backend.job_submission import submit_job
from backend.livy import Batch, LivyGateway
from backend.models import Phase, Transfer
from backend.script_store import ScriptStore
from backend.verdicts import TopicRange
from backend.verification import EXAMPLES, ArchiveAnswer

ENTRY = "verify_transfer.py"
POLL_S = 0.5


def verification_plan(
    transfer: Transfer, ranges: Mapping[int, TopicRange], schema_text: str | None, answer_uri: str
) -> dict[str, Any]:
    """What the job is told, as JSON has it."""
    return {
        "transfer": transfer.plan.model_dump(mode="json"),
        "schema_json": schema_text or "",
        "ranges": [{"partition": number, "begin": each.begin, "end": each.end} for number, each in ranges.items()],
        "submitted_ms": round(transfer.submitted_at.timestamp() * 1000),
        "examples": EXAMPLES,
        "answer_uri": answer_uri,
    }


class VerificationJob:
    """One comparison of an archive with a topic; runs while the context is open, and leaves nothing behind.

    Parameters
    ----------
    settings, livy, scripts
        Settings and adapters.
    transfer
        Whose alerts are compared.
    ranges, schema_text
        The messages that its topic has, and their schema.
    """

    def __init__(
        self,
        settings: Settings,
        livy: LivyGateway,
        scripts: ScriptStore,
        transfer: Transfer,
        ranges: Mapping[int, TopicRange],
        schema_text: str | None,
    ) -> None:
        self._settings = settings
        self._livy = livy
        self._scripts = scripts
        self._transfer = transfer
        self._ranges = ranges
        self._schema_text = schema_text
        self._name = f"verify_{transfer.id}_{secrets.token_hex(4)}"  # two at once do not meet
        self._answer = f"{self._name}_answer"

    def __enter__(self) -> Self:
        try:
            self._batch = self._submitted()
        except BaseException:
            self._remove_files()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._livy.cancel(self._batch.id, self._name)
            self._remove_files()
        except ServiceUnavailable as unavailable:
            if error is None:
                raise
            error.add_note(str(unavailable))

    def wait(self, deadline: float, say: Callable[[str], None]) -> ArchiveAnswer:
        """Wait for the answer.

        Parameters
        ----------
        deadline
            By `time.monotonic`.
        say
            Is told what the job does when that changes.

        Raises
        ------
        TransferFailed
            The job ended without an answer, or has none by the deadline.
        ServiceUnavailable
            Livy or the script store does not answer.
        """
        said: Phase | None = None
        while True:
            batch = self._livy.batch(self._batch.id, self._name)
            if batch is None or batch.phase.is_final:
                return self._read_answer()
            if batch.phase is not said:
                said = batch.phase
                say(f"Comparing archive and topic: {said}, job {self._name}.")
            if time.monotonic() > deadline:
                raise TransferFailed("The archive was not compared in time.", "Give it longer: --within.")
            time.sleep(POLL_S)

    def _submitted(self) -> Batch:
        answer_uri = self._scripts.put_plan(self._answer, "")
        plan = verification_plan(self._transfer, self._ranges, self._schema_text, answer_uri)
        return submit_job(
            self._settings,
            self._livy,
            self._scripts,
            name=self._name,
            entry=ENTRY,
            plan_json=json.dumps(plan),
            resources=self._transfer.plan.resources,  # it reads as much again
        )

    def _read_answer(self) -> ArchiveAnswer:
        text = self._scripts.read_plan(self._answer)
        if not text:
            found = self._livy.log(self._batch.id, self._name)
            lines = found[0] if found else ()
            message = f"The job that compares the archive has given no answer. Its log says: {last_words(lines)}"
            raise TransferFailed(message, known_reason(lines))
        try:
            return ArchiveAnswer.model_validate_json(text)
        except ValidationError as error:
            raise TransferFailed("The answer of the job that compares the archive is not understood.") from error

    def _remove_files(self) -> None:
        for name in (self._name, self._answer):
            self._scripts.remove_plan(name)
