"""Read a topic onto a disk that is too small, make room, and go on; to be run in a mount namespace of its own:

``unshare --user --map-root-user --mount python -m tests.support.small_disk_process SERVERS TOPIC FOLDER``
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from backend.alert_store import AlertStore
from backend.ingest import Ingest
from backend.ingest_progress import IngestProgress
from backend.kafka_access import KafkaAccess
from backend.models import Phase
from backend.reading import AlertReader


def main(servers: str, topic: str, folder: Path) -> Iterator[IngestProgress]:
    """Read with less room than must stay free, then until nothing is left, then with enough."""
    kafka, store = KafkaAccess(servers), folder / topic / "mine.duckdb"
    _mount(folder, "size=4m")
    with AlertReader(kafka, topic, folder, "mine", lambda: Phase.COMPLETED) as reader:
        yield _read(reader)
    with AlertStore(store) as opened:
        yield _read(Ingest(kafka, topic, opened, lambda: Phase.COMPLETED, batch_messages=1000))
        _mount(folder, "remount,size=600m")
        yield _read(Ingest(kafka, topic, opened, lambda: Phase.COMPLETED, batch_messages=1000, limit=1000))
    with AlertReader(kafka, topic, folder, "mine", lambda: Phase.COMPLETED) as reader:
        yield _read(reader)


def _mount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], check=True)


def _read(reader: AlertReader | Ingest) -> IngestProgress:
    reader.start()
    assert reader.join(60)
    return reader.progress


if __name__ == "__main__":
    for progress in main(sys.argv[1], sys.argv[2], Path(sys.argv[3])):
        print(json.dumps(asdict(progress)))
