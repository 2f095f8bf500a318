"""Ctrl-C while a reader is waited for: it has not ended by that."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from backend.alert_store import AlertStore
from backend.ingest import Ingest
from backend.ingest_progress import IngestState
from backend.kafka_access import KafkaAccess
from backend.models import Phase


def test_a_reader_that_still_works_is_not_taken_for_ended(tmp_path: Path) -> None:
    is_done = threading.Event()

    def phase() -> Phase:
        is_done.wait(20)  # a batch that takes its time
        return Phase.QUEUED

    with AlertStore(tmp_path / "reader.duckdb") as store:
        ingest = Ingest(KafkaAccess("127.0.0.1:9"), "ftransfer_ztf_x", store, phase)
        ingest.start()
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        timer = threading.Timer(0.2, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
        timer.start()
        try:
            with pytest.raises(KeyboardInterrupt):
                ingest.join(10)
        finally:
            signal.signal(signal.SIGINT, before)
        ingest.stop()
        assert not ingest.join(0.1)
        is_done.set()
        assert ingest.join(10)
        assert ingest.progress.state is IngestState.STOPPED
