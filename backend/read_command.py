"""``read`` of ``python -m backend``: a topic into a store, as the dashboard has them."""

from __future__ import annotations

import argparse

from backend.command_ending import FAILED, OK, print_result
from backend.reading_progress import follow
from backend.transfers import Transfers


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("transfer", metavar="ID|TOPIC")
    parser.add_argument("--reader", default="terminal", help="name of the store to read into (default: %(default)s)")


def run_read(transfers: Transfers, options: argparse.Namespace) -> int:
    """Read until the topic ends; give the exit code."""
    with transfers.open_reader(options.transfer, options.reader) as reader:
        reader.start()
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
