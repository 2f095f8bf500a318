"""Command line: ``python -m simulator --nights 2024-09-01:2024-09-05 --alerts-per-night 4000 --out ARCHIVE``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from simulator.archive import DEFAULT_SEED, STAMP_CHOICES, InvalidSimulation, Progress, simulate_archive
from simulator.truth import update_truth


def parse_nights(text: str) -> tuple[date, ...]:
    """Nights of ``START:STOP``, both included, or of one date.

    Raises
    ------
    InvalidSimulation
        A date is not one, or the last night lies before the first.
    """
    start_text, _, stop_text = text.partition(":")
    try:
        start, stop = date.fromisoformat(start_text), date.fromisoformat(stop_text or start_text)
    except ValueError as error:
        raise InvalidSimulation(
            f"Cannot read the nights {text!r}: {error}. Write them as 2024-09-01:2024-09-05."
        ) from error
    if stop < start:
        raise InvalidSimulation(f"The last night ({stop}) lies before the first ({start}). Swap them.")
    return tuple(start + timedelta(days=day) for day in range((stop - start).days + 1))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description="Make a simulated alert archive.")
    parser.add_argument("--nights", required=True, metavar="START:STOP", help="observing nights, both included")
    parser.add_argument("--alerts-per-night", required=True, type=int, metavar="N")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="root of the archive")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="same seed, same bytes (default %(default)s)")
    parser.add_argument(
        "--stamps",
        choices=STAMP_CHOICES,
        default="pool",
        help="cutouts drawn from a pool of some hundred, each alert its own, or none (default %(default)s)",
    )
    parser.add_argument("--processes", type=int, metavar="P", help="worker processes (default: all processors)")
    parser.add_argument("--overwrite", action="store_true", help="replace nights that other arguments have made")
    parser.add_argument(
        "--vary", type=float, default=0.0, metavar="SHARE", help="let the nights differ in size by up to this share"
    )
    return parser


class _ProgressLine:
    """Writes how far it is and how fast, on one line that is written again on a terminal."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        """Show the state after a file."""
        rate = progress.alerts_done / max(time.monotonic() - self._began, 1e-6)
        line = (
            f"{progress.nights_done}/{progress.nights} nights, {progress.alerts_done:,}/{progress.alerts:,} alerts, "
            f"{progress.bytes_done / 1e6:,.0f} MB, {rate:,.0f} alerts/s"
        )
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{line}\x1b[K")
            if progress.alerts_done == progress.alerts:
                sys.stderr.write("\n")
        else:
            sys.stderr.write(line + "\n")
        sys.stderr.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Make an archive as the command line says; 0 when it is there, 2 when the arguments are wrong."""
    options = _parser().parse_args(arguments)
    try:
        nights = parse_nights(options.nights)
        if options.processes is not None and options.processes < 1:
            raise InvalidSimulation(f"The number of processes must be at least 1, not {options.processes}.")
        made = simulate_archive(
            options.out,
            nights,
            options.alerts_per_night,
            options.seed,
            stamps=options.stamps,
            processes=options.processes or os.cpu_count() or 1,
            overwrite=options.overwrite,
            variation=options.vary,
            report=_ProgressLine(),
        )
        truth = update_truth(options.out)
    except InvalidSimulation as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"Cannot write the archive {options.out}: {error}. Complete nights are kept.\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. Complete nights are kept; the same command makes the rest.\n")
        return 130
    kept = len(nights) - made.nights
    sys.stderr.write(
        f"{options.out}: {made.nights_done} nights made, {made.alerts_done:,} alerts, {made.bytes_done / 1e6:,.0f} MB"
        + (f"; {kept} nights were already there.\n" if kept else ".\n")
        + f"{truth.folder}: {truth.objects:,} objects, {truth.reported:,} of them in the TNS catalogue.\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
