"""``python -m stack``: run a stack's servers in the foreground."""

from __future__ import annotations

import argparse
import functools
import sys
import threading

if sys.version_info[:2] != (3, 11):
    sys.exit(f"Alert Quicklook needs Python 3.11, as pyspark 3.5 does; this is {sys.version.split()[0]}.")

from stack.foreground import Report, run_in_foreground
from stack.profiles import PROFILES, add_profile_argument
from stack.server_stack import ServerStack
from stack.services import living_settings

WATCH_EVERY_S = 0.5


def main(profile: str, report: Report) -> int:
    """Run until stopped, or until a server ends."""
    with PROFILES[profile](living_settings(), report) as stack:
        report(f"ready: Kafka on {stack.kafka_bootstrap_servers}, Livy on {stack.livy_url}")
        report("Commands with the same DATA_DIR find them, and how to enter, by themselves.")
        report("Ctrl-C stops them all, and the jobs that Livy runs.")
        try:
            return _watch(stack)
        finally:
            report("stopping")


def _watch(stack: ServerStack) -> int:
    never = threading.Event()
    while not never.wait(WATCH_EVERY_S):
        for name, server in stack.servers.items():
            if not server.is_running:
                print(f"{name} has ended; stopping the rest. Its log: {server.log_file}", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make stack", description=__doc__)
    add_profile_argument(parser)
    sys.exit(run_in_foreground(functools.partial(main, parser.parse_args().profile)))
