"""The reader in the background: from a topic into a store or files, as long as there is something to come."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple

from backend.alert_decoder import AlertDecoder, DecodedBatch
from backend.alert_sink import AlertSink
from backend.alert_stream import AlertStream
from backend.disk_room import DiskRoom
from backend.errors import CorruptAlert, QuicklookError, ServiceUnavailable
from backend.ingest_progress import IngestProgress, IngestState, counted
from backend.kafka_access import KafkaAccess
from backend.models import Phase
from backend.offset_ranges import OffsetRange, unread
from backend.raw_batch import RawBatch
from backend.reading_end import ReadingEnd, verdict
from backend.receipt import Receipt

BATCH_MESSAGES = 40_960
BATCH_BYTES = 32_000_000
"""Bytes of a batch's messages together; some five batches are in memory at a time, in different forms."""
GOES_ON = "Reading goes on by itself."
"""How a message ends that says what service is away."""
_BATCHES_ON_DISK = 3
"""A batch may be on disk more than once for a while: in the log of the store, and where it belongs."""
_FILL_S = 0.5
_LOOK_S = 1.0
_RATE_WINDOW_S = 5.0
_BACK_OFF_S = (0.5, 10.0)


class _Arrived(NamedTuple):
    raw: RawBatch
    decoded: DecodedBatch


class Ingest:
    """Read a topic into a sink, such as a store, in a thread of its own.

    Parameters
    ----------
    kafka, topic
        Where to read; the sink says from where on.
    sink
        Belongs to the caller, who closes it after `join`.
    phase
        Tells what the job does now; `Phase.COMPLETED` for a topic that nobody writes any more. Called about once a
        second from the thread; while it cannot be told (`ServiceUnavailable`) the reader follows.
    limit
        Read at most so many messages in this run.
    already_read, partitions
        Partition -> ranges of offsets that are passed over; and the only partitions to read (None: all).
    part
        What is read, in words, where that is not all of the topic.
    batch_messages, batch_bytes
        Size of one transaction: whichever is reached first.
    room
        The disk that the sink writes to.
    receipt_deadline_s
        How long the receipt of a completed job may take to appear, in seconds.
    """

    def __init__(
        self,
        kafka: KafkaAccess,
        topic: str,
        sink: AlertSink,
        phase: Callable[[], Phase],
        *,
        limit: int | None = None,
        already_read: Mapping[int, Sequence[OffsetRange]] | None = None,
        partitions: Collection[int] | None = None,
        part: str = "",
        batch_messages: int = BATCH_MESSAGES,
        batch_bytes: int = BATCH_BYTES,
        room: DiskRoom | None = None,
        receipt_deadline_s: float = 10.0,
    ) -> None:
        self._kafka = kafka
        self._topic = topic
        self._sink = sink
        self._end = ReadingEnd(phase, receipt_deadline_s)
        self._left = limit
        self._already_read = already_read
        self._partitions = partitions
        self._part = part
        self._batch_messages = batch_messages
        self._batch_bytes = batch_bytes
        self._room = room
        self._has_kept = False
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._progress = counted(IngestProgress(), sink.counts)
        self._arrivals: deque[tuple[float, int]] = deque()
        self._thread = threading.Thread(target=self._run, name=f"ingest {topic}", daemon=True)

    @property
    def progress(self) -> IngestProgress:
        """How far it is now."""
        with self._lock:
            return self._progress

    @property
    def receipt(self) -> Receipt | None:
        """The job's receipt, once it is known."""
        return self._end.receipt

    def start(self) -> None:
        """Begin, or go on where the sink ends."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end after the batch at hand; what is kept stays, a later reader goes on from there."""
        self._stop.set()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until it has ended, and say whether it has."""
        # The thread itself is not asked: after a Ctrl-C while it is joined, Python 3.11 takes it for ended.
        return self._ended.wait(timeout_s)

    def _run(self) -> None:
        try:
            self._read_through_outages()
        except QuicklookError as error:
            self._change(state=IngestState.FAILED, message=str(error))
        finally:
            if not self.progress.state.is_final:
                self._change(state=IngestState.FAILED, message="The reader ended by a defect; the log has the details.")
            self._ended.set()

    def _read_through_outages(self) -> None:
        wait_s, longest_s = _BACK_OFF_S
        while not self._stop.is_set():
            if self._end.is_queued():
                self._change(state=IngestState.WAITING, message="The transfer waits in the queue.")
                self._stop.wait(_LOOK_S)
                continue
            try:
                with self._stream() as stream:
                    self._read_all(stream)
                    return
            except ServiceUnavailable as error:
                read_before = self.progress.state is IngestState.READING
                self._change(state=IngestState.WAITING, message=f"{error} {GOES_ON}", rate_per_s=0.0)
                wait_s = _BACK_OFF_S[0] if read_before else min(2 * wait_s, longest_s)
                self._stop.wait(wait_s)
        self._finish_stopped()

    def _stream(self) -> AlertStream:
        return AlertStream(
            self._kafka,
            self._topic,
            self._sink.offsets(),
            already_read=self._already_read,
            partitions=self._partitions,
        )

    def _read_all(self, stream: AlertStream) -> None:
        decoder = self._wait_for_schema(stream)
        if decoder is None:
            return
        with ThreadPoolExecutor(1, thread_name_prefix="fetch") as fetcher:
            self._follow(stream, decoder, fetcher)

    def _wait_for_schema(self, stream: AlertStream) -> AlertDecoder | None:
        """Wait for the job to begin; None when it has ended, or the reader is stopped, before that."""
        while (text := stream.read_schema()) is None:
            self._look(stream)
            if self._end.is_known:
                self._finish()
                return None
            self._change(state=IngestState.WAITING, message="The job has not begun to publish.")
            if self._stop.wait(_FILL_S):
                self._finish_stopped()
                return None
        decoder = AlertDecoder(text)
        self._sink.prepare(self._topic, text, decoder.fingerprint, decoder.schema)
        return decoder

    def _follow(self, stream: AlertStream, decoder: AlertDecoder, fetcher: ThreadPoolExecutor) -> None:
        """Store a batch while the next one is fetched and decoded, until the end."""
        self._look(stream)
        coming: Future[_Arrived] | None = self._fetch_next(stream, decoder, fetcher)
        while coming is not None:
            arrived = coming.result()
            if self._left is not None:
                self._left -= arrived.raw.messages
            at_end = self._end.is_reached(arrived.raw.positions)
            coming = None if at_end or self._stop.is_set() else self._fetch_next(stream, decoder, fetcher)
            self._keep(arrived)
            self._look(stream)
            if coming is None and at_end:
                self._finish()
                return
        self._finish_stopped("The limit is reached." if self._left == 0 else "")

    def _fetch_next(
        self, stream: AlertStream, decoder: AlertDecoder, fetcher: ThreadPoolExecutor
    ) -> Future[_Arrived] | None:
        room = self._batch_messages if self._left is None else min(self._batch_messages, self._left)
        return fetcher.submit(_fetch, stream, decoder, room, self._batch_bytes) if room else None

    def _keep(self, arrived: _Arrived) -> None:
        raw = arrived.raw
        self._check_room(raw)
        damaged = [
            CorruptAlert(self._topic, raw.partitions[one.index], raw.offsets[one.index], one.reason)
            for one in arrived.decoded.damaged
        ]
        if raw.messages or raw.trimmed or not raw.positions.items() <= self._sink.offsets().items():
            self._sink.append(arrived.decoded.table, raw.positions, damaged, raw.trimmed)
        rate_per_s = self._rate(raw.messages)
        self._change(state=IngestState.READING, message="", rate_per_s=rate_per_s, behind=self._behind())

    def _check_room(self, raw: RawBatch) -> None:
        """See that the disk holds this batch; before the first one, that it holds all that lies on the topic."""
        if self._room is None or not raw.messages:
            return
        needed = _BATCHES_ON_DISK * raw.size_bytes
        if not self._has_kept:
            coming = self._behind() if self._left is None else min(self._behind(), raw.messages + self._left)
            needed = max(needed, coming * raw.size_bytes // raw.messages)
        self._room.require(needed)
        self._has_kept = True

    def _behind(self) -> int:
        """Messages that lie on the topic, by the last look, and that the sink does not have."""
        offsets, already = self._sink.offsets(), self._already_read or {}
        return sum(
            unread(already.get(partition, ()), max(low, offsets.get(partition, 0)), high)
            for partition, (low, high) in self._end.watermarks.items()
            if self._partitions is None or partition in self._partitions
        )

    def _rate(self, messages: int) -> float:
        """Messages per second over the last seconds."""
        now = time.monotonic()
        self._arrivals.append((now, messages))
        while now - self._arrivals[0][0] > _RATE_WINDOW_S:
            self._arrivals.popleft()
        elapsed = now - self._arrivals[0][0]
        return sum(count for _, count in list(self._arrivals)[1:]) / elapsed if elapsed > 0 else 0.0

    def _look(self, stream: AlertStream) -> None:
        """See, at most once a second, what the job does and how much there is."""
        if self._end.is_due(_LOOK_S):
            self._end.look(stream)
            behind = self._behind()
            total = self._sink.counts.messages + behind
            self._change(total_messages=total, published=_published(self._end.receipt), behind=behind)

    def _finish(self) -> None:
        complete, sentence = verdict(self._end.records, self._sink.counts, self._end.phase)
        if self._part and not complete:
            sentence = f"All of {self._part} is read. {sentence}"
        self._change(state=IngestState.DONE, complete=complete, message=sentence, rate_per_s=0.0)

    def _finish_stopped(self, why: str = "") -> None:
        complete, sentence = verdict(self._end.records, self._sink.counts, self._end.phase)
        message = sentence if complete else f"{why} Reading was stopped; it can go on from here.".strip()
        self._change(state=IngestState.STOPPED, complete=complete, message=message, rate_per_s=0.0)

    def _change(self, **changes: Any) -> None:
        with self._lock:
            self._progress = replace(counted(self._progress, self._sink.counts), **changes)


def _fetch(stream: AlertStream, decoder: AlertDecoder, max_messages: int, max_bytes: int) -> _Arrived:
    raw = stream.read(max_messages, max_bytes, _FILL_S)
    decoded = decoder.decode(raw.values)
    raw.values = []  # the bytes are not held in two forms while they wait to be kept
    return _Arrived(raw, decoded)


def _published(receipt: Receipt | None) -> int | None:
    return receipt.published if receipt is not None else None
