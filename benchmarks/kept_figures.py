"""The figures of each section, kept until it is measured again: a benchmark of hours can be made in parts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks.figures import Figure


@dataclass(frozen=True)
class Measured:
    """What one section has measured, when, and how often."""

    on: date
    runs: int
    peer_runs: int
    figures: tuple[Figure, ...]


_FORM = TypeAdapter(Measured)


def keep(folder: Path, section: str, figures: list[Figure], runs: int, peer_runs: int) -> None:
    """Keep the figures in the place of earlier ones."""
    folder.mkdir(parents=True, exist_ok=True)
    measured = Measured(datetime.now(UTC).date(), runs, peer_runs, tuple(figures))
    unfinished = folder / f".{section}"
    unfinished.write_bytes(_FORM.dump_json(measured, indent=1))
    unfinished.replace(folder / f"{section}.json")


def kept(folder: Path, sections: tuple[str, ...]) -> dict[str, Measured]:
    """Section -> what it has measured last, of those that have."""
    files = {section: folder / f"{section}.json" for section in sections}
    return {section: _FORM.validate_json(file.read_bytes()) for section, file in files.items() if file.is_file()}
