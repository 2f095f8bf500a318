"""``read`` of ``python -m backend``: a topic into a store, as the dashboard has them."""

from __future__ import annotations

import argparse

from backend.command_arguments import moment, positive
from backend.command_ending import FAILED, OK, print_result
from backend.reading import ReadPart
from backend.reading_progress import follow
from backend.transfers import Transfers


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("transfer", metavar="ID|TOPIC")
    parser.add_argument("--reader", default="terminal", help="name of the store to read into (default: %(default)s)")
    parser.add_argument("--limit", type=positive, metavar="N", help="at most so many messages now; the rest later")
    parser.add_argument("--partition", type=int, metavar="N", help="only of this partition of the topic")
    parser.add_argument(
        "--since", type=moment, metavar="TIME", help="only what was published since, such as 2024-09-01T12:00 (UTC)"
    )
    parser.add_argument("--again", action="store_true", help="forget what the store has, and read from the start")


def run_read(transfers: Transfers, options: argparse.Namespace) -> int:
    """Read until the topic ends; give the exit code."""
    with transfers.open_reader(options.transfer, options.reader) as reader:
        part = ReadPart(limit=options.limit, partition=options.partition, since=options.since)
        reader.start(part, again=options.again)
        progress = follow(reader)
        path = reader.store.path
    result = {
        "topic": reader.topic,
        "reader": options.reader,
        "store": str(path),
        "distinct": progress.distinct,
        "read": progress.read,
        "published": progress.published,
        "corrupt": progress.corrupt,
        "complete": progress.complete,
        "message": progress.message,
    }
    print_result(result, lambda: print(f"{progress.message}\nstore      {path}"), as_json=options.json)
    return OK if progress.complete else FAILED
