"""The exit codes where no server can be brought to give the answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from backend.command_line import FAILED, OK, main
from backend.models import ArchiveNights, Phase
from backend.transfers import Transfers

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("phase", "code"),
    [(Phase.COMPLETED, OK), (Phase.ABORTED, FAILED), (Phase.UNKNOWN, FAILED), (None, FAILED)],
)
def test_counting_is_done_only_when_its_job_has_completed(
    phase: Phase | None, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = SimpleNamespace(
        start_statistics=lambda everything: None,
        statistics_phase=lambda: phase,
        statistics_state=lambda: "There are no statistics yet.",
        nights=ArchiveNights,
    )
    monkeypatch.setattr(Transfers, "connect", lambda _settings: SimpleNamespace(archive=archive))
    assert main(["statistics"]) == code


def test_a_reader_of_the_output_may_have_seen_enough(tmp_path: Path) -> None:
    command = 'python -c \'import sys; from backend.command_line import main; sys.exit(main(["list", "--json"]))\''
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "LIVY_URL": "http://127.0.0.1:9"}
    environment |= {
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    piped = ["bash", "-c", f"set -o pipefail; {command} | true"]
    done = subprocess.run(piped, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr
    assert "Broken" not in done.stderr
