"""Starting, watching and ending the jobs of transfers: the queue, Livy's batches, and what the job itself says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from backend.config import Settings
from backend.errors import QuicklookError, ServiceUnavailable, SubmissionUnknown, TransferFailed
from backend.livy import Batch, LivyGateway
from backend.models import Phase, Receipt, Transfer
from backend.receipt_topic import JobRecords
from backend.script_store import JOB_FOLDER, ScriptStore
from backend.topics import TopicAdmin
from backend.transfer_log import TransferLog

MESSAGE_OVERHEAD_BYTES = 64 * 1024
"""What Kafka adds to an alert (key, headers, batch header), with a wide margin; the job allows the same."""
STALE_CLAIM = timedelta(seconds=90)
"""Well above the time that a submission may take."""


class JobControl:
    """The jobs of all transfers in the log.

    Parameters
    ----------
    settings, log, livy, topics, scripts
        Settings and adapters.
    read_records
        Topic -> what its job has said.
    """

    def __init__(
        self,
        settings: Settings,
        log: TransferLog,
        livy: LivyGateway,
        topics: TopicAdmin,
        scripts: ScriptStore,
        read_records: Callable[[str], JobRecords],
    ) -> None:
        self._settings = settings
        self._log = log
        self._livy = livy
        self._topics = topics
        self._scripts = scripts
        self._read_records = read_records

    def start_waiting(self) -> dict[str, QuicklookError]:
        """Submit transfers from the queue while there is a free place; first finish what a dead process left.

        A transfer whose submission fails becomes ERROR with the reason, and leaves no topic and no plan behind.

        Returns
        -------
        dict
            Id of each transfer that could not be submitted -> why.
        """
        for stale in self._log.take_over_stale_claims(STALE_CLAIM):
            self._finish_submission(stale)
        failures: dict[str, QuicklookError] = {}
        while (transfer := self._log.claim_next(self._settings.max_running_batches)) is not None:
            try:
                self._submit(transfer)
            except SubmissionUnknown as error:
                failures[transfer.id] = error  # it may run: its claim gets stale, and then Livy is asked for its name
            except QuicklookError as error:
                self._log.update(transfer.id, phase=Phase.ERROR, message=f"It was not submitted: {error}")
                failures[transfer.id] = error
        return failures

    def refresh(self, transfer: Transfer) -> Transfer:
        """The transfer as its job is now, also written to the log.

        Raises
        ------
        ServiceUnavailable
            Livy or Kafka does not answer.
        """
        if transfer.phase.is_final or transfer.batch_id is None:
            return transfer
        batch = self._livy.batch(transfer.batch_id, transfer.topic)
        phase = Phase.UNKNOWN if batch is None else batch.phase
        records = self._read_records(transfer.topic)  # after Livy: a job that has ended has said its last word
        if records.receipt is not None:
            return self._end(transfer, Phase.COMPLETED, records.receipt.note, records.receipt)
        if phase in (Phase.QUEUED, Phase.EXECUTING):
            return transfer if phase == transfer.phase else self._log.update(transfer.id, phase=phase, message="")
        if phase == Phase.UNKNOWN:
            message = "Livy does not know the job any more, and the job has left no receipt yet."
            return self._log.update(transfer.id, phase=phase, message=message)
        if phase == Phase.ABORTED:
            return self._end(transfer, phase, "The job was ended from outside.")
        return self._end(transfer, Phase.ERROR, records.failure or self._evidence(transfer))

    def cancel(self, transfer: Transfer) -> Transfer:
        """End the job; what was published stays readable.

        Raises
        ------
        ServiceUnavailable
            Livy does not answer.
        """
        if transfer.batch_id is not None:
            self._livy.cancel(transfer.batch_id, transfer.topic)
        return self._end(transfer, Phase.ABORTED, "Cancelled by the user.")

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

    def _submit(self, transfer: Transfer) -> None:
        """Topics, script, plan, batch; what was made is removed again when the batch is refused."""
        kafka = transfer.plan.kafka
        self._topics.create(
            transfer.topic,
            retention_h=self._settings.topic_retention_h,
            partitions=kafka.partitions,
            max_message_bytes=kafka.max_message_bytes + MESSAGE_OVERHEAD_BYTES,
        )
        try:
            job = self._scripts.put_job(JOB_FOLDER)
            batch = self._livy.submit(
                transfer.topic,
                job.main,
                args=(self._scripts.put_plan(transfer.topic, transfer.plan.model_dump_json()),),
                py_files=job.py_files,
                jars=self._settings.spark_jars,
                driver_memory=self._settings.driver_memory,
            )
        except SubmissionUnknown:
            raise
        except QuicklookError as error:
            self._remove_traces(transfer, error)
            raise
        self._started(transfer, batch)

    def _remove_traces(self, transfer: Transfer, error: QuicklookError) -> None:
        """Leave nothing half-created; a clean-up that fails too must not hide why it was needed."""
        for clean_up in (self._topics.delete, self._scripts.remove_plan):
            try:
                clean_up(transfer.topic)
            except ServiceUnavailable as unavailable:
                error.add_note(str(unavailable))

    def _finish_submission(self, transfer: Transfer) -> None:
        """A process died between claiming and noting the batch: Livy knows whether it came to submit it."""
        batch = self._livy.find(transfer.topic)
        if batch is not None:
            self._started(transfer, batch)
            return
        error = TransferFailed("The process that was submitting it ended before Livy had it.", "Submit it again.")
        self._log.update(transfer.id, phase=Phase.ERROR, message=str(error))
        self._remove_traces(transfer, error)

    def _started(self, transfer: Transfer, batch: Batch) -> None:
        """Note the batch. One that ended at once is looked at by the next refresh, which reads what it said."""
        phase = Phase.EXECUTING if batch.phase.is_final else batch.phase
        noted = self._log.update(transfer.id, batch_id=batch.id, phase=phase, message="")
        if noted.phase.is_final:  # cancelled while it was being submitted
            self._livy.cancel(batch.id, transfer.topic)

    def _end(self, transfer: Transfer, phase: Phase, message: str, receipt: Receipt | None = None) -> Transfer:
        ended = self._log.update(transfer.id, phase=phase, message=message, receipt=receipt)
        self._scripts.remove_plan(transfer.topic)
        return ended

    def _evidence(self, transfer: Transfer) -> str:
        """The last words of a job that could not say itself what went wrong."""
        lines = [line.strip() for line in self.log_lines(transfer) if line.strip()]
        telling = [line for line in lines if "Exception" in line or "Error" in line or "error" in line]
        last = (telling or lines or ["its log is empty"])[-1]
        return f"The job ended without a receipt. The last that its log says of it: {last[:300]}"
