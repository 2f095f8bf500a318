"""Light alerts of 4, 8 and 16 nights: the time of an alert, and the memory, must not grow with their number."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Sequence
from datetime import timedelta

from backend.models import Content, TransferRequest
from backend.nights import NightRange
from benchmarks.archives import FIRST_NIGHT, provide_archive
from benchmarks.bench import Bench
from benchmarks.figures import Figure, Unit, at_most, spread
from benchmarks.installation import JobRun

SPREAD_PERCENT = 10.0
MEMORY_GIB = 2.0
FEW_ALERTS = 40_000


def measure(bench: Bench) -> list[Figure]:
    """Nights without images: light contents do not read them. They are removed again, for they are large."""
    few = provide_archive(bench.folder, min(FEW_ALERTS, bench.alerts), bench.say, stamps="none")
    with bench.installation(few, "local[1]") as here:
        of_few = [here.run(_first_nights(1)) for _ in range(bench.runs)]
    archive = provide_archive(bench.folder, bench.alerts, bench.say, nights=bench.linear_nights[-1], stamps="none")
    with bench.installation(archive, "local[1]") as here:
        runs = [[here.run(_first_nights(nights)) for nights in bench.linear_nights] for _ in range(bench.runs)]
    shutil.rmtree(archive.folder)
    sizes = [list(of_size) for of_size in zip(*runs, strict=True)]
    return [*(_time_of(size) for size in sizes), _spread_of(sizes), _memory_of(sizes[-1], of_few)]


def _first_nights(nights: int) -> TransferRequest:
    last = FIRST_NIGHT + timedelta(days=nights - 1)
    return TransferRequest(nights=NightRange(start=FIRST_NIGHT, stop=last), content=Content.LIGHTCURVE)


def _time_of(runs: Sequence[JobRun]) -> Figure:
    what, note = f"{runs[0].alerts:,} light alerts, time of each", "from the first alert until the receipt, one core"
    return Figure("linear", what, Unit.MICROSECONDS, tuple(map(_microseconds, runs)), note=note)


def _microseconds(run: JobRun) -> float:
    return 1e6 * (run.watched.ended_s - run.watched.first_alert_s) / run.alerts


def _spread_of(sizes: Sequence[Sequence[JobRun]]) -> Figure:
    """Of the medians: of a single run of each size it would say how even the machine is."""
    medians = [statistics.median(map(_microseconds, size)) for size in sizes]
    what = "… the longest above the shortest"
    note = "also where the most alerts take the least time each, as what the first ones wait for is shared by more"
    return Figure("linear", what, Unit.PERCENT, (spread(medians),), at_most(SPREAD_PERCENT), note=note)


def _memory_of(many: Sequence[JobRun], few: Sequence[JobRun]) -> Figure:
    largest, of_few = (tuple(run.watched.peak_memory_bytes / 2**30 for run in runs) for runs in (many, few))
    return Figure(
        "linear",
        f"memory for {many[0].alerts:,} alerts",
        Unit.GIB,
        largest,
        at_most(MEMORY_GIB),
        f"for {few[0].alerts:,} alerts",
        of_few,
        "largest resident size of the driver's JVM and Python together; the heap may have 2 GiB",
    )
