"""An estimate over seven years and 300 classes, with and without conditions, in one process without servers."""

from __future__ import annotations

import resource
import time

from backend.archive_estimates import ArchiveEstimates
from backend.models import TransferRequest
from benchmarks.bench import Bench
from benchmarks.figures import Figure, Unit, at_most
from benchmarks.made_up_statistics import ALL_NIGHTS, CLASSES, NIGHTS, ROWS, provide_statistics

WITHOUT_MS, FIVE_MS = 100.0, 500.0
FIVE_CONDITIONS = """
candidate.magpsf > 19.5;
candidate.distnr > 2;
(candidate.magnr - candidate.magpsf) < -4 * (LOG10(candidate.distnr) + 0.2);
rf_snia_vs_nonia > 0.1; snn_snia_vs_nonia > 0.1;
"""


def measure(bench: Bench) -> list[Figure]:
    """The same questions asked again and again; the first of each opens what later ones find open."""
    folder = provide_statistics(bench.folder)
    before = _memory_gib()
    estimates = ArchiveEstimates(folder.absolute().as_uri(), "ztf", bench.folder / "cache")
    plain, five = (TransferRequest(nights=ALL_NIGHTS, conditions=text) for text in ("", FIVE_CONDITIONS))
    open_s, first_s = _milliseconds(estimates, plain) / 1000, _milliseconds(estimates, five) / 1000
    without_ms, five_ms = (tuple(_milliseconds(estimates, each) for _ in range(bench.runs)) for each in (plain, five))
    note = f"{NIGHTS:,} nights × {CLASSES} classes, {ROWS:,} rows of sample"
    return [
        Figure("estimate", "no condition", Unit.MILLISECONDS, without_ms, at_most(WITHOUT_MS), note=note),
        Figure("estimate", "five conditions", Unit.MILLISECONDS, five_ms, at_most(FIVE_MS)),
        Figure("estimate", "the first of all: reading the counts", Unit.SECONDS, (open_s,)),
        Figure("estimate", "the first with conditions: opening the sample", Unit.SECONDS, (first_s,)),
        Figure("estimate", "memory that the process has grown by", Unit.GIB, (_memory_gib() - before,)),
    ]


def _milliseconds(estimates: ArchiveEstimates, request: TransferRequest) -> float:
    started = time.perf_counter()
    estimates.estimate(request)
    return 1000 * (time.perf_counter() - started)


def _memory_gib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
