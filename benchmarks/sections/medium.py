"""Medium, one core: alerts a second, beside what the same job does when it throws away what it has encoded."""

from __future__ import annotations

from backend.models import Content
from benchmarks.bench import PLAIN, Bench, head_of, request_for, steadies
from benchmarks.figures import Figure, Unit, at_least

ALERTS_PER_S = 3_500.0


def measure(bench: Bench) -> list[Figure]:
    """Our job, the plain one, and the ceiling without Kafka."""
    archive = bench.night()
    request = request_for(archive, Content.MEDIUM)
    with bench.installation(archive, "local[1]") as here:
        ours, plain = bench.pairs(here, request)
        ceilings = tuple(here.run_without_kafka(request) for _ in range(bench.runs))
    speeds = tuple(speed.alerts_per_s for speed in steadies(ours))
    note = f"after the first {head_of(ours[0].alerts):,} of {ours[0].alerts:,} alerts of {ours[0].alert_bytes:,.0f} B"
    of_plain = tuple(speed.alerts_per_s for speed in steadies(plain))
    return [
        Figure("medium", "Medium, one core", Unit.ALERTS_PER_S, speeds, at_least(ALERTS_PER_S), PLAIN, of_plain, note),
        Figure(
            "medium",
            "the ceiling: our job without Kafka",
            Unit.ALERTS_PER_S,
            ceilings,
            note="into Spark's noop, from the beginning to the end of that step",
        ),
    ]
