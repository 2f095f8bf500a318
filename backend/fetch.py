"""Fetch a topic into a folder of files: resumed where it was left, each alert once."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from backend.alert_formats import AlertFormat
from backend.alert_stream import AlertStream
from backend.disk_room import DiskRoom
from backend.errors import InvalidRequest, ServiceUnavailable, TransferFailed
from backend.fetch_journal import FetchJournal, is_tidy
from backend.fetch_state import FetchState, read_state
from backend.fetched_folder import FetchedFolder
from backend.hive_partitions import PartitionBy
from backend.ingest import Ingest
from backend.ingest_progress import IngestState
from backend.models import Phase
from backend.provenance import receipt_note
from backend.reading_progress import follow
from backend.topic_names import READABLE_NAME
from backend.topic_to_read import TopicToRead

LONGEST_OUTAGE_S = 600.0
_STOPS_WITHIN_S = 60.0
_GROWTH: dict[AlertFormat, float] = {"parquet": 1.0, "csv": 1.5, "fits": 1.5, "votable": 3.0}
"""How large a message becomes in a file, at most: light alerts were 0.1, 1.1, 1.3 and 2.5 times as large."""


@dataclass(frozen=True)
class Wanted:
    """What to fetch, and how.

    Attributes
    ----------
    out
        The folder.
    limit
        Read at most so many messages now.
    longest_outage_s
        How long Kafka may be away meanwhile.
    """

    out: Path
    alert_format: AlertFormat = "parquet"
    partition_by: PartitionBy | None = None
    limit: int | None = None
    longest_outage_s: float = LONGEST_OUTAGE_S


def already_fetched(topic: str, wanted: Wanted) -> FetchState | None:
    """The state of a folder that has all of the topic already; None where there is something to do.

    Raises
    ------
    InvalidRequest, StoreInUse
        The topic's name is no name; or the folder is for something else, or in use.
    """
    if not READABLE_NAME.fullmatch(topic):
        raise InvalidRequest(f"{topic!r} is not the name of a topic.")
    state = read_state(wanted.out)
    if state is None:
        return None
    state.check_is_for(wanted.out, topic, wanted.alert_format, wanted.partition_by)
    if not state.complete:
        return None
    with suppress(OSError):  # all alerts are there, also where we must not tidy up
        if not is_tidy(wanted.out):
            with FetchJournal(wanted.out, state):  # what a fetch left that was ended in its last moment
                pass
    return state


def fetch(source: TopicToRead, wanted: Wanted) -> FetchState:
    """Fetch until the topic ends, the limit is reached, or somebody interrupts; what was read by then stays.

    Returns
    -------
    FetchState
        Of the folder, with the verdict.

    Raises
    ------
    InvalidRequest, StoreInUse
        There is no such topic; the folder is for something else, or in use.
    ServiceUnavailable
        Kafka does not answer at first, or was away for too long.
    TransferFailed
        What was read cannot be used, such as the receipt of a newer job, or the disk has no room.
    """
    _check_answers(source)
    notes = {"request": json.dumps(source.request)} if source.request else {}
    with FetchedFolder(
        wanted.out, source.topic, alert_format=wanted.alert_format, partition_by=wanted.partition_by, notes=notes
    ) as folder:
        ingest = Ingest(
            source.kafka,
            source.topic,
            folder,
            source.phase,
            limit=wanted.limit,
            room=DiskRoom(wanted.out, growth=_GROWTH[wanted.alert_format]),
            receipt_deadline_s=source.receipt_deadline_s,
        )
        folder.closing_notes = lambda: receipt_note(ingest.receipt)
        ingest.start()
        try:
            progress = follow(ingest, wanted.longest_outage_s)
        finally:
            ingest.stop()
            if ingest.join(_STOPS_WITHIN_S):
                folder.commit()
        if progress.state is IngestState.FAILED:
            raise folder.refusal or TransferFailed(progress.message)
        folder.conclude(progress.complete, progress.message, progress.published)
        return folder.state


def _check_answers(source: TopicToRead) -> None:
    """See that Kafka is there, and the topic, before anything is written or waited for."""
    try:
        if source.request and source.phase() is Phase.QUEUED:
            return  # it was ordered here, and has no topic yet
    except ServiceUnavailable as error:
        if error.service == "Kafka":
            raise
    with AlertStream(source.kafka, source.topic):
        pass
