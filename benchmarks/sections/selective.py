"""1-2 % of 100,000 alerts as Full packet, beside the same as Lightcurve, one core."""

from __future__ import annotations

from collections.abc import Sequence

from backend.models import Content
from benchmarks.bench import PLAIN, Bench, request_for
from benchmarks.figures import Figure, Unit, at_most
from benchmarks.installation import JobRun

CLASSES = ("(Fink) SN candidate", "(Fink) Early SN Ia candidate", "(SIMBAD) CataclyV*")
"""The simulated sky has supernova candidates below 1 %; with cataclysmic variables, 1-2 % pass."""
CONDITION = "candidate.magpsf < 20;"
RATIO = 1.5
FULL_PER_S = 600.0
"""What one core is allowed for the output itself: half of what is promised for two."""
MATTER = f"supernova candidates and cataclysmic variables, {CONDITION}"


def measure(bench: Bench) -> list[Figure]:
    """The two contents in turns, and the plain job with full packets."""
    archive = bench.full_night()
    light, full = (request_for(archive, content, CONDITION, CLASSES) for content in (Content.LIGHTCURVE, Content.FULL))
    as_light: list[JobRun] = []
    with bench.installation(archive, "local[1]") as here:
        ours, plain = bench.pairs(here, full, lambda: as_light.append(here.run(light)))
    shown = f"{ours[0].alerts:,} of {bench.full_alerts:,} alerts pass ({ours[0].alerts / bench.full_alerts:.1%})"
    return [
        Figure(
            "selective",
            f"Full packet, {MATTER} one core",
            Unit.SECONDS,
            _ended_s(ours),
            peer=PLAIN,
            peer_values=tuple(run.watched.last_alert_s for run in plain),
            note=f"{shown}; from the submission on, ours until the receipt",
        ),
        Figure("selective", "the same as Lightcurve", Unit.SECONDS, _ended_s(as_light)),
        Figure(
            "selective",
            "Full packet ÷ Lightcurve",
            Unit.RATIO,
            _ratios(_ended_s(ours), _ended_s(as_light), ours),
            at_most(RATIO),
            note=f"the output itself is allowed for with {FULL_PER_S:,.0f} alerts/s",
        ),
        Figure(
            "selective",
            "… without the start of the driver",
            Unit.RATIO,
            _ratios(_working_s(ours), _working_s(as_light), ours),
            note="from the receipts: planning, looking, publishing, counting",
        ),
    ]


def _ended_s(runs: Sequence[JobRun]) -> tuple[float, ...]:
    return tuple(run.watched.ended_s for run in runs)


def _working_s(runs: Sequence[JobRun]) -> tuple[float, ...]:
    return tuple(sum(lap_s for name, lap_s in run.timings_s.items() if name != "start") for run in runs)


def _ratios(full_s: Sequence[float], light_s: Sequence[float], runs: Sequence[JobRun]) -> tuple[float, ...]:
    return tuple(
        (full - run.alerts / FULL_PER_S) / light for full, light, run in zip(full_s, light_s, runs, strict=True)
    )
