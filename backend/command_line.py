"""``python -m backend``: transfers from the command line, a thin layer over the façade.

Exit codes: 0 done; 1 the transfer failed, was aborted, what was read is partial, or what was verified differs; 2 the
request, the arguments or the settings are not valid; 3 a service does not answer; 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from backend.errors import (
    InvalidRequest,
    InvalidSettings,
    QuicklookError,
    ServiceUnavailable,
    StoreInUse,
    TransferFailed,
)
from backend.job_following import wait_for_end
from backend.job_progress import RunningJob
from backend.models import Phase, Transfer
from backend.report import follow, print_estimate, print_fetch, print_transfer, print_transfers, print_verification
from backend.request_file import read_request
from backend.settings_reading import read_settings
from backend.transfers import Transfers

POLL_S = 0.5
OK, FAILED, INVALID, UNAVAILABLE, INTERRUPTED = 0, 1, 2, 3, 130


def main(arguments: Sequence[str]) -> int:
    """Run one command; everything but its result goes to standard error.

    Returns
    -------
    int
        The exit code.
    """
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        code = int(options.run(Transfers.connect(read_settings()), options))
        sys.stdout.flush()
        return code
    except (InvalidRequest, InvalidSettings, StoreInUse) as error:
        return _fail(error, INVALID, options)
    except ServiceUnavailable as error:
        return _fail(error, UNAVAILABLE, options)
    except QuicklookError as error:
        return _fail(error, FAILED, options)
    except BrokenPipeError:  # who reads the output has seen enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would fail again at its end
        return OK
    except KeyboardInterrupt:
        print("Interrupted; the same command goes on from here.", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print one JSON value, and nothing else there")
    parser = argparse.ArgumentParser(prog="python -m backend", description="Transfers of alerts.", allow_abbrev=False)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[Transfers, argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, parents=[common], help=text, description=text, allow_abbrev=False)
        added.set_defaults(run=run)
        return added

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
    fetch = command("fetch", _fetch, "read a topic and write it as Parquet; an interrupted fetch is resumed")
    fetch.add_argument("transfer", metavar="ID|TOPIC")
    fetch.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the Parquet files")
    fetch.add_argument("--partition-by", choices=("time", "finkclass", "tnsclass"), help="one folder per value")
    fetch.add_argument("--reader", default="fetch", help="name of the store to read into (default: %(default)s)")
    return parser


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


def _fetch(transfers: Transfers, options: argparse.Namespace) -> int:
    with transfers.open_reader(options.transfer, options.reader) as reader:
        reader.start()
        progress = follow(reader)
        if reader.store.schema is None:
            raise TransferFailed(f"There is nothing to write: {progress.message}")
        summary = reader.export(options.out, options.partition_by, transfers.request_of(options.transfer))
    result = {
        "topic": reader.topic,
        "rows": summary.rows,
        "distinct": progress.distinct,
        "read": progress.read,
        "published": progress.published,
        "corrupt": progress.corrupt,
        "complete": progress.complete,
        "message": progress.message,
        "out": str(options.out),
        "files": summary.files,
        "bytes": summary.bytes,
    }
    _print(options, result, lambda: print_fetch(result))
    return OK if progress.complete else FAILED


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
    if options.json:
        json.dump(result, sys.stdout, indent=2, ensure_ascii=False)
        print()
    else:
        print_for_people()


def _fail(error: QuicklookError, code: int, options: argparse.Namespace) -> int:
    print(error, file=sys.stderr)
    for line in getattr(error, "log_tail", ()):
        print(f"  {line}", file=sys.stderr)
    if options.json:
        json.dump({"error": error.message, "hint": error.hint}, sys.stdout)
        print()
    return code
