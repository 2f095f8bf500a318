"""What tests of every kind may need."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_alerts() -> Path:
    """The folder of real alerts, from REAL_ALERTS_DIR; without it the test is skipped, but not under CI."""
    named = os.environ.get("REAL_ALERTS_DIR")
    if not named:
        sentence = "REAL_ALERTS_DIR, the folder of real alerts, is not set."
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    folder = Path(named)
    if not (folder / "archive" / "science").is_dir():
        pytest.fail(f"There are no real alerts in REAL_ALERTS_DIR, {folder}.")
    return folder
