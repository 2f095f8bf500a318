"""Run the main job once, and fail unless what was published, read, distinct and on disk is the same."""

from __future__ import annotations

import argparse
import sys
from datetime import date

from pydantic import ValidationError

from backend.errors import InvalidRequest, QuicklookError
from backend.models import Content, TransferRequest
from backend.nights import NightRange
from backend.transfers import Transfers
from demo.light_curve_picture import save_light_curve
from demo.main_job import Outcome, print_outcome, run_main_job
from simulator.archive import InvalidSimulation
from simulator.small_sky import NIGHTS, provide_small_sky
from simulator.truth import catalogue_file
from stack.services import provided_services


def main() -> int:
    """Run the demo; 0 when all four numbers agree."""
    options = _parse(sys.argv[1:])
    try:
        nights = parse_nights(options.nights) if options.nights else NightRange(start=NIGHTS[0], stop=NIGHTS[1])
        request = TransferRequest(nights=nights, content=options.content)
        outcome = _run(request)
    except (QuicklookError, InvalidSimulation) as error:
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


def _run(request: TransferRequest) -> Outcome:
    """On the servers that are there, else on a stack that ends with the demo."""
    with provided_services(_say) as (settings, _):
        if not settings.archive_uri:
            _say("archive: simulating (set ARCHIVE_URI for another)")
            archive = provide_small_sky(settings.data_dir, lambda progress: None, request.every_night())
            catalogue = settings.tns_catalogue_uri or str(catalogue_file(archive).absolute())
            settings = settings.model_copy(update={"archive_uri": str(archive), "tns_catalogue_uri": catalogue})
        outcome = run_main_job(Transfers.connect(settings), request, settings.data_dir / "demo", _say)
        picture = save_light_curve(outcome.out_dir, outcome.out_dir.with_suffix(".png"))
        _say(f"one light curve: {picture}" if picture else "no alert, and so no light curve")
        return outcome


def _say(step: str) -> None:
    print(step, flush=True)


if __name__ == "__main__":
    sys.exit(main())
