"""Measure the main job (a night, a magnitude condition, Lightcurve, one core, Livy), reading it, and estimates."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
from datetime import date

from rich.console import Console
from rich.table import Table

from backend.config import Settings
from backend.models import TransferRequest
from backend.nights import NightRange
from backend.transfers import Transfers
from benchmarks.estimate_speed import CLASSES, NIGHTS, ROWS, EstimateTimes, time_estimates
from benchmarks.reading_speed import ReadingTimes, time_reading
from benchmarks.transfer_speed import TransferTimes, time_transfer
from simulator.archive import simulate_archive
from stack.embedded import EmbeddedStack

NIGHT = date(2024, 9, 1)
MASTER = "local[1]"


def main() -> int:
    """Run the benchmark and print its tables."""
    options = _parse(sys.argv[1:])
    data_dir = Settings().data_dir / "bench"
    estimates = time_estimates(data_dir, options.runs)
    archive = data_dir / f"archive-{options.alerts}"
    print(f"archive: {options.alerts:,} alerts of {NIGHT} in {archive}", flush=True)
    simulate_archive(archive, (NIGHT,), options.alerts, processes=os.cpu_count() or 1)
    settings = Settings(data_dir=data_dir, archive_uri=str(archive), spark_master=MASTER)
    request = TransferRequest(nights=NightRange(start=NIGHT, stop=NIGHT), conditions=options.condition)
    transfers_times, reading_times = [], []
    with EmbeddedStack(settings, print, kafka_port=0, livy_port=0) as stack:
        facade = Transfers.connect(stack.settings)
        for _ in range(options.runs):
            times = time_transfer(facade, stack.kafka_bootstrap_servers, request)
            print(
                f"{times.published:,} published: first {times.first_alert_s:.1f} s, all {times.total_s:.1f} s",
                flush=True,
            )
            transfers_times.append(times)
            reading_times.append(time_reading(stack.kafka_bootstrap_servers, times.topic, data_dir))
    _print(options, transfers_times, reading_times)
    _print_estimates(estimates)
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--alerts", type=int, default=250_000, help="alerts of the night (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="how often; medians are shown (default: %(default)s)")
    parser.add_argument("--condition", default="candidate.magpsf > 19;", help="default: %(default)s")
    return parser.parse_args(arguments)


def _print(options: argparse.Namespace, jobs: list[TransferTimes], reads: list[ReadingTimes]) -> None:
    console = Console(highlight=False)
    console.print(
        f"\n{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; {MASTER}, medians"
    )
    table = Table("what", "ours", "beside it", "ratio")
    table.add_row("submit to first alert", _seconds([job.first_alert_s for job in jobs]), "", "")
    table.add_row(f"submit to last of {jobs[0].published:,} alerts", _seconds([job.total_s for job in jobs]), "", "")
    ours, peer = (statistics.median(getattr(read, name) for read in reads) for name in ("store_per_s", "peer_per_s"))
    table.add_row(
        "topic to DuckDB; fastavro, decoding only", f"{ours:,.0f}/s", f"{peer:,.0f}/s", f"{ours / peer:.1f} ×"
    )
    console.print(table)


def _print_estimates(times: EstimateTimes) -> None:
    console = Console(highlight=False)
    table = Table(f"estimate over {NIGHTS:,} nights × {CLASSES} classes, {ROWS:,} rows of sample", "ours", "promised")
    table.add_row("no condition", f"{1000 * times.without_s:.0f} ms", "≤ 100 ms")
    table.add_row("five conditions", f"{1000 * times.five_s:.0f} ms", "≤ 500 ms")
    table.add_row(
        "the first one: reading the counts; opening the sample's files",
        f"{times.open_s:.1f} s; {times.first_s:.1f} s",
        "",
    )
    table.add_row("memory that the process has grown by", f"{times.memory_bytes / 1e6:.0f} MB", "")
    console.print(table)


def _seconds(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} s"


if __name__ == "__main__":
    sys.exit(main())
