"""``quicklook-fetch``, and ``fetch`` of ``python -m backend``: a topic into a folder of files.

By itself it needs a topic's name and Kafka's addresses, and nothing of an installation.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

from rich.console import Console

from backend.alert_formats import AlertFormat
from backend.command_arguments import positive
from backend.command_ending import FAILED, OK, ending_of, print_result
from backend.fetch import LONGEST_OUTAGE_S, Wanted, already_fetched, fetch
from backend.fetch_state import FetchState
from backend.hive_partitions import PartitionBy
from backend.kafka_login import access_to
from backend.size_limits import size_text
from backend.topic_to_read import TopicToRead, topic_elsewhere

_SHOWN_DAMAGE = 5
_EXIT_CODES = (
    "Exit codes: 0 all alerts are there; 1 some are not (the job failed, messages are damaged, the limit is reached, "
    "the disk is full); 2 the arguments are not valid; 3 Kafka does not answer; 130 interrupted. After 1, 3 and 130 "
    "the same command goes on from there."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """``quicklook-fetch``; give its exit code."""
    parser = argparse.ArgumentParser(
        prog="quicklook-fetch",
        description="Read a topic of alerts from Kafka into a folder of files. An interrupted fetch is resumed.",
        epilog=_EXIT_CODES,
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON value, and nothing else there")
    add_arguments(parser, needs_servers=True)
    options = parser.parse_args(arguments)
    return ending_of(lambda: run_fetch(options, source_of), as_json=options.json)


def add_arguments(parser: argparse.ArgumentParser, *, needs_servers: bool) -> None:
    """What both commands take."""
    parser.add_argument("transfer", metavar="TOPIC" if needs_servers else "ID|TOPIC")
    parser.add_argument(
        "--servers",
        required=needs_servers,
        metavar="HOST:PORT[,…]",
        help="where Kafka is" + ("" if needs_servers else "; then nothing else is needed, but the topic's name"),
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    parser.add_argument("--format", choices=get_args(AlertFormat), default="parquet", help="default: %(default)s")
    parser.add_argument("--partition-by", choices=get_args(PartitionBy), help="one folder per value")
    parser.add_argument("--limit", type=positive, metavar="N", help="read at most N messages now; again for the rest")
    parser.add_argument(
        "--wait",
        type=float,
        default=LONGEST_OUTAGE_S / 60,
        metavar="MINUTES",
        help="while Kafka is away in the middle, and for the job's first sign of life (default: %(default)g)",
    )


def source_of(options: argparse.Namespace) -> TopicToRead:
    """The topic on the servers that were named."""
    return topic_elsewhere(access_to(options.servers), options.transfer, 60 * options.wait)


def run_fetch(options: argparse.Namespace, find: Callable[[argparse.Namespace], TopicToRead]) -> int:
    """Fetch, and print what came.

    Parameters
    ----------
    find
        Tells where the topic is.

    Raises
    ------
    QuicklookError
        See `backend.fetch.fetch`.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    wanted = Wanted(options.out, options.format, options.partition_by, options.limit, 60 * options.wait)
    source = find(options)
    known = already_fetched(source.topic, wanted)
    state = known or fetch(source, wanted)
    result = _as_json(state, options.out)
    print_result(
        result, lambda: _print_for_people(state, options.out, was_there=known is not None), as_json=options.json
    )
    return OK if state.complete else FAILED


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _as_json(state: FetchState, out: Path) -> dict[str, Any]:
    return {
        "topic": state.topic,
        "rows": state.distinct,
        "distinct": state.distinct,
        "read": state.messages,
        "published": state.published,
        "corrupt": state.corrupt,
        "complete": state.complete,
        "message": state.message,
        "out": str(out),
        "files": state.files,
        "bytes": state.size_bytes,
        "left_out": list(state.left_out),
        "damaged": [each.model_dump() for each in state.damaged],
    }


def _print_for_people(state: FetchState, out: Path, *, was_there: bool) -> None:
    console = Console(highlight=False, soft_wrap=True, markup=False)
    if was_there:
        console.print(f"All {state.distinct:,} alerts are there already; nothing was done.")
    elif state.complete:
        console.print(f"{state.distinct:,} of {state.published:,} alerts read, complete.")
    else:
        console.print(state.message)
    files = f"{state.files:,} {'file' if state.files == 1 else 'files'}"
    console.print(f"{state.distinct:,} rows in {files} ({size_text(state.size_bytes)}) in {out}")
    if state.left_out:
        console.print(f"left out   {', '.join(state.left_out)} (lists and images; Parquet has them)")
    for each in state.damaged[:_SHOWN_DAMAGE]:
        console.print(f"damaged    partition {each.partition}, offset {each.offset}: {each.reason}")
    if state.corrupt > _SHOWN_DAMAGE:
        console.print(f"           and {state.corrupt - _SHOWN_DAMAGE:,} more")


if __name__ == "__main__":
    sys.exit(main())
