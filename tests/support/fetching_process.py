"""A fetch in a process of its own, to be killed: ``python -m tests.support.fetching_process SERVERS TOPIC FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from backend.fetched_folder import FetchedFolder
from backend.ingest import Ingest
from backend.kafka_access import KafkaAccess
from backend.topic_to_read import topic_elsewhere

BATCH_MESSAGES = 300
SEGMENT_MESSAGES = 1_500


def main(servers: str, topic: str, path: str) -> None:
    """Read to the end in small segments, and print how much was read, each time that it has changed."""
    source = topic_elsewhere(KafkaAccess(servers), topic)
    with FetchedFolder(Path(path), topic, partition_by="time", segment_messages=SEGMENT_MESSAGES) as folder:
        ingest = Ingest(source.kafka, topic, folder, source.phase, batch_messages=BATCH_MESSAGES)
        ingest.start()
        shown = -1
        while not ingest.join(0.002):
            if ingest.progress.distinct != shown:
                shown = ingest.progress.distinct
                print(shown, flush=True)
        print(ingest.progress.message, file=sys.stderr)
        folder.conclude(ingest.progress.complete, ingest.progress.message, ingest.progress.published)


if __name__ == "__main__":
    main(*sys.argv[1:])
