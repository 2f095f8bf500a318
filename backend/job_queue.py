"""The queue: transfers that wait are submitted as batches when a place is free, each once, whoever looks."""

from __future__ import annotations

from datetime import timedelta

from backend.config import Settings
from backend.errors import QuicklookError, ServiceUnavailable, SubmissionUnknown, TransferFailed
from backend.job_submission import submit_job
from backend.livy import Batch, LivyGateway
from backend.models import Phase, Transfer
from backend.receipt_topic import ReceiptTopics
from backend.script_store import ScriptStore
from backend.topics import TopicAdmin
from backend.transfer_log import TransferLog

ENTRY = "transfer_alerts.py"
MESSAGE_OVERHEAD_BYTES = 64 * 1024
"""What Kafka adds to an alert (key, headers, batch header), with a wide margin; the job allows the same."""
STALE_CLAIM = timedelta(seconds=90)
"""Well above the time that a submission may take."""


class JobQueue:
    """Submits what waits in the log.

    Parameters
    ----------
    settings, log, livy, topics, scripts, receipts
        Settings and adapters.
    """

    def __init__(
        self,
        settings: Settings,
        log: TransferLog,
        livy: LivyGateway,
        topics: TopicAdmin,
        scripts: ScriptStore,
        receipts: ReceiptTopics,
    ) -> None:
        self._settings = settings
        self._log = log
        self._livy = livy
        self._topics = topics
        self._scripts = scripts
        self._receipts = receipts

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
            batch = submit_job(
                self._settings,
                self._livy,
                self._scripts,
                name=transfer.topic,
                entry=ENTRY,
                plan_json=transfer.plan.model_dump_json(),
                resources=transfer.plan.resources,
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
            self._receipts.mark_cancelled(transfer.topic, noted.message)
            self._scripts.remove_plan(transfer.topic)
