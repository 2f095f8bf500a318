"""Servers, an archive and a façade for one benchmark; what it makes is gone when it ends."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from backend.config import Settings
from backend.errors import TransferFailed
from backend.job_queue import ENTRY, MESSAGE_OVERHEAD_BYTES
from backend.job_resources import batch_fields, job_sizes
from backend.job_size import JobResources, JobSize
from backend.kafka_access import KafkaAccess, job_target
from backend.livy import LivyGateway
from backend.models import Phase, TransferPlan, TransferRequest
from backend.planning import plan_transfer
from backend.receipt import Receipt
from backend.receipt_topic import read_job_records
from backend.script_store import JOB_FOLDER, ScriptStore
from backend.shared_files import SharedFiles
from backend.topics import TopicAdmin
from backend.transfers import Transfers
from benchmarks.archives import Archive
from benchmarks.watching import Broker, Watched, mean_alert_bytes, watch
from stack.embedded import EmbeddedStack
from stack.server_stack import ServerStack

LOOK_AT_JOB_S = 0.3
DEADLINE_S = 3 * 3600.0
ANSWER_TIMEOUT_S = 30.0
LOG_LINES = 30
OWN_FOLDER = Path(__file__).parent
PLAIN_JOB, JOB_WITHOUT_KAFKA = "plain_job.py", "without_kafka.py"
PLAIN_JOBS_MEMORY = "4g"
"""With our 2 GiB it runs out of memory on full packets."""


@dataclass(frozen=True)
class JobRun:
    """One run of a job, ours or a peer's.

    Attributes
    ----------
    alerts
        Published.
    watched
        What was seen from outside.
    alert_bytes
        Mean size of an encoded alert.
    timings_s
        What our job says of itself; empty for a peer.
    """

    alerts: int
    watched: Watched
    alert_bytes: float
    timings_s: dict[str, float] = field(default_factory=dict)


def quiet(step: str) -> None:
    """The steps of the servers' start are no figures."""


def _embedded(settings: Settings) -> ServerStack:
    return EmbeddedStack(settings, quiet, kafka_port=0, livy_port=0)


class Installation:
    """The product on servers of its own, while the context is open.

    Parameters
    ----------
    folder
        Everything that it makes; removed before and after.
    archive
        What the jobs read.
    spark_master
        Where the jobs run: ``local[1]``; a stack with a master of its own has its jobs run there.
    say
        Is told what happens.
    make_stack
        Makes the servers from the settings.
    """

    def __init__(
        self,
        folder: Path,
        archive: Archive,
        spark_master: str,
        say: Callable[[str], None],
        make_stack: Callable[[Settings], ServerStack] = _embedded,
    ) -> None:
        self._make_stack = make_stack
        self._folder = folder.absolute()
        self._settings = Settings(
            data_dir=self._folder,
            archive_uri=str(archive.folder),
            tns_catalogue_uri=str(archive.catalogue),
            spark_master=spark_master,
            statistics_uri=None,
            script_store_uri=None,
            max_running_batches=1,
        )
        self._say = say
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        shutil.rmtree(self._folder, ignore_errors=True)
        with ExitStack() as closing:
            closing.callback(shutil.rmtree, self._folder, ignore_errors=True)
            stack = closing.enter_context(self._make_stack(self._settings))
            self._settings = stack.settings
            pid = stack.kafka.pid
            assert pid is not None, "Kafka runs"
            self.broker = Broker(stack.kafka_bootstrap_servers, pid)
            self._livy = LivyGateway(stack.livy_url)
            self._access = KafkaAccess.of(self._settings)
            self._topics = TopicAdmin(self._access)
            self._scripts = ScriptStore(self._settings.script_store, SharedFiles.of(self._settings))
            self._transfers = Transfers.connect(self._settings)
            self._closing = closing.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def run(self, request: TransferRequest, look: Callable[[str], None] = lambda topic: None) -> JobRun:
        """Transfer what is asked for, through the façade; the topic is deleted afterwards.

        Parameters
        ----------
        look
            Called with the topic's name while the topic is there.

        Raises
        ------
        QuicklookError
            It was not submitted, or has failed.
        """
        receipts: list[Receipt] = []
        began = time.monotonic()
        transfer = self._transfers.submit(request)

        def wait_for_end() -> None:
            while not (now := self._transfers.get(transfer.id)).phase.is_final:
                _check_deadline(transfer.topic, began)
                time.sleep(LOOK_AT_JOB_S)
            if now.receipt is None:
                raise TransferFailed(f"{transfer.topic} ended without a receipt: {now.message}")
            receipts.append(now.receipt)

        watched = watch(self.broker, transfer.topic, transfer.plan.kafka.partitions, began, wait_for_end)
        alert_bytes = mean_alert_bytes(self.broker, transfer.topic)
        look(transfer.topic)
        self._topics.delete(transfer.topic)
        run = JobRun(receipts[0].published, watched, alert_bytes, receipts[0].timings_s)
        self._say(_in_words("ours", run))
        return run

    def run_plain(self, request: TransferRequest) -> JobRun:
        """Do the same with the plain Spark job; its topics are there before the clock starts.

        Raises
        ------
        QuicklookError
            It was not submitted, or has failed.
        """
        plan = self._planned(request)
        self._take_as_sent(plan)
        began = time.monotonic()
        batch = self._submit(plan, PLAIN_JOB)
        watched = watch(
            self.broker, plan.topic, plan.kafka.partitions, began, lambda: self._wait_for(batch, plan.topic, began)
        )
        run = JobRun(watched.messages, watched, mean_alert_bytes(self.broker, plan.topic))
        self._topics.delete(plan.topic)
        self._say(_in_words("plain Spark job", run))
        return run

    def run_without_kafka(self, request: TransferRequest, resources: JobResources | None = None) -> float:
        """Alerts per second of our job when it throws away what it has encoded.

        Parameters
        ----------
        resources
            What it asks the cluster for; None: what a small job does.

        Raises
        ------
        QuicklookError
            It was not submitted, or has failed.
        """
        plan = self._planned(request)
        began = time.monotonic()
        self._wait_for(self._submit(plan, JOB_WITHOUT_KAFKA, resources), plan.topic, began)
        receipt = read_job_records(self._access, plan.topic).receipt
        assert receipt is not None, "the job has ended well"
        self._topics.delete(plan.topic)
        per_s = receipt.published / receipt.timings_s["publish"]
        self._say(f"  without Kafka: {per_s:,.0f} alerts/s")
        return per_s

    def _planned(self, request: TransferRequest) -> TransferPlan:
        """The plan that the façade would make, and the topics that it would create."""
        assert self._settings.archive_uri is not None, "given on construction"
        kafka = job_target(self._settings)
        plan = plan_transfer(
            request,
            topic=f"ftransfer_{request.survey}_{datetime.now(UTC):%Y-%m-%d}_{secrets.token_hex(5)}",
            archive_uri=self._settings.archive_uri,
            kafka=kafka,
            tns_catalogue_uri=self._settings.tns_catalogue_uri,
        )
        largest = kafka.max_message_bytes + MESSAGE_OVERHEAD_BYTES
        self._topics.create(plan.topic, partitions=kafka.partitions, max_message_bytes=largest)
        return plan

    def _take_as_sent(self, plan: TransferPlan) -> None:
        """Let the broker keep what a peer sends: our topics' zstd would be extra work for it."""
        as_sent = ConfigEntry("compression.type", "producer", incremental_operation=AlterConfigOpType.SET)
        topic = ConfigResource(ResourceType.TOPIC, plan.topic, incremental_configs=[as_sent])
        admin = AdminClient({"bootstrap.servers": self.broker.bootstrap_servers, "log_level": 0})
        for answer in admin.incremental_alter_configs([topic]).values():
            answer.result(ANSWER_TIMEOUT_S)

    def _submit(self, plan: TransferPlan, entry: str, resources: JobResources | None = None) -> int:
        return self._livy.submit(
            plan.topic,
            self._scripts.put_job(OWN_FOLDER, entry).main,
            args=(self._scripts.put_plan(plan.topic, plan.model_dump_json()),),
            py_files=self._scripts.put_job(JOB_FOLDER, ENTRY).py_files,
            jars=self._settings.spark_jars,
            driver_memory=PLAIN_JOBS_MEMORY if entry == PLAIN_JOB else self._settings.driver_memory,
            fields=batch_fields(self._settings, resources or job_sizes(self._settings)[JobSize.SMALL]),
        ).id

    def _wait_for(self, batch_id: int, topic: str, began: float) -> None:
        while (batch := self._livy.batch(batch_id, topic)) is not None and not batch.phase.is_final:
            _check_deadline(topic, began)
            time.sleep(LOOK_AT_JOB_S)
        if batch is None or batch.phase is not Phase.COMPLETED:
            log = self._livy.log(batch_id, topic)
            last = "\n".join(log[0][-LOG_LINES:]) if log else "Livy has lost it."
            raise TransferFailed(f"The job {topic} failed. The end of its log:\n{last}")


def _check_deadline(topic: str, began: float) -> None:
    if time.monotonic() - began > DEADLINE_S:
        raise TransferFailed(f"{topic} did not end within {DEADLINE_S:,.0f} s.")


def _in_words(whose: str, run: JobRun) -> str:
    seen = run.watched
    return (
        f"  {whose}: {run.alerts:,} alerts of {run.alert_bytes:,.0f} B; first {seen.first_alert_s:.1f} s, last "
        f"{seen.last_alert_s:.1f} s, end {seen.ended_s:.1f} s; {seen.peak_memory_bytes / 2**30:.2f} GiB"
    )
