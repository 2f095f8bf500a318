"""The archive of the first run: some weeks of a small simulated sky, made in seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

from simulator.archive import Progress, simulate_archive
from simulator.truth import update_truth

FIRST_NIGHT = date(2024, 9, 1)
NIGHTS = tuple(FIRST_NIGHT + timedelta(days=number) for number in range(21) if number not in (4, 12))
"""Three weeks, with two nights of bad weather."""
ALERTS_PER_NIGHT = 1_500


def provide_small_sky(data_dir: Path, report: Callable[[Progress], None], nights: Sequence[date] = NIGHTS) -> Path:
    """Make the archive below `data_dir`, or those of its nights that are not there yet; return its folder.

    Raises
    ------
    InvalidSimulation
        Something else is in its place.
    """
    archive = data_dir / "archive" / "simulated"
    simulate_archive(archive, nights, ALERTS_PER_NIGHT, report=report)
    update_truth(archive)
    return archive
