"""What every section of the benchmark works with: sizes, runs, where archives lie, and the way to alternate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.config import Settings
from backend.errors import TransferFailed
from backend.models import Content, TransferRequest
from benchmarks.archives import Archive, provide_archive
from benchmarks.figures import Steady, steady
from benchmarks.installation import Installation, JobRun, quiet
from stack.cluster import ClusterStack
from stack.server_stack import ServerStack

STEADY_AFTER = 20_000
WORKER_MEMORY = "2g"
PLAIN = "plain Spark job"


@dataclass(frozen=True)
class Bench:
    """One benchmark.

    Attributes
    ----------
    folder
        Where archives are kept and installations work.
    say
        Is told what happens.
    alerts
        Of a night.
    full_alerts
        Of the night whose full packets are sent.
    linear_nights
        Numbers of nights whose times are compared; the last is the largest.
    runs, peer_runs
        How often each is measured.
    """

    folder: Path
    say: Callable[[str], None]
    alerts: int
    full_alerts: int
    linear_nights: tuple[int, ...]
    runs: int
    peer_runs: int

    def installation(self, archive: Archive, spark_master: str) -> Installation:
        """Servers and a façade that work on the archive."""
        return Installation(self.folder / "installation", archive, spark_master, self.say)

    def cluster(self, archive: Archive, workers: int) -> Installation:
        """A Spark cluster of so many workers with a core each, that works on the archive."""

        def make(settings: Settings) -> ServerStack:
            return ClusterStack(
                settings,
                quiet,
                any_ports=True,
                data_nodes=1,
                brokers=1,
                workers=workers,
                worker_cores=1,
                worker_memory=WORKER_MEMORY,
            )

        return Installation(self.folder / "installation", archive, "local[1]", self.say, make)

    def night(self) -> Archive:
        """The night of light contents; its files are as large as real ones, with images."""
        return provide_archive(self.folder, self.alerts, self.say)

    def full_night(self) -> Archive:
        """The night of full packets."""
        return provide_archive(self.folder, self.full_alerts, self.say)

    def pairs(
        self, here: Installation, request: TransferRequest, between: Callable[[], object] = lambda: None
    ) -> tuple[list[JobRun], list[JobRun]]:
        """Our job and the plain one in turns.

        Parameters
        ----------
        between
            Called after each run of ours.

        Raises
        ------
        TransferFailed
            The two have published different numbers of alerts.
        """
        ours: list[JobRun] = []
        plain: list[JobRun] = []
        for number in range(max(self.runs, self.peer_runs)):
            if number < self.runs:
                ours.append(here.run(request))
                between()
            if number < self.peer_runs:
                plain.append(here.run_plain(request))
        if len(numbers := {run.alerts for run in (*ours, *plain)}) > 1:
            raise TransferFailed(f"Not all runs have published the same: {sorted(numbers)} alerts.")
        return ours, plain


def request_for(
    archive: Archive, content: Content, conditions: str = "", classes: Sequence[str] = ()
) -> TransferRequest:
    """All nights of the archive."""
    return TransferRequest(nights=archive.nights, content=content, conditions=conditions, classes=tuple(classes))


def steadies(runs: Sequence[JobRun]) -> list[Steady]:
    """The even part of each run."""
    return [steady(run.watched.samples, head_of(run.alerts)) for run in runs]


def head_of(alerts: int) -> int:
    """How many alerts pass before a job is called steady: 20,000, or a quarter of fewer than 80,000."""
    return min(STEADY_AFTER, alerts // 4)
