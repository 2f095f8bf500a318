"""``python -m backend``: transfers from the command line, a thin layer over the façade.

The exit codes are those of `backend.command_ending`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from backend import fetch_command, read_command
from backend.command_ending import FAILED, OK, ending_of, print_result
from backend.job_following import wait_for_end
from backend.job_progress import RunningJob
from backend.models import Phase, Transfer
from backend.report import print_estimate, print_transfer, print_transfers, print_verification
from backend.request_file import read_request
from backend.settings_reading import read_settings
from backend.topic_to_read import TopicToRead
from backend.transfers import Transfers

POLL_S = 0.5
Run = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str]) -> int:
    """Run one command, and give its exit code."""
    options = _parser().parse_args(arguments)
    return ending_of(lambda: int(options.run(options)), as_json=options.json)


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print one JSON value, and nothing else there")
    parser = argparse.ArgumentParser(prog="python -m backend", description="Transfers of alerts.", allow_abbrev=False)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def added(name: str, run: Run, text: str) -> argparse.ArgumentParser:
        parser = commands.add_parser(name, parents=[common], help=text, description=text, allow_abbrev=False)
        parser.set_defaults(run=run)
        return parser

    def command(name: str, run: Callable[[Transfers, argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        return added(name, lambda options: run(_connected(), options), text)

    submit = command("submit", _submit, "submit the request in a YAML file")
    submit.add_argument("request", type=Path, metavar="REQUEST.yml")
    submit.add_argument("--test", action="store_true", help="a test job: ten alerts at most")
    submit.add_argument("--wait", action="store_true", help="until the job has ended")
    command("estimate", _estimate, "estimate what a request would bring").add_argument(
        "request", type=Path, metavar="REQUEST.yml"
    )
    counting = command("statistics", _statistics, "count the archive's new nights, for the estimates; waits for it")
    counting.add_argument("--refresh", action="store_true", help="count all nights again")
    listing = command("list", _list, "list the last transfers")
    listing.add_argument("--mine", action="store_true", help="only what this user submitted")
    for name, run, text in (
        ("show", _show, "show one transfer, with its receipt"),
        ("log", _log, "print the log of a transfer's job"),
        ("cancel", _cancel, "end a transfer's job; what was published stays readable"),
    ):
        command(name, run, text).add_argument("transfer", metavar="ID", help="a transfer's id or topic")
    verify = command(
        "verify", _verify, "compare archive, receipt, topic and stores of a transfer; read anew, all of it"
    )
    verify.add_argument("transfer", metavar="ID", help="a transfer's id or topic")
    verify.add_argument("--reader", help="name of the one store to look at (default: all that are there)")
    verify.add_argument("--within", type=float, default=60.0, metavar="MINUTES", help="default: %(default)g")
    read_command.add_arguments(
        command("read", read_command.run_read, "read a topic into a store; goes on where it was")
    )
    fetch_command.add_arguments(
        added("fetch", _fetch, "read a topic into a folder of files; an interrupted fetch is resumed"),
        needs_servers=False,
    )
    return parser


def _connected() -> Transfers:
    return Transfers.connect(read_settings())


def _submit(transfers: Transfers, options: argparse.Namespace) -> int:
    transfer = transfers.submit(read_request(options.request), is_test=options.test)
    if options.wait:
        print(f"Submitted {transfer.id}, topic {transfer.topic}.", file=sys.stderr)
        transfer = wait_for_end(transfers, transfer)
    _print(options, _as_json(transfers, transfer), lambda: print_transfer(transfer, transfers.place_in_queue(transfer)))
    return OK if transfer.phase not in (Phase.ERROR, Phase.ABORTED) else FAILED


def _estimate(transfers: Transfers, options: argparse.Namespace) -> int:
    request = read_request(options.request)
    found = transfers.archive.estimate(request)
    times = transfers.expected_times(request, found.alerts)
    result = {**found.model_dump(mode="json"), "expected": {size: time._asdict() for size, time in times.items()}}
    _print(options, result, lambda: print_estimate(found, times))
    return OK


def _statistics(transfers: Transfers, options: argparse.Namespace) -> int:
    transfers.archive.start_statistics(everything=options.refresh)
    while (phase := transfers.archive.statistics_phase()) in (Phase.QUEUED, Phase.EXECUTING):
        time.sleep(POLL_S)
    state, known = transfers.archive.statistics_state(), transfers.archive.nights()
    _print(options, {"nights": len(known.nights), "message": state}, lambda: print(state))
    return OK if phase is Phase.COMPLETED else FAILED


def _list(transfers: Transfers, options: argparse.Namespace) -> int:
    found = transfers.recent(transfers.user if options.mine else None)
    running = {transfer.id: transfers.progress_of(transfer) for transfer in found}
    _print(options, [_as_json(transfers, transfer) for transfer in found], lambda: print_transfers(found, running))
    return OK


def _show(transfers: Transfers, options: argparse.Namespace) -> int:
    transfer = transfers.get(options.transfer)
    place, running = transfers.place_in_queue(transfer), transfers.progress_of(transfer)
    _print(options, _as_json(transfers, transfer), lambda: print_transfer(transfer, place, running))
    return OK


def _log(transfers: Transfers, options: argparse.Namespace) -> int:
    lines = transfers.log_lines(options.transfer)
    _print(options, list(lines), lambda: print("\n".join(lines)))
    return OK


def _cancel(transfers: Transfers, options: argparse.Namespace) -> int:
    transfer = transfers.cancel(options.transfer)
    _print(options, _as_json(transfers, transfer), lambda: print_transfer(transfer, None))
    return OK


def _fetch(options: argparse.Namespace) -> int:
    def ordered_here(options: argparse.Namespace) -> TopicToRead:
        return _connected().topic_to_read(options.transfer, 60 * options.wait)

    return fetch_command.run_fetch(options, fetch_command.source_of if options.servers else ordered_here)


def _verify(transfers: Transfers, options: argparse.Namespace) -> int:
    found = transfers.verify(options.transfer, options.reader, within_s=60 * options.within, say=_note)
    result = {**found.model_dump(mode="json"), "agrees": found.agrees}
    _print(options, result, lambda: print_verification(found))
    return OK if found.agrees else FAILED


def _note(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _as_json(transfers: Transfers, transfer: Transfer) -> dict[str, Any]:
    """What programs are told of a transfer; the plan is the job's business."""
    receipt, running = transfer.receipt, transfers.progress_of(transfer)
    return {
        **transfer.model_dump(mode="json", exclude={"plan"}),
        "place_in_queue": transfers.place_in_queue(transfer),
        "published": receipt.published if receipt else None,
        "gaps": receipt.gaps if receipt else None,
        "progress": _progress_as_json(running) if running else None,
    }


def _progress_as_json(running: RunningJob) -> dict[str, Any]:
    more = {"rate_per_s": running.rate_per_s, "remaining_s": running.remaining_s}
    return {**running.last.model_dump(mode="json"), **more}


def _print(options: argparse.Namespace, result: Any, print_for_people: Callable[[], None]) -> None:
    print_result(result, print_for_people, as_json=options.json)
