"""Watching and ending the jobs of transfers: from Livy's batches, and from what each job says itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from backend.config import Settings
from backend.errors import ServiceUnavailable
from backend.failure_reasons import known_reason, last_words
from backend.job_progress import RunningJob, running_job
from backend.livy import Batch, LivyGateway
from backend.models import Phase, Transfer
from backend.receipt_topic import JobRecords, ReceiptTopics
from backend.script_store import ScriptStore
from backend.transfer_log import TransferLog

FORGOTTEN = "Livy has forgotten the job; it goes on and reports itself."
_ALIVE = timedelta(seconds=15)
"""A job that has reported within this time is alive; it reports every two seconds."""


class JobControl:
    """The jobs of all transfers in the log.

    Parameters
    ----------
    settings, log, livy, scripts, receipts
        Settings and adapters.
    """

    def __init__(
        self, settings: Settings, log: TransferLog, livy: LivyGateway, scripts: ScriptStore, receipts: ReceiptTopics
    ) -> None:
        self._log = log
        self._livy = livy
        self._scripts = scripts
        self._receipts = receipts
        self._user = settings.user
        self._longest_silence = timedelta(seconds=settings.job_silence_s)
        self._running: dict[str, RunningJob] = {}

    def running(self, transfer: Transfer) -> RunningJob | None:
        """How far its job was when it was last refreshed here; None when it does not run, or has not said."""
        return None if transfer.phase.is_final else self._running.get(transfer.id)

    def refresh(self, transfer: Transfer) -> Transfer:
        """The transfer as its job is now, also written to the log.

        Raises
        ------
        ServiceUnavailable
            Kafka does not answer; or Livy does not, and the job has not said its last word.
        """
        if transfer.phase.is_final or transfer.batch_id is None:
            return transfer
        try:
            batch = self._livy.batch(transfer.batch_id, transfer.topic)
        except ServiceUnavailable:
            if (concluded := self._concluded(transfer, self._receipts.read(transfer.topic))) is None:
                raise
            return concluded
        records = self._receipts.read(transfer.topic)  # after Livy: a job that has ended has said its last word
        self._note_progress(transfer, records)
        if batch is None:
            return self._without_batch(transfer, records)
        return self._with_batch(transfer, batch, records)

    def cancel(self, transfer: Transfer) -> Transfer:
        """End the job; what was published stays readable, and is marked as partial.

        The marker alone ends a job that Livy cannot: it looks for it every two seconds.

        Returns
        -------
        Transfer
            Not ABORTED if the job had ended before.

        Raises
        ------
        ServiceUnavailable
            Neither Kafka takes the marker nor does Livy kill the batch: the job goes on.
        """
        message, unmarked = f"Cancelled by {self._user}.", None
        if transfer.batch_id is not None:
            try:
                if (concluded := self._concluded(transfer, self._receipts.read(transfer.topic))) is not None:
                    return concluded
                self._receipts.mark_cancelled(transfer.topic, message)
            except ServiceUnavailable as error:
                unmarked = error
            self._kill(transfer.batch_id, transfer.topic, unmarked)
            if unmarked is None and (records := self._receipts.read(transfer.topic)).receipt is not None:
                return self._completed(transfer, records)  # it was faster
        return self._end(transfer, Phase.ABORTED, message)

    def log_lines(self, transfer: Transfer, from_line: int = 0) -> tuple[str, ...]:
        """The job's log from a line on; empty when Livy has not started it or has forgotten it.

        Raises
        ------
        ServiceUnavailable
            Livy does not answer.
        """
        if transfer.batch_id is None:
            return ()
        found = self._livy.log(transfer.batch_id, transfer.topic, from_line)
        return found[0] if found else ()

    def _with_batch(self, transfer: Transfer, batch: Batch, records: JobRecords) -> Transfer:
        """From the phase that Livy says, once the job has not said its last word."""
        if records.receipt is not None:
            return self._completed(transfer, records)
        if batch.phase in (Phase.QUEUED, Phase.EXECUTING):
            return self._seen(transfer, batch.phase, "")
        if batch.phase is Phase.UNKNOWN:
            return self._seen(transfer, batch.phase, f"Livy calls the state of the job {batch.state!r}.")
        if records.cancelled is not None:
            return self._end(transfer, Phase.ABORTED, records.cancelled)
        if batch.phase is Phase.ABORTED:
            return self._end(transfer, batch.phase, "The job was ended from outside.")
        return self._end(transfer, Phase.ERROR, records.failure or self._evidence(transfer))

    def _without_batch(self, transfer: Transfer, records: JobRecords) -> Transfer:
        """Livy has forgotten the batch: its driver may have ended, or goes on as an orphan."""
        if (concluded := self._concluded(transfer, records)) is not None:
            return concluded
        if records.cancelled is not None:
            return self._end(transfer, Phase.ABORTED, records.cancelled)
        progress, now = records.progress, datetime.now(UTC)
        last_sign = progress.said_at if progress else self._log.claimed_at(transfer.id) or transfer.submitted_at
        if progress and now - last_sign < _ALIVE:
            return self._seen(transfer, Phase.EXECUTING, FORGOTTEN)
        until = last_sign + self._longest_silence
        if now < until:
            message = "Livy has forgotten the job, and the job does not report itself."
            return self._seen(transfer, Phase.UNKNOWN, f"{message} It counts as failed from {until:%H:%M:%S} UTC on.")
        message = f"Livy has forgotten the job, and it has given no sign of life for {_span(self._longest_silence)}."
        self._receipts.mark_cancelled(transfer.topic, message)  # should it come back, it stops
        return self._end(transfer, Phase.ERROR, message)

    def _concluded(self, transfer: Transfer, records: JobRecords) -> Transfer | None:
        """The transfer as the job's own last word has it; None while there is none."""
        if records.receipt is not None:
            return self._completed(transfer, records)
        if records.failure is not None and records.cancelled is None:
            return self._end(transfer, Phase.ERROR, records.failure)
        return None

    def _completed(self, transfer: Transfer, records: JobRecords) -> Transfer:
        assert records.receipt is not None
        return self._end(transfer, Phase.COMPLETED, records.receipt.note, receipt=records.receipt)

    def _kill(self, batch_id: int, topic: str, unmarked: ServiceUnavailable | None) -> None:
        """Have Livy kill the batch; where the marker is written, that Livy cannot is no failure."""
        try:
            is_killed = self._livy.cancel(batch_id, topic)
        except ServiceUnavailable:
            if unmarked is not None:
                raise
            return
        if not is_killed and unmarked is not None:
            raise unmarked

    def _note_progress(self, transfer: Transfer, records: JobRecords) -> None:
        if (running := running_job(records.reports)) is not None:
            self._running[transfer.id] = running

    def _seen(self, transfer: Transfer, phase: Phase, message: str) -> Transfer:
        if (phase, message) == (transfer.phase, transfer.message):
            return transfer
        return self._log.update(transfer.id, phase=phase, message=message)

    def _end(self, transfer: Transfer, phase: Phase, message: str, **more: object) -> Transfer:
        ended = self._log.update(transfer.id, phase=phase, message=message, **more)
        self._running.pop(transfer.id, None)
        self._scripts.remove_plan(transfer.topic)
        return ended

    def _evidence(self, transfer: Transfer) -> str:
        """The last words of a job that could not say itself what went wrong."""
        lines = self.log_lines(transfer)
        said = f"The job ended without a receipt. The last that its log says of it: {last_words(lines)}"
        return known_reason(lines) or said


def _span(span: timedelta) -> str:
    """A span in words: ``2 minutes``, ``90 seconds``."""
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    return f"{minutes} minutes" if minutes > 1 and not seconds else f"{60 * minutes + seconds} seconds"
