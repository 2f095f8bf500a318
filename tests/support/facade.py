"""A façade for tests of the pages: the signatures of `backend.transfers.Transfers`, a simulated archive, real stores.

Nothing is contacted. What a job would publish is cut from the simulated archive, written as Avro, decoded by the
real decoder and kept in real stores.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from backend.alert_classes import wanted_classes
from backend.alert_decoder import AlertDecoder
from backend.alert_schema import content_plan, survey
from backend.config import Settings
from backend.errors import InvalidRequest, ServiceUnavailable
from backend.expected_time import Bound, ExpectedTime
from backend.ingest_progress import IngestProgress, IngestState
from backend.job_progress import RunningJob
from backend.job_resources import job_sizes
from backend.job_size import JobResources, JobSize
from backend.kafka_access import KafkaAccess
from backend.models import KafkaTarget, Phase, ServiceHealth, Transfer, TransferRequest
from backend.planning import plan_transfer
from backend.reading import WHOLE_TOPIC, AlertReader, ReadPart
from backend.receipt import Receipt
from backend.size_limits import SizeLimits
from tests.support.alert_records import encoded
from tests.support.archive_double import CLASSES, ArchiveDouble
from tests.support.avro_schema import avro_schema
from tests.support.simulated_alerts import cut, night_of, simulated_alerts

TEST_LIMIT = 10
BATCH = 200
CONFIRM_BYTES, LARGEST_BYTES = 10**9, 5 * 10**11


class TableReader(AlertReader):
    """Reads from a table instead of Kafka; ``batches_per_start`` of it at a time, for pages that show it reading."""

    def __init__(self, topic: str, stores: Path, reader: str, table: pa.Table, is_slow: Callable[[], bool]) -> None:
        super().__init__(KafkaAccess("nowhere"), topic, stores, reader, lambda: Phase.COMPLETED)
        self._schema = avro_schema(table.schema)
        self._decoder = AlertDecoder(json.dumps(self._schema))
        self._table = table
        self._is_slow = is_slow
        self._state: IngestState | None = None
        self._goal = table.num_rows

    @property
    def progress(self) -> IngestProgress:
        """As a real reader's; one that is slow gets on by a batch each time that it is asked."""
        if self._state is IngestState.READING:
            self._read_batch()
        distinct, total = self.store.counts.distinct, self._table.num_rows
        if self._state is None:
            return IngestProgress(distinct=distinct)
        return IngestProgress(
            state=self._state,
            read=distinct,
            distinct=distinct,
            published=total,
            total_messages=total,
            rate_per_s=41_000.0 if self._state is IngestState.READING else 0.0,
            complete=distinct == total,
            message=f"{distinct:,} of {total:,}, complete." if distinct == total else "",
        )

    def start(self, part: ReadPart = WHOLE_TOPIC, *, again: bool = False) -> None:
        """Read all, or so many as wanted; or, when slow, begin to."""
        if again:
            self.store.clear()
        self._goal = min(self._table.num_rows, self.store.counts.messages + (part.limit or self._table.num_rows))
        self.store.prepare(self.topic, self._decoder.schema_text, self._decoder.fingerprint, self._decoder.schema)
        self._state = IngestState.READING
        while not self._is_slow() and self._state is IngestState.READING:
            self._read_batch()

    def stop(self) -> None:
        """End where it is."""
        if self._state is IngestState.READING:
            self._state = IngestState.STOPPED

    def join(self, timeout_s: float | None = None) -> bool:
        """Whether it does not read."""
        return self._state is not IngestState.READING

    def _read_batch(self) -> None:
        done = self.store.offsets().get(0, 0)
        part = self._table.slice(done, min(BATCH, self._goal - done))
        if part.num_rows:
            values = encoded(part.to_pylist(), self._schema)
            self.store.append(self._decoder.decode(values).table, {0: done + part.num_rows})
        if done + part.num_rows >= self._goal:
            self._state = IngestState.DONE if self._goal == self._table.num_rows else IngestState.STOPPED


@dataclass
class Facade:
    """The façade that a test hands to the pages.

    Parameters
    ----------
    folder
        For stores; a temporary folder.
    archive
        What is known of it, and its alerts.
    """

    folder: Path
    archive: ArchiveDouble
    user: str = "lena"
    is_slow: bool = False
    leaves_running: bool = False
    gain: int = 4
    """So many times as fast is a large job at best; 1: past ones were as fast as small ones."""
    job_sizes: dict[JobSize, JobResources] = field(default_factory=lambda: job_sizes(Settings()))
    down: dict[str, str] = field(default_factory=dict)
    """Service -> what it says while it does not answer."""
    running: dict[str, RunningJob] = field(default_factory=dict)
    """Id of a transfer -> how far its job is."""
    transfers: list[Transfer] = field(default_factory=list)

    def expected_times(self, _request: TransferRequest, alerts: int) -> dict[JobSize, ExpectedTime]:
        """A thousand alerts a second; of a large job nothing is known but that."""
        seconds = 20 + alerts / 1000
        return {
            JobSize.SMALL: ExpectedTime(seconds),
            JobSize.LARGE: ExpectedTime(seconds / self.gain, Bound.AT_BEST if self.gain > 1 else Bound.ABOUT),
        }

    @property
    def limits(self) -> SizeLimits:
        """The sizes above which it asks and refuses."""
        return SizeLimits(confirm_bytes=CONFIRM_BYTES, largest_bytes=LARGEST_BYTES)

    def health(self) -> tuple[ServiceHealth, ...]:
        """Of all three services."""
        names = ("Livy", "Kafka", "the archive")
        return tuple(ServiceHealth(service=name, problem=self.down.get(name, "")) for name in names)

    def submit(self, request: TransferRequest, *, is_test: bool = False) -> Transfer:
        """Do the whole job at once; or only begin it, when ``leaves_running``."""
        self._need("Livy")
        self._need("Kafka")
        number, now = len(self.transfers) + 1, datetime.now(UTC).replace(microsecond=0)
        topic = f"ftransfer_ztf_{now:%Y-%m-%d}_{number:010x}"
        limit = TEST_LIMIT if is_test else None
        kafka = KafkaTarget(bootstrap_servers="127.0.0.1:9092")
        plan = plan_transfer(request, topic=topic, archive_uri="/archive", kafka=kafka, limit=limit)
        published = self._published(request, is_test)
        transfer = Transfer(
            id=f"{number:010x}",
            topic=topic,
            user=self.user,
            request=request,
            plan=plan,
            is_test=is_test,
            submitted_at=now,
            phase=Phase.EXECUTING if self.leaves_running else Phase.COMPLETED,
            receipt=None if self.leaves_running else _receipt(topic, request, published, self.archive.every_night()),
            expires_at=now + timedelta(hours=96),
        )
        self.transfers.insert(0, transfer)
        return transfer

    def recent(self, user: str | None = None, limit: int = 100) -> tuple[Transfer, ...]:
        """The newest first."""
        return tuple(each for each in self.transfers if user in (None, each.user))[:limit]

    def get(self, id_or_topic: str) -> Transfer:
        """One of them."""
        found = next((each for each in self.transfers if id_or_topic in (each.id, each.topic)), None)
        if found is None:
            raise InvalidRequest(f"There is no transfer {id_or_topic!r}.", "List the transfers to see their names.")
        return found

    def cancel(self, id_or_topic: str) -> Transfer:
        """End it."""
        self._need("Livy")
        return self.change(id_or_topic, phase=Phase.ABORTED)

    def change(self, id_or_topic: str, **changes: object) -> Transfer:
        """Let something happen to a transfer."""
        old = self.get(id_or_topic)
        new = old.model_copy(update=changes)
        self.transfers[self.transfers.index(old)] = new
        return new

    def progress_of(self, transfer: Transfer) -> RunningJob | None:
        """What a test says of it."""
        return None if transfer.phase.is_final else self.running.get(transfer.id)

    def place_in_queue(self, transfer: Transfer) -> int | None:
        """Its place."""
        return 1 if transfer.phase is Phase.QUEUED else None

    def log_lines(self, id_or_topic: str, from_line: int = 0) -> tuple[str, ...]:
        """The job's log."""
        self._need("Livy")
        return ("INFO reading 2 nights", f"INFO publishing to {self.get(id_or_topic).topic}")[from_line:]

    def request_of(self, id_or_topic: str) -> dict[str, object] | None:
        """The request, JSON-ready."""
        return self.get(id_or_topic).request.model_dump(mode="json")

    def open_reader(self, id_or_topic: str, reader: str) -> AlertReader:
        """A reader whose store is real."""
        transfer = self.get(id_or_topic)
        table = self._published(transfer.request, transfer.is_test)
        return TableReader(transfer.topic, self.folder / "stores", reader, table, lambda: self.is_slow)

    def _published(self, request: TransferRequest, is_test: bool) -> pa.Table:
        wanted, asked = wanted_classes(request.classes), set(request.every_night())
        classes = list(zip(*(self.archive.table[name].to_pylist() for name in CLASSES), strict=True))
        chosen = [
            night in asked and (not request.classes or fink in wanted.finkclasses or tns in wanted.tnsclasses)
            for night, (fink, tns) in zip(night_of(self.archive.table), classes, strict=True)
        ]
        table = self.archive.table.filter(pa.array(chosen, pa.bool_()))
        table = table.slice(0, TEST_LIMIT) if is_test else table
        return cut(table, content_plan(survey(request.survey), request.content))

    def _need(self, service: str) -> None:
        if service in self.down:
            raise ServiceUnavailable(service, f"{service} does not answer.", self.down[service])


def a_facade(folder: Path) -> Facade:
    """A façade on a small simulated archive."""
    return Facade(folder, ArchiveDouble(simulated_alerts()))


def _receipt(topic: str, request: TransferRequest, published: pa.Table, nights: tuple[date, ...]) -> Receipt:
    asked = request.every_night()
    return Receipt(
        topic=topic,
        published=published.num_rows,
        messages=published.num_rows,
        nights_used=tuple(night for night in asked if night in nights),
        nights_missing=tuple(night for night in asked if night not in nights),
        note="" if published.num_rows else "No alert of these nights matches the request.",
    )
