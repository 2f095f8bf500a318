"""The main job: submit, read while it is published, compare with the receipt, write Parquet, count again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.dataset as ds
from rich.console import Console
from rich.table import Table

from backend.alert_export import PartitionBy
from backend.errors import TransferFailed
from backend.models import Phase, Transfer, TransferRequest
from backend.reading import AlertReader
from backend.transfers import Transfers

POLL_S = 0.1
LOOK_AT_JOB_S = 1.0
PARTITION_BY: PartitionBy = "time"


@dataclass(frozen=True)
class Outcome:
    """What came of it; all four counts are of alerts."""

    topic: str
    published: int
    read: int
    distinct: int
    on_disk: int
    is_complete: bool
    first_alert_s: float | None
    """From the submission to the first alert in the store; None when there was no alert."""
    total_s: float
    """From the submission to the last alert in the store."""
    size_bytes: int
    out_dir: Path

    @property
    def agrees(self) -> bool:
        """Whether the reader says complete, and nothing was lost or doubled on the way."""
        return self.is_complete and self.published == self.read == self.distinct == self.on_disk


def run_main_job(transfers: Transfers, request: TransferRequest, folder: Path, say: Callable[[str], None]) -> Outcome:
    """Do all of it; the Parquet files come into a folder named after the topic.

    Raises
    ------
    QuicklookError
        The request is refused, a service does not answer, or the job failed.
    """
    began = time.monotonic()
    transfer = transfers.submit(request)
    say(f"submitted {transfer.id}: {transfer.phase}, topic {transfer.topic}")
    with transfers.open_reader(transfer.id, "demo") as reader:
        reader.start()
        first_alert_s = _follow(transfers, transfer, reader, began)
        total_s = time.monotonic() - began
        progress = reader.progress
        say(progress.message)
        receipt = transfers.get(transfer.id).receipt
        if receipt is None:
            raise TransferFailed(f"The job of {transfer.topic} left no receipt.", progress.message)
        if receipt.note:
            say(receipt.note)
        out_dir = folder / transfer.topic
        summary = reader.export(out_dir, PARTITION_BY, request.model_dump(mode="json"))
    return Outcome(
        topic=transfer.topic,
        published=receipt.published,
        read=progress.read,
        distinct=progress.distinct,
        on_disk=ds.dataset(out_dir, format="parquet", partitioning="hive").count_rows(),
        is_complete=progress.complete,
        first_alert_s=first_alert_s,
        total_s=total_s,
        size_bytes=summary.bytes,
        out_dir=out_dir,
    )


def print_outcome(outcome: Outcome) -> None:
    """The table at the end."""
    first = "–" if outcome.first_alert_s is None else f"{outcome.first_alert_s:.1f} s"
    table = Table("published", "read", "distinct", "on disk", "first alert", "total", "size", title=outcome.topic)
    counts = (outcome.published, outcome.read, outcome.distinct, outcome.on_disk)
    table.add_row(*(f"{count:,}" for count in counts), first, f"{outcome.total_s:.1f} s", f"{outcome.size_bytes:,} B")
    console = Console(highlight=False)
    console.print(table)
    console.print(f"All agree; the files are in {outcome.out_dir}." if outcome.agrees else "The numbers do not agree.")


def _follow(transfers: Transfers, transfer: Transfer, reader: AlertReader, began: float) -> float | None:
    """Wait until reading has ended; the seconds from the beginning to the first alert."""
    first_alert_s, looked_at = None, began
    while not reader.join(POLL_S):
        now = time.monotonic()
        if first_alert_s is None and reader.progress.distinct:
            first_alert_s = now - began
        if now - looked_at > LOOK_AT_JOB_S:
            looked_at = now
            job = transfers.get(transfer.id)
            if job.phase in (Phase.ERROR, Phase.ABORTED):
                raise TransferFailed(f"The job ended with {job.phase}. {job.message}")
    if first_alert_s is None and reader.progress.distinct:
        first_alert_s = time.monotonic() - began
    return first_alert_s
