"""Measure the speeds that we promise, each beside a peer in the same run, on real servers and simulated nights."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from backend.errors import QuicklookError
from backend.settings_reading import read_settings
from benchmarks.bench import Bench
from benchmarks.figures import Figure
from benchmarks.kept_figures import keep, kept
from benchmarks.report import print_context, print_figures, write_page
from simulator.archive import InvalidSimulation
from stack.exclusive import exclusively

SECTIONS = {
    "main": "main_job",
    "steady": "steady",
    "medium": "medium",
    "full": "full",
    "selective": "selective",
    "reading": "reading",
    "fetch": "fetching",
    "estimate": "estimate",
    "explore": "exploring",
    "executors": "executors",
    "linear": "linear",
}
"""Name -> its module. The one that needs most room on the disk comes last."""


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 0 when every promise that was measured is kept."""
    options = _parse(arguments)
    if options.list:
        for name in SECTIONS:
            print(f"{name:10} {_section(name).__doc__}")
        return 0
    folder = read_settings().data_dir / "bench"
    bench = Bench(
        folder,
        _say,
        options.alerts,
        options.full_alerts,
        options.linear_nights,
        options.runs,
        options.runs if options.peer_runs is None else options.peer_runs,
    )
    figures: list[Figure] = []
    try:
        with exclusively(folder, lambda: _say("another benchmark runs; waiting for it")):
            for name in options.only:
                _say(f"{name}: {_section(name).__doc__}")
                measured = _section(name).measure(bench)
                keep(folder / "figures", name, measured, bench.runs, bench.peer_runs)
                figures += measured
                print_figures(figures)
    except (QuicklookError, InvalidSimulation) as error:
        print(error, file=sys.stderr)
        return 2
    print_context()
    if options.write:
        write_page(options.write, kept(folder / "figures", tuple(SECTIONS)))
    return 0 if all(figure.is_met is not False for figure in figures) else 1


def _section(name: str) -> ModuleType:
    """A module with the function ``measure``."""
    return import_module(f"benchmarks.sections.{SECTIONS[name]}")


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--list", action="store_true", help="the sections, and nothing else")
    parser.add_argument(
        "--only", type=_names, default=tuple(SECTIONS), metavar="NAMES", help="sections, with commas (default: all)"
    )
    parser.add_argument("--alerts", type=_positive, default=250_000, help="of a night (default: %(default)s)")
    parser.add_argument(
        "--full-alerts", type=_positive, default=100_000, help="of the night of full packets (default: %(default)s)"
    )
    parser.add_argument(
        "--linear-nights",
        type=_numbers,
        default=(4, 8, 16),
        metavar="N,N,…",
        help="nights whose times are compared (default: 4,8,16)",
    )
    parser.add_argument("--runs", type=_positive, default=5, help="medians of so many are shown (default: %(default)s)")
    parser.add_argument("--peer-runs", type=int, help="of the plain Spark job; 0 to leave it out (default: as --runs)")
    parser.add_argument(
        "--write",
        type=Path,
        metavar="PAGE",
        help="write table and chart into docs/benchmarks.md: of each section what was measured last",
    )
    return parser.parse_args(arguments)


def _names(text: str) -> tuple[str, ...]:
    wanted = set(text.split(","))
    if unknown := wanted - SECTIONS.keys():
        raise argparse.ArgumentTypeError(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    return tuple(name for name in SECTIONS if name in wanted)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(sorted(_positive(number) for number in text.split(",")))


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def _say(what: str) -> None:
    print(what, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
