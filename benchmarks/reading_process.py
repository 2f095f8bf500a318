"""Read a topic into a store to its end, as a process: ``python -m benchmarks.reading_process SERVERS TOPIC FOLDER``."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

from backend.kafka_access import KafkaAccess
from backend.models import Phase
from backend.reading import AlertReader


def main(servers: str, topic: str, folder: str) -> int:
    """0 when all is there."""
    with AlertReader(KafkaAccess(servers), topic, Path(folder), "bench", lambda: Phase.COMPLETED) as reader:
        reader.start()
        reader.join()
        print(reader.progress.message)
        return 0 if reader.progress.complete else 1


if __name__ == "__main__":
    gc.freeze()  # as `python -m backend` does
    sys.exit(main(*sys.argv[1:]))
