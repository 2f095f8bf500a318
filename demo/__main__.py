"""Run the main job once, and fail unless what was published, read, distinct and on disk is the same."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from backend.config import Settings
from backend.errors import InvalidRequest, QuicklookError
from backend.models import Content, NightRange, TransferRequest
from backend.transfers import Transfers
from demo.light_curve_picture import save_light_curve
from demo.main_job import Outcome, print_outcome, run_main_job
from simulator.archive import simulate_archive
from stack.embedded import EmbeddedStack

FIRST_NIGHT, LAST_NIGHT = date(2024, 9, 1), date(2024, 9, 2)
ALERTS_PER_NIGHT = 2_000


def main() -> int:
    """Run the demo; 0 when all four numbers agree."""
    options = _parse(sys.argv[1:])
    try:
        nights = parse_nights(options.nights) if options.nights else NightRange(start=FIRST_NIGHT, stop=LAST_NIGHT)
        request = TransferRequest(nights=nights, content=options.content)
        outcome = _run(Settings(), request)
    except QuicklookError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    print_outcome(outcome)
    return 0 if outcome.agrees else 1


def parse_nights(text: str) -> NightRange:
    """``2024-09-01`` or ``2024-09-01:2024-09-05``.

    Raises
    ------
    InvalidRequest
        It is neither.
    """
    start, _, stop = text.partition(":")
    try:
        return NightRange(start=date.fromisoformat(start), stop=date.fromisoformat(stop or start))
    except (ValueError, ValidationError) as error:
        raise InvalidRequest(f"NIGHTS={text} is not a night or START:STOP.", "Write 2024-09-01:2024-09-05.") from error


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--nights", metavar="START[:STOP]")
    parser.add_argument("--content", choices=list(Content), default=Content.LIGHTCURVE)
    return parser.parse_args(arguments)


def _run(settings: Settings, request: TransferRequest) -> Outcome:
    """On the servers that the settings name or that `make stack` runs, else on a stack that ends with the demo."""
    with ExitStack() as closing:
        if not (settings.livy_url and settings.kafka_bootstrap_servers):
            settings = closing.enter_context(EmbeddedStack(settings, _say)).settings
        if not settings.archive_uri:
            settings = settings.model_copy(update={"archive_uri": str(_simulated(settings.data_dir, request.nights))})
        outcome = run_main_job(Transfers.connect(settings), request, settings.data_dir / "demo", _say)
        picture = save_light_curve(outcome.out_dir, outcome.out_dir.with_suffix(".png"))
        _say(f"one light curve: {picture}" if picture else "no alert, and so no light curve")
        return outcome


def _simulated(data_dir: Path, nights: NightRange) -> Path:
    """The simulated archive of the demo; nights that are there already are kept."""
    archive = data_dir / "archive" / "demo"
    _say(f"archive: simulating {len(nights.nights())} nights in {archive} (set ARCHIVE_URI for another)")
    simulate_archive(archive, nights.nights(), ALERTS_PER_NIGHT)
    return archive


def _say(step: str) -> None:
    print(step, flush=True)


if __name__ == "__main__":
    sys.exit(main())
