"""A reader in a process of its own, to be killed: ``python -m tests.support.reading_process SERVERS TOPIC STORE``."""

from __future__ import annotations

import sys
from pathlib import Path

from backend.alert_store import AlertStore
from backend.ingest import Ingest
from backend.kafka_access import KafkaAccess
from backend.models import Phase

BATCH_MESSAGES = 300


def main(servers: str, topic: str, path: str) -> None:
    """Read to the end, and print how much is stored, each time that it has changed."""
    with AlertStore(Path(path)) as store:
        ingest = Ingest(KafkaAccess(servers), topic, store, lambda: Phase.COMPLETED, batch_messages=BATCH_MESSAGES)
        ingest.start()
        shown = -1
        while not ingest.join(0.002):
            if ingest.progress.distinct != shown:
                shown = ingest.progress.distinct
                print(shown, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
