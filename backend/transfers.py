"""The façade: everything that a page or the command line may ask for, and nothing about how it is done."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from backend.archive_facts import ArchiveFacts
from backend.archive_folder import absolute_uri, check_archive
from backend.config import Settings
from backend.errors import InvalidRequest, ServiceUnavailable
from backend.expected_time import ExpectedTime, expected_time
from backend.health import Health, check_side_by_side
from backend.job_control import JobControl
from backend.job_elsewhere import FIRST_SIGN_S
from backend.job_progress import RunningJob
from backend.job_queue import JobQueue
from backend.job_resources import job_sizes
from backend.job_size import JobResources, JobSize
from backend.kafka_access import KafkaAccess, job_target
from backend.livy import LivyGateway
from backend.models import Phase, ServiceHealth, Transfer, TransferRequest
from backend.planning import plan_transfer
from backend.reading import AlertReader
from backend.receipt_topic import ReceiptTopics
from backend.script_store import ScriptStore
from backend.shared_files import SharedFiles
from backend.size_limits import SizeLimits
from backend.topic_to_read import TopicToRead, topic_elsewhere
from backend.topics import TopicAdmin
from backend.transfer_log import TransferLog
from backend.verification import Verification
from backend.verifier import WITHIN_S, Verifier

TEST_LIMIT = 10
"""Alerts of a test job."""
PAST = 50
"""Transfers that an expected time is made from."""
CLEANING_INTERVAL = timedelta(hours=1)
_LOGGER = logging.getLogger(__name__)


class Transfers:
    """All that can be done with transfers.

    Parameters
    ----------
    settings, log, livy, topics, scripts
        Settings and the adapters to each system; tests hand in others. See `connect` for the usual ones.
    """

    def __init__(
        self, settings: Settings, log: TransferLog, livy: LivyGateway, topics: TopicAdmin, scripts: ScriptStore
    ) -> None:
        self._settings = settings
        self._log = log
        self._livy = livy
        self._topics = topics
        self._kafka = KafkaAccess.of(settings)
        receipts = ReceiptTopics(self._kafka, settings.request_timeout_s)
        self._jobs = JobControl(settings, log, livy, scripts, receipts)
        self._queue = JobQueue(settings, log, livy, topics, scripts, receipts)
        self._last_cleaning = datetime.min.replace(tzinfo=UTC)
        self._verifier = Verifier(settings, livy, scripts, self._kafka)
        self.archive = ArchiveFacts(settings, livy, scripts)
        """What is known of the archive, and the job that makes it known."""
        self._files = SharedFiles.of(settings)
        self._checks = {"Livy": livy.ping, "Kafka": topics.ping, "the archive": self._check_archive}
        self._health = Health(self._checks)

    @classmethod
    def connect(cls, settings: Settings) -> Transfers:
        """The transfers of an installation, with an adapter for each system that its settings name.

        Raises
        ------
        ServiceUnavailable
            No address of Livy or Kafka is known; nothing is contacted yet.
        """
        timeout_s = settings.request_timeout_s
        return cls(
            settings,
            TransferLog(settings.data_dir / "transfers.sqlite"),
            LivyGateway(
                _livy_url(settings),
                connect_timeout_s=settings.connect_timeout_s,
                request_timeout_s=timeout_s,
            ),
            TopicAdmin(KafkaAccess.of(settings), timeout_s=timeout_s),
            ScriptStore(settings.script_store, SharedFiles.of(settings)),
        )

    @property
    def user(self) -> str:
        """Who submits here."""
        return self._settings.user

    @property
    def limits(self) -> SizeLimits:
        """The sizes above which a submission asks to confirm, and is refused."""
        settings = self._settings
        return SizeLimits(confirm_bytes=settings.confirm_bytes, largest_bytes=settings.largest_bytes)

    @property
    def job_sizes(self) -> dict[JobSize, JobResources]:
        """Size of a job -> what it asks the cluster for."""
        return job_sizes(self._settings)

    def submit(self, request: TransferRequest, *, is_test: bool = False) -> Transfer:
        """Submit a job for the request; it starts at once if a place is free, and waits in the queue otherwise.

        Parameters
        ----------
        is_test
            Send no more than `TEST_LIMIT` alerts.

        Raises
        ------
        InvalidRequest
            The request cannot be done, or would bring more than `limits` allow; nothing was created.
        ServiceUnavailable
            The archive, its statistics, Livy or Kafka does not answer; nothing half-created stays.
        TransferFailed
            Livy refused the job.
        """
        archive_uri = self._archive_uri()
        now, transfer_id = datetime.now(UTC), secrets.token_hex(5)
        topic = f"ftransfer_{request.survey}_{now:%Y-%m-%d}_{transfer_id}"
        plan = plan_transfer(
            request,
            topic=topic,
            archive_uri=archive_uri,
            kafka=job_target(self._settings),
            limit=TEST_LIMIT if is_test else None,
            tns_catalogue_uri=self._settings.tns_catalogue_uri,
            statistics_uri=self.archive.folder,
            resources=self.job_sizes[JobSize.SMALL if is_test else request.job_size],
            known=self.archive.nights(),
            tns_labels=self.archive.tns_labels(),
        )
        if not is_test:
            self._check_size(request)
        check_side_by_side(self._checks.values())
        transfer = Transfer(
            id=transfer_id,
            topic=topic,
            user=self._settings.user,
            request=request,
            plan=plan,
            is_test=is_test,
            submitted_at=now,
            expires_at=now + timedelta(hours=self._settings.topic_retention_h),
        )
        self._log.add(transfer)
        failures = self._queue.start_waiting()
        if transfer_id in failures:
            raise failures[transfer_id]
        return self._log.get(transfer_id)

    def recent(self, user: str | None = None, limit: int = 100) -> tuple[Transfer, ...]:
        """The last transfers, the newest first, each as its job is now.

        A service that does not answer leaves the phases as they were last seen.
        """
        try:
            self.advance()
        except ServiceUnavailable as unavailable:
            _LOGGER.warning("%s", unavailable)
        return self._log.list(user, limit)

    def get(self, id_or_topic: str) -> Transfer:
        """One transfer, as its job is now.

        Raises
        ------
        InvalidRequest
            There is no such transfer.
        ServiceUnavailable
            Livy or Kafka does not answer.
        """
        transfer = self._jobs.refresh(self._log.get(id_or_topic))
        if transfer.phase is Phase.QUEUED and transfer.batch_id is None:
            self._advance_queue()  # whoever looks at a waiting transfer moves the queue on
        elif transfer.phase.is_final:
            self._start_waiting()
        return self._log.get(id_or_topic)

    def advance(self) -> None:
        """Look after everything that is under way: phases, the queue, and (hourly) expired topics.

        Raises
        ------
        ServiceUnavailable
            Livy or Kafka does not answer.
        """
        self._advance_queue()
        if datetime.now(UTC) - self._last_cleaning >= CLEANING_INTERVAL:
            self.delete_expired()

    def delete_expired(self) -> tuple[str, ...]:
        """Delete the topics of this installation's transfers that are older than the retention; return their names.

        Raises
        ------
        ServiceUnavailable
            Kafka does not answer.
        """
        now = datetime.now(UTC)
        # Schema and receipt are kept a day longer than the alerts.
        older_than = timedelta(hours=self._settings.topic_retention_h) + timedelta(days=1)
        deleted = self._topics.delete_expired(self._log.topics(), now, older_than)
        self._last_cleaning = now
        return deleted

    def progress_of(self, transfer: Transfer) -> RunningJob | None:
        """How far its job was at the last look; None when it does not run, or has not said anything yet."""
        return self._jobs.running(transfer)

    def place_in_queue(self, transfer: Transfer) -> int | None:
        """Its place among the waiting transfers, from 1; None if it does not wait."""
        return self._log.place_in_queue(transfer.id)

    def log_lines(self, id_or_topic: str, from_line: int = 0) -> tuple[str, ...]:
        """The job's log from a line on.

        Raises
        ------
        InvalidRequest, ServiceUnavailable
            There is no such transfer; Livy does not answer.
        """
        return self._jobs.log_lines(self._log.get(id_or_topic), from_line)

    def cancel(self, id_or_topic: str) -> Transfer:
        """End a transfer's job; what was published stays readable, and is partial.

        Raises
        ------
        InvalidRequest
            There is no such transfer, or it has ended already.
        ServiceUnavailable
            Neither Kafka nor Livy takes it: the job goes on.
        """
        transfer = self._log.get(id_or_topic)
        cancelled = transfer if transfer.phase.is_final else self._jobs.cancel(transfer)
        if transfer.phase.is_final or cancelled.phase is not Phase.ABORTED:
            raise InvalidRequest(f"Transfer {transfer.id} has ended already ({cancelled.phase}).")
        try:
            self._start_waiting()
        except ServiceUnavailable as unavailable:
            _LOGGER.warning("%s", unavailable)  # it is cancelled; the next look moves the queue on
        return cancelled

    def open_reader(self, id_or_topic: str, reader: str) -> AlertReader:
        """A reader of a transfer's topic, with a store of its own; also of a topic that was made elsewhere.

        Parameters
        ----------
        reader
            Name of the store: who reads. One process at a time can use it.

        Raises
        ------
        InvalidRequest
            There is no such transfer and it is no topic's name either, or the reader's name is no name.
        StoreInUse
            Another process uses this reader's store.
        """
        source = self.topic_to_read(id_or_topic)
        return AlertReader(
            source.kafka,
            source.topic,
            self._settings.data_dir / "stores",
            reader,
            source.phase,
            memory_mb=self._settings.reader_memory_mb,
            receipt_deadline_s=source.receipt_deadline_s,
        )

    def topic_to_read(self, id_or_topic: str, first_sign_s: float = FIRST_SIGN_S) -> TopicToRead:
        """Where a transfer's topic is, and how to learn what its job does; also of one that was made elsewhere.

        Parameters
        ----------
        first_sign_s
            How long to wait for the first sign of a job that was not ordered here, in seconds.

        Raises
        ------
        InvalidRequest
            There is no such transfer and it is no topic's name either.
        ServiceUnavailable
            Kafka does not answer.
        """
        try:
            transfer = self._log.get(id_or_topic)
        except InvalidRequest:
            if not self._topics.exists(id_or_topic):
                raise
            return topic_elsewhere(self._kafka, id_or_topic, first_sign_s)
        request = transfer.request.model_dump(mode="json")
        return TopicToRead(self._kafka, transfer.topic, lambda: self.get(transfer.id).phase, request)

    def request_of(self, id_or_topic: str) -> dict[str, object] | None:
        """The request of a transfer, JSON-ready; None for a topic that was made elsewhere."""
        try:
            return self._log.get(id_or_topic).request.model_dump(mode="json")
        except InvalidRequest:
            return None

    def expected_times(self, request: TransferRequest, alerts: int) -> dict[JobSize, ExpectedTime]:
        """How long a job of each size will take for so many alerts; a size of which past ones do not tell is left out.

        Raises
        ------
        ServiceUnavailable
            The statistics are there and cannot be read.
        """
        nights = set(request.every_night()).intersection(self.archive.nights().nights)
        past = self._log.list(None, PAST)
        times = {
            size: expected_time(past, request.content, alerts, len(nights), resources)
            for size, resources in self.job_sizes.items()
        }
        return {size: expected for size, expected in times.items() if expected is not None}

    def verify(
        self,
        id_or_topic: str,
        reader: str | None = None,
        *,
        within_s: float = WITHIN_S,
        say: Callable[[str], None] = _LOGGER.info,
    ) -> Verification:
        """Read archive, receipt, topic and stores of a transfer anew, and compare them; see `Verifier.verify`."""
        return self._verifier.verify(self.get(id_or_topic), reader, within_s, say)

    def health(self) -> tuple[ServiceHealth, ...]:
        """Whether each service answers; looked at anew after some seconds."""
        return self._health.look()

    def _advance_queue(self) -> None:
        for transfer in self._log.unfinished():
            self._jobs.refresh(transfer)
        self._start_waiting()

    def _check_size(self, request: TransferRequest) -> None:
        if refusal := self.limits.refusal(self.archive.estimate(request)):
            raise InvalidRequest(refusal, "Choose fewer nights, a smaller content, or a sample.")

    def _archive_uri(self) -> str:
        if not self._settings.archive_uri:
            raise InvalidRequest("No archive is set.", "Set ARCHIVE_URI to the folder with year=/month=/day= in it.")
        return absolute_uri(self._settings.archive_uri)

    def _check_archive(self) -> None:
        check_archive(self._archive_uri(), self._settings.request_timeout_s, self._files)

    def _start_waiting(self) -> None:
        for transfer_id, error in self._queue.start_waiting().items():
            _LOGGER.warning("Transfer %s was not submitted: %s", transfer_id, error)


def _livy_url(settings: Settings) -> str:
    if settings.livy_login_url is None:
        raise ServiceUnavailable(
            "Livy",
            "No address of Livy is known.",
            "Start the embedded one (make run, or make stack), or set LIVY_URL.",
        )
    return settings.livy_login_url.get_secret_value()
