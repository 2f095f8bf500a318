"""One reader of one transfer: its store, the thread that fills it, and the way out to files."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from backend.alert_export import ExportSummary, PartitionBy, write_alerts
from backend.alert_filter import EVERYTHING, AlertFilter
from backend.alert_formats import ExportFormat
from backend.alert_queries import AlertQueries
from backend.alert_store import AlertStore
from backend.alert_stream import AlertStream
from backend.disk_room import DiskRoom
from backend.errors import InvalidRequest
from backend.ingest import Ingest
from backend.ingest_progress import IngestProgress, counted
from backend.kafka_access import KafkaAccess
from backend.models import Phase
from backend.nested_light_curves import nested_light_curves
from backend.object_list import ObjectList
from backend.object_marks import ObjectMark, marks_note
from backend.provenance import provenance
from backend.receipt import Receipt
from backend.topic_names import READABLE_NAME

READER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_DUCKDB_SHARE = 0.3
_BATCH_SHARE = 0.05
"""Some six batches are in memory at a time, in different forms."""


@dataclass(frozen=True, slots=True)
class ReadPart:
    """What of a topic to read now; the rest can be read later.

    Parameters
    ----------
    limit
        At most so many messages.
    partition
        Of this partition only.
    since
        Only what was published at this time or later.
    """

    limit: int | None = None
    partition: int | None = None
    since: datetime | None = None

    def __str__(self) -> str:
        """In words; empty for all of it."""
        partition = f"partition {self.partition}" if self.partition is not None else ""
        since = f"what was published since {self.since:%Y-%m-%d %H:%M:%S %Z}" if self.since else ""
        return ", ".join(filter(None, (partition, since)))


WHOLE_TOPIC = ReadPart()


class AlertReader:
    """Reads a topic into a store of its own, in the background; stops and goes on at any time.

    Parameters
    ----------
    kafka, topic
        Where to read.
    stores
        The folder of all stores.
    reader
        Name of the store. One process at a time can use it.
    phase
        Tells what the transfer's job does now.
    memory_mb
        For DuckDB and for what is on its way there.
    receipt_deadline_s
        How long the receipt of a completed job may take to appear, in seconds.

    Raises
    ------
    InvalidRequest
        On construction: the topic or the reader's name is not a name.
    StoreInUse
        On entering: another process uses this reader's store.
    """

    def __init__(
        self,
        kafka: KafkaAccess,
        topic: str,
        stores: Path,
        reader: str,
        phase: Callable[[], Phase],
        *,
        memory_mb: int = 1000,
        receipt_deadline_s: float = 10.0,
    ) -> None:
        if not READABLE_NAME.fullmatch(topic):
            raise InvalidRequest(f"{topic!r} is not the name of a topic.")
        if not READER_NAME.fullmatch(reader):
            raise InvalidRequest(f"{reader!r} is not a reader's name.", "Use letters, digits, - and _.")
        self.topic = topic
        self._kafka = kafka
        self._phase = phase
        self._path = stores / topic / f"{reader}.duckdb"
        self._memory_mb = memory_mb
        self._receipt_deadline_s = receipt_deadline_s
        self._starting = threading.Lock()

    def __enter__(self) -> Self:
        self.store = AlertStore(self._path, memory_limit=f"{int(_DUCKDB_SHARE * self._memory_mb)}MB")
        self._ingest: Ingest | None = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._starting:
            self.stop()
            self.store.close()

    @property
    def progress(self) -> IngestProgress:
        """How far reading is, now."""
        return self._ingest.progress if self._ingest else counted(IngestProgress(), self.store.counts)

    def start(self, part: ReadPart = WHOLE_TOPIC, *, again: bool = False) -> None:
        """Begin to read, or go on with what is not read yet; nothing happens while it reads already.

        Parameters
        ----------
        again
            Forget what was read before.

        Raises
        ------
        InvalidRequest
            There is no topic, and a time is named or it is to be read again; or it has not all of its messages any
            more, so that what was read is better than what would be.
        ServiceUnavailable
            Kafka must be asked for that, and does not answer.
        QuicklookError
            The disk fails; what was read is still there then.
        """
        with self._starting:
            if self._ingest is not None and not self._ingest.progress.state.is_final:
                return
            begins = self._begins(part.since, again) if part.since or again else {}
            if again:
                self.store.clear()
            self.store.begin_at(begins)
            self._ingest = self._reading(part)
            self._ingest.start()

    def _reading(self, part: ReadPart) -> Ingest:
        return Ingest(
            self._kafka,
            self.topic,
            self.store,
            self._phase,
            limit=part.limit,
            already_read=self.store.read_ranges(),
            partitions=None if part.partition is None else {part.partition},
            part=str(part),
            batch_bytes=int(_BATCH_SHARE * self._memory_mb * 1e6),
            room=DiskRoom(self._path.parent),
            receipt_deadline_s=self._receipt_deadline_s,
        )

    def _begins(self, since: datetime | None, again: bool) -> dict[int, int]:
        with AlertStream(self._kafka, self.topic) as stream:
            expired = sum(low for low, _ in stream.watermarks().values())
            if again and expired:
                raise InvalidRequest(
                    f"{expired:,} messages of the topic have expired: they cannot be read again.",
                    "Keep what was read; a store of another name gets what is still there.",
                )
            return stream.offsets_since(since) if since else {}

    def stop(self) -> None:
        """End reading after the batch at hand, and wait for that."""
        if self._ingest is not None:
            self._ingest.stop()
            self._ingest.join()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until reading has ended, and say whether it has."""
        return self._ingest is None or self._ingest.join(timeout_s)

    def export(
        self,
        out_dir: Path,
        partition_by: PartitionBy | None,
        request: dict[str, object] | None = None,
        *,
        chosen: AlertFilter = EVERYTHING,
        export_format: ExportFormat = "parquet",
        receipt: Receipt | None = None,
        marks: Sequence[ObjectMark] = (),
        tell: Callable[[int], None] | None = None,
    ) -> ExportSummary:
        """Write what is stored, or what is chosen of it, to a folder; see `backend.alert_export.write_alerts`.

        Parameters
        ----------
        request, receipt
            Of the transfer; kept in the files.
        chosen
            Which alerts; of light curves, whose alerts they are made of.
        marks
            What the user noted of objects; kept in the files for those that are in them.
        tell
            Is told how many rows went out so far; what it raises ends the export.
        """
        notes = provenance(request, receipt, self.store.fingerprint)
        if marks:
            noted = replace(chosen, objects=tuple(mark.object_id for mark in marks))
            notes |= marks_note(marks, ObjectList(self.store).names(noted, len(marks)))
        queries = AlertQueries(self.store)
        if export_format == "lightcurves":
            if partition_by == "time":
                raise InvalidRequest("A light curve spans many days; it has no folder of one.", "Use a class, or none.")
            curves = _told(nested_light_curves(queries, chosen), tell)
            return write_alerts(curves, out_dir, partition_by, topic=self.topic, provenance=notes)
        alerts = _told(queries.scan(chosen), tell)
        return write_alerts(alerts, out_dir, partition_by, export_format, topic=self.topic, provenance=notes)


def _told(rows: pa.RecordBatchReader, tell: Callable[[int], None] | None) -> pa.RecordBatchReader:
    """The same batches; before each, those that have gone out are told."""
    if tell is None:
        return rows

    def batches() -> Iterator[pa.RecordBatch]:
        done = 0
        for batch in rows:
            tell(done)
            yield batch
            done += batch.num_rows
        tell(done)

    return pa.RecordBatchReader.from_batches(rows.schema, batches())
