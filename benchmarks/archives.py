"""The simulated archives that are measured on; kept, so that the next benchmark finds them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from backend.nights import NightRange
from simulator.archive import simulate_archive
from simulator.truth import catalogue_file, update_truth

FIRST_NIGHT = date(2024, 9, 1)
READ_BYTES = 8 * 1024**2


@dataclass(frozen=True)
class Archive:
    """An archive that is there."""

    folder: Path
    nights: NightRange

    @property
    def catalogue(self) -> Path:
        """Its catalogue like that of the Transient Name Server."""
        return catalogue_file(self.folder)


def provide_archive(
    folder: Path, alerts_per_night: int, say: Callable[[str], None], *, nights: int = 1, stamps: str = "distinct"
) -> Archive:
    """Make the archive below `folder`, or what is missing of it, and let the system have its files in memory.

    Parameters
    ----------
    stamps
        As the simulator takes it: ``distinct``, each alert its own, or ``none``.
    """
    archive = (folder / f"archive-{stamps}-{alerts_per_night}").absolute()
    all_nights = [FIRST_NIGHT + timedelta(days=number) for number in range(nights)]
    say(f"archive: {nights} × {alerts_per_night:,} alerts, stamps {stamps}")
    simulate_archive(archive, all_nights, alerts_per_night, stamps=stamps, processes=os.cpu_count() or 1)
    update_truth(archive)
    _warm(archive)
    return Archive(archive, NightRange(start=all_nights[0], stop=all_nights[-1]))


def _warm(archive: Path) -> None:
    """Read everything once: the speed of the disk is not what is measured."""
    for file in sorted(archive.rglob("*.parquet")):
        with file.open("rb", buffering=0) as content:
            while content.read(READ_BYTES):
                pass
