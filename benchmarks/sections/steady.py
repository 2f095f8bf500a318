"""The same night without a condition: alerts a second once the job is in full swing."""

from __future__ import annotations

from backend.models import Content
from benchmarks.bench import PLAIN, Bench, head_of, request_for, steadies
from benchmarks.figures import Figure, Unit, at_least

ALERTS_PER_S = 20_000.0


def measure(bench: Bench) -> list[Figure]:
    """Between the look that shows the first 20,000 on the topic and the one that shows all."""
    archive = bench.night()
    with bench.installation(archive, "local[1]") as here:
        ours, plain = bench.pairs(here, request_for(archive, Content.LIGHTCURVE))
    speeds, of_plain = steadies(ours), steadies(plain)
    return [
        Figure(
            "steady",
            "Lightcurve, no condition, one core",
            Unit.ALERTS_PER_S,
            tuple(speed.alerts_per_s for speed in speeds),
            at_least(ALERTS_PER_S),
            PLAIN,
            tuple(speed.alerts_per_s for speed in of_plain),
            f"after the first {head_of(ours[0].alerts):,} of {ours[0].alerts:,} alerts",
        ),
        Figure(
            "steady",
            "processors that the broker uses meanwhile",
            Unit.CORES,
            tuple(speed.broker_cores for speed in speeds),
            peer=PLAIN,
            peer_values=tuple(speed.broker_cores for speed in of_plain),
        ),
    ]
