"""One night, a magnitude condition, Lightcurve, one core: until the first alert, and until all are there."""

from __future__ import annotations

from backend.models import Content
from benchmarks.bench import PLAIN, Bench, request_for
from benchmarks.figures import Figure, Unit, at_most

CONDITION = "candidate.magpsf > 19;"
FIRST_S, ALL_S = 10.0, 25.0


def measure(bench: Bench) -> list[Figure]:
    """From the façade's submission on, each time with a new driver."""
    archive = bench.night()
    with bench.installation(archive, "local[1]") as here:
        ours, plain = bench.pairs(here, request_for(archive, Content.LIGHTCURVE, CONDITION))
    return [
        Figure(
            "main",
            "submission to first alert",
            Unit.SECONDS,
            tuple(run.watched.first_alert_s for run in ours),
            at_most(FIRST_S),
            PLAIN,
            tuple(run.watched.first_alert_s for run in plain),
            f"{bench.alerts:,} alerts of one night, {CONDITION} Lightcurve, one core; a consumer polls each 100 ms",
        ),
        Figure(
            "main",
            f"submission to all of {ours[0].alerts:,} alerts",
            Unit.SECONDS,
            tuple(run.watched.ended_s for run in ours),
            at_most(ALL_S),
            PLAIN,
            tuple(run.watched.last_alert_s for run in plain),
            "ours until the receipt is there; the plain job has none: until its last alert is visible",
        ),
    ]
