"""A small simulated archive for the tests of this folder, made once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from simulator.archive import night_folder, simulate_archive
from tests.unit.simulator.reading import read_night

NIGHTS = (date(2024, 9, 1), date(2024, 9, 2), date(2024, 9, 3), date(2024, 9, 4))
ALERTS_PER_NIGHT = 3000
SEED = 7


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four consecutive nights without stamps: enough for all classes."""
    out = tmp_path_factory.mktemp("simulated") / "archive"
    simulate_archive(out, NIGHTS, ALERTS_PER_NIGHT, SEED, stamps="none")
    return out


@pytest.fixture(scope="session")
def alerts(archive: Path) -> pa.Table:
    """All alerts of the archive."""
    return pa.concat_tables([read_night(night_folder(archive, night)) for night in NIGHTS])
