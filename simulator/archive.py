"""An archive in production layout: ``year=/month=/day=`` folders, each night complete or absent."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path

from simulator.arrow_columns import ArrowArray
from simulator.night import Simulation, files_of, write_file
from simulator.population import MAX_ALERTS_PER_NIGHT, NightSizes
from simulator.stamps import make_pool
from simulator.survey import night_number

STAMP_CHOICES = ("pool", "distinct", "none")
DEFAULT_SEED = 1
# Spark and pyarrow leave out names that begin with an underscore or a dot.
_RECORD_NAME = "_simulation.json"
_FORMAT_VERSION = 2
_FIRST_NIGHT = date(2018, 1, 1)


class InvalidSimulation(ValueError):
    """What was asked for cannot be made; the message says why and what to do."""


class NightExists(InvalidSimulation):
    """A night is in the archive already, and it is not what this simulation would write."""


@dataclass(frozen=True)
class Progress:
    """What has been written so far."""

    nights_done: int
    nights: int
    alerts_done: int
    alerts: int
    bytes_done: int


@dataclass
class _NightState:
    night: date
    final: Path
    files_left: int
    partial: Path = field(init=False)

    def __post_init__(self) -> None:
        self.partial = self.final.with_name(f".{self.final.name}.incomplete")


def night_folder(out: Path, night: date) -> Path:
    """Where a night is, below the archive's root."""
    return out / f"year={night:%Y}" / f"month={night:%m}" / f"day={night:%d}"


def _ignore_progress(progress: Progress) -> None:
    """Tell nobody."""


def simulate_archive(
    out: Path | str,
    nights: Sequence[date],
    alerts_per_night: int,
    seed: int = DEFAULT_SEED,
    *,
    stamps: str = "pool",
    processes: int = 1,
    overwrite: bool = False,
    variation: float = 0.0,
    report: Callable[[Progress], None] = _ignore_progress,
) -> Progress:
    """Make an archive, or the rest of one.

    Nights that the same simulation has already written are kept; so an interrupted run goes on where it was.

    Parameters
    ----------
    out
        The archive's root; made when absent.
    nights
        Observing nights (UTC dates).
    alerts_per_night
        Alerts in each night.
    seed
        Same seed, same bytes.
    stamps
        ``pool``: some hundred cutouts, drawn from; ``distinct``: each alert its own; ``none``: null.
    processes
        Worker processes. More than one are spawned: the calling script needs the ``__main__`` guard.
    overwrite
        Replace nights that are there and are not this simulation's.
    variation
        Largest relative deviation of a night's alerts from ``alerts_per_night``.
    report
        Called after each file.

    Raises
    ------
    InvalidSimulation
        An argument is out of range.
    NightExists
        A night is there already, with other content, and ``overwrite`` is false.
    """
    _check(nights, alerts_per_night, seed, stamps, variation)
    simulation = Simulation(seed, NightSizes(seed, alerts_per_night, variation), stamps)
    states = list(_nights_to_make(Path(out), sorted(set(nights)), simulation, overwrite=overwrite))
    total = sum(int(simulation.sizes.of(night_number(state.night))[0]) for state in states)
    done = Progress(0, len(states), 0, total, 0)
    with closing(_written_files(simulation, states, processes)) as written_files:
        for state, alerts, size in written_files:
            state.files_left -= 1
            if not state.files_left:
                _publish(state, simulation)
            done = Progress(
                nights_done=done.nights_done + (not state.files_left),
                nights=len(states),
                alerts_done=done.alerts_done + alerts,
                alerts=total,
                bytes_done=done.bytes_done + size,
            )
            report(done)
    return done


def _check(nights: Sequence[date], alerts_per_night: int, seed: int, stamps: str, variation: float) -> None:
    if not nights:
        raise InvalidSimulation("There is no night to make: the range of nights is empty.")
    if min(nights) < _FIRST_NIGHT:
        raise InvalidSimulation(f"The survey began on {_FIRST_NIGHT}; {min(nights)} lies before.")
    if not 1 <= alerts_per_night <= MAX_ALERTS_PER_NIGHT:
        raise InvalidSimulation(
            f"The alerts per night must be between 1 and {MAX_ALERTS_PER_NIGHT:,}, not {alerts_per_night:,}."
        )
    if not 0 <= seed < 2**63:
        raise InvalidSimulation(f"The seed must be a whole number from 0 to 2^63 - 1, not {seed}.")
    if stamps not in STAMP_CHOICES:
        raise InvalidSimulation(f"Stamps are one of {', '.join(STAMP_CHOICES)}, not {stamps!r}.")
    if not 0.0 <= variation < 1.0:
        raise InvalidSimulation(f"The variation must be at least 0 and less than 1, not {variation}.")


def _record(simulation: Simulation) -> dict[str, object]:
    """What tells one simulation from another."""
    return {
        "format": _FORMAT_VERSION,
        "seed": simulation.seed,
        "alerts_per_night": simulation.sizes.alerts,
        "variation": simulation.sizes.variation,
        "stamps": simulation.stamps,
    }


def _nights_to_make(
    out: Path, nights: Sequence[date], simulation: Simulation, *, overwrite: bool
) -> Iterator[_NightState]:
    """The nights that are not there yet; nothing is written before all were looked at."""
    for night in nights:
        folder = night_folder(out, night)
        if folder.exists() and not overwrite:
            if _recorded(folder) == _record(simulation):
                continue
            raise NightExists(
                f"{folder} exists and was not made with these arguments by this version. "
                "Choose another folder, or say --overwrite to replace the night."
            )
        yield _NightState(night, folder, files_of(simulation, night_number(night)))


def _recorded(folder: Path) -> object:
    """The record of the simulation that wrote a night, if one did."""
    with suppress(OSError, json.JSONDecodeError):
        return json.loads((folder / _RECORD_NAME).read_text(encoding="utf-8"))
    return None


def simulated_nights(out: Path) -> list[tuple[date, Simulation]]:
    """The complete nights below an archive's root that this version has made, in order of time, and how."""
    found = []
    for record_file in sorted(out.glob(f"year=*/month=*/day=*/{_RECORD_NAME}")):
        record = _recorded(record_file.parent)
        if isinstance(record, dict) and record.get("format") == _FORMAT_VERSION:
            year, month, day = (int(part.partition("=")[2]) for part in record_file.parent.parts[-3:])
            sizes = NightSizes(record["seed"], record["alerts_per_night"], record["variation"])
            found.append((date(year, month, day), Simulation(record["seed"], sizes, record["stamps"])))
    return found


def _publish(state: _NightState, simulation: Simulation) -> None:
    """Move a complete night to its place."""
    (state.partial / _RECORD_NAME).write_text(json.dumps(_record(simulation), indent=1) + "\n", encoding="utf-8")
    if state.final.exists():
        shutil.rmtree(state.final)
    state.partial.rename(state.final)


@lru_cache(maxsize=1)
def _pool_of(seed: int) -> dict[str, ArrowArray]:
    return make_pool(seed)


def _write(simulation: Simulation, night: date, number: int, folder: Path) -> tuple[int, int]:
    """Write one file, in whichever process."""
    pool = _pool_of(simulation.seed) if simulation.stamps == "pool" else None
    return write_file(simulation, night_number(night), number, folder, pool)


def _leave_interrupts_to_parent() -> None:
    """Let Ctrl-C reach only the process that can say what it means."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _written_files(
    simulation: Simulation, states: Sequence[_NightState], processes: int
) -> Generator[tuple[_NightState, int, int], None, None]:
    """Write all files of the nights; each is yielded, with its alerts and bytes, when it is complete."""
    try:
        for state in states:
            # An earlier run may have been killed in this night.
            shutil.rmtree(state.partial, ignore_errors=True)
            state.partial.mkdir(parents=True)
        tasks = [(state, number) for state in states for number in range(state.files_left)]
        if processes == 1 or len(tasks) < 2:
            for state, number in tasks:
                yield state, *_write(simulation, state.night, number, state.partial)
        else:
            yield from _written_side_by_side(simulation, tasks, processes)
    finally:
        for state in states:
            shutil.rmtree(state.partial, ignore_errors=True)


def _written_side_by_side(
    simulation: Simulation, tasks: Sequence[tuple[_NightState, int]], processes: int
) -> Generator[tuple[_NightState, int, int], None, None]:
    # Spawned, not forked: Arrow's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(tasks)), context, _leave_interrupts_to_parent) as pool:
        futures = {
            pool.submit(_write, simulation, state.night, number, state.partial): state for state, number in tasks
        }
        try:
            for future in as_completed(futures):
                yield futures[future], *future.result()
        finally:
            pool.shutdown(cancel_futures=True)
