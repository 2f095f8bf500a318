"""Two executors beside one, each with a core, on a Spark cluster of two workers: what a second one brings."""

from __future__ import annotations

from backend.job_size import JobResources
from backend.models import Content
from benchmarks.archives import provide_archive
from benchmarks.bench import Bench, request_for
from benchmarks.figures import Figure, Unit, at_least

RATIO = 1.6
WORKERS = 2
MEMORY = "1g"
NIGHTS = 4
"""So many that an executor's first seconds count little: its JVM's compilers use the core that one alone leaves."""


def measure(bench: Bench) -> list[Figure]:
    """Without Kafka, whose broker would need the machine's other core; the driver has nothing to do meanwhile."""
    archive = provide_archive(bench.folder, bench.alerts, bench.say, nights=NIGHTS, stamps="none")
    request = request_for(archive, Content.MEDIUM)
    speeds: dict[int, list[float]] = {1: [], WORKERS: []}
    with bench.cluster(archive, WORKERS) as here:
        for _ in range(bench.runs):
            for executors, of_runs in speeds.items():
                resources = JobResources(executors=executors, executor_cores=1, executor_memory=MEMORY)
                of_runs.append(here.run_without_kafka(request, resources))
    ratios = tuple(two / one for one, two in zip(speeds[1], speeds[WORKERS], strict=True))
    note = "the step that reads, classifies and encodes, into Spark's noop; two workers, and a driver, on two cores"
    return [
        Figure("executors", "Medium, one executor", Unit.ALERTS_PER_S, tuple(speeds[1])),
        Figure("executors", "Medium, two executors", Unit.ALERTS_PER_S, tuple(speeds[WORKERS])),
        Figure("executors", "two ÷ one", Unit.RATIO, ratios, at_least(RATIO), note=note),
    ]
