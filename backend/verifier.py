"""Verifying a transfer: archive, receipt, topic and stores are read anew, and compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.alert_stream import AlertStream
from backend.config import Settings
from backend.errors import InvalidRequest, QuicklookError, StoreInUse, TransferFailed
from backend.kafka_access import KafkaAccess, job_target
from backend.livy import LivyGateway
from backend.models import Transfer
from backend.receipt import Receipt
from backend.receipt_topic import read_job_records
from backend.script_store import ScriptStore
from backend.store_comparison import TopicDigests
from backend.verdicts import (
    ARCHIVE_AND_TOPIC,
    TOPIC_AND_STORE,
    TopicRange,
    archive_and_topic,
    not_compared,
    receipt_and_topic,
    topic_and_store,
)
from backend.verification import Comparison, Verification
from backend.verification_job import VerificationJob

WITHIN_S = 3600.0
"""How long a verification may take, if nothing else is said."""


@dataclass(frozen=True)
class _Given:
    """What is compared, as it was when the verification began."""

    transfer: Transfer
    receipt: Receipt | None
    ranges: Mapping[int, TopicRange]
    schema_text: str | None
    stores: list[Path]
    deadline: float
    say: Callable[[str], None]


class Verifier:
    """Compares what belongs to one transfer.

    Parameters
    ----------
    settings, livy, scripts
        Settings and adapters.
    kafka
        Where it is, and how it is entered.
    """

    def __init__(self, settings: Settings, livy: LivyGateway, scripts: ScriptStore, kafka: KafkaAccess) -> None:
        self._settings = settings
        self._livy = livy
        self._scripts = scripts
        self._kafka = kafka

    def verify(
        self, transfer: Transfer, reader: str | None, within_s: float, say: Callable[[str], None]
    ) -> Verification:
        """Compare receipt and topic, archive and topic, and the topic and each store.

        Parameters
        ----------
        transfer
            As its job is now.
        reader
            Name of the one store to look at; None: all that are there.
        within_s
            How long it may take, in seconds.
        say
            Is told what is waited for.

        Raises
        ------
        InvalidRequest
            There is no such store.
        ServiceUnavailable
            Kafka, Livy or the script store does not answer.
        """
        ranges, schema_text = self._topic(transfer.topic)
        records = read_job_records(self._kafka, transfer.topic, self._settings.request_timeout_s)
        given = _Given(
            transfer,
            receipt=records.receipt or transfer.receipt,
            ranges=ranges,
            schema_text=schema_text,
            stores=self._stores(transfer.topic, reader),
            deadline=time.monotonic() + within_s,
            say=say,
        )
        first = receipt_and_topic(transfer, given.receipt, given.ranges, given.schema_text)
        if not given.ranges:
            others = [not_compared(ARCHIVE_AND_TOPIC, "not compared: there is no topic")]
        elif not transfer.phase.is_final:
            others = [not_compared(ARCHIVE_AND_TOPIC, "not compared: the job has not ended")]
        else:
            others = self._alerts(given)
        return Verification(id=transfer.id, topic=transfer.topic, comparisons=(first, *others))

    def _topic(self, topic: str) -> tuple[dict[int, TopicRange], str | None]:
        """The range of each partition, and the schema; nothing of what is not there."""
        try:
            with AlertStream(self._kafka, topic, timeout_s=self._settings.request_timeout_s) as stream:
                ranges = {number: TopicRange(*each) for number, each in stream.watermarks().items()}
                try:
                    return ranges, stream.read_schema()
                except InvalidRequest:
                    return ranges, None
        except InvalidRequest:
            return {}, None

    def _stores(self, topic: str, reader: str | None) -> list[Path]:
        stores = sorted((self._settings.data_dir / "stores" / topic).glob("*.duckdb"))
        if reader is None:
            return stores
        if named := [store for store in stores if store.stem == reader]:
            return named
        there = ", ".join(store.stem for store in stores) or "none"
        raise InvalidRequest(f"No reader {reader!r} has a store of this transfer.", f"There are: {there}.")

    def _alerts(self, given: _Given) -> list[Comparison]:
        """Compare alert by alert: the stores, while the cluster works on the archive."""
        of_stores: list[Comparison] = []
        job = VerificationJob(
            self._settings, self._livy, self._scripts, self._of_today(given.transfer), given.ranges, given.schema_text
        )
        try:
            with job:
                of_stores = self._with_stores(given)
                of_archive = archive_and_topic(given.transfer, given.receipt, job.wait(given.deadline, given.say))
        except TransferFailed as error:
            of_archive = not_compared(ARCHIVE_AND_TOPIC, str(error), kind="failure")
        return [of_archive, *(of_stores or self._with_stores(given))]

    def _of_today(self, transfer: Transfer) -> Transfer:
        """The transfer with the way to Kafka as it is now: the log has the one of when it was submitted."""
        now = job_target(self._settings)
        way = {"bootstrap_servers": now.bootstrap_servers, "options": now.options}
        plan = transfer.plan.model_copy(update={"kafka": transfer.plan.kafka.model_copy(update=way)})
        return transfer.model_copy(update={"plan": plan})

    def _with_stores(self, given: _Given) -> list[Comparison]:
        if not given.stores:
            return [not_compared(TOPIC_AND_STORE, "nobody has read this topic into a store here")]
        if given.schema_text is None:
            return [not_compared(TOPIC_AND_STORE, "not compared: the topic has no schema")]
        topic = given.transfer.topic
        with TopicDigests(self._kafka, topic, given.schema_text) as digests:
            given.say(f"Reading {topic}, to compare it with what is stored.")
            digests.read(given.ranges, given.deadline)
            return [_with_store(digests, store) for store in given.stores]


def _with_store(digests: TopicDigests, store: Path) -> Comparison:
    try:
        return topic_and_store(store.stem, digests.compare(store))
    except StoreInUse as error:
        return not_compared(f"{TOPIC_AND_STORE} {store.stem}", str(error), kind="in use")
    except QuicklookError as error:
        return not_compared(f"{TOPIC_AND_STORE} {store.stem}", str(error), kind="unreadable")
