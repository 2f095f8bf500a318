"""Full packets, each with images of its own, on two cores: alerts and bytes a second."""

from __future__ import annotations

from backend.models import Content
from benchmarks.bench import PLAIN, Bench, head_of, request_for, steadies
from benchmarks.figures import Figure, Unit, at_least
from benchmarks.installation import JobRun

ALERTS_PER_S, MB_PER_S = 1_200.0, 55.0


def measure(bench: Bench) -> list[Figure]:
    """After the first 20,000 alerts."""
    archive = bench.full_night()
    with bench.installation(archive, "local[2]") as here:
        ours, plain = bench.pairs(here, request_for(archive, Content.FULL))
    alerts, size = ours[0].alerts, ours[0].alert_bytes
    note = f"after the first {head_of(alerts):,} of {alerts:,} alerts of {size:,.0f} B, images all different"
    rates, of_plain = _rates(ours), _rates(plain)
    return [
        Figure(
            "full",
            "Full packet, two cores",
            Unit.ALERTS_PER_S,
            tuple(alerts for alerts, _ in rates),
            at_least(ALERTS_PER_S),
            PLAIN,
            tuple(alerts for alerts, _ in of_plain),
            note,
        ),
        Figure(
            "full",
            "… in bytes",
            Unit.MB_PER_S,
            tuple(megabytes for _, megabytes in rates),
            at_least(MB_PER_S),
            PLAIN,
            tuple(megabytes for _, megabytes in of_plain),
            "of encoded alerts, before compression",
        ),
    ]


def _rates(runs: list[JobRun]) -> list[tuple[float, float]]:
    """Alerts, and MB, per second."""
    speeds = [speed.alerts_per_s for speed in steadies(runs)]
    return [(speed, speed * run.alert_bytes / 1e6) for speed, run in zip(speeds, runs, strict=True)]
