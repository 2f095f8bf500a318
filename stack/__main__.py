"""``python -m stack``: run the embedded Kafka and Livy in the foreground."""

from __future__ import annotations

import sys
import threading

if sys.version_info[:2] != (3, 11):
    sys.exit(f"Alert Quicklook needs Python 3.11, as pyspark 3.5 does; this is {sys.version.split()[0]}.")

from backend.config import Settings
from stack.embedded import EmbeddedStack
from stack.foreground import Report, run_in_foreground

WATCH_EVERY_S = 0.5


def main(report: Report) -> int:
    """Run until stopped, or until a server ends."""
    with EmbeddedStack(Settings(), report) as stack:
        report(f"ready: KAFKA_BOOTSTRAP_SERVERS={stack.kafka_bootstrap_servers} LIVY_URL={stack.livy_url}")
        report("Ctrl-C stops both, and the jobs that Livy runs.")
        try:
            return _watch(stack)
        finally:
            report("stopping")


def _watch(stack: EmbeddedStack) -> int:
    never = threading.Event()
    while not never.wait(WATCH_EVERY_S):
        for name, server in stack.servers.items():
            if not server.is_running:
                print(f"{name} has ended; stopping the rest. Its log: {server.log_file}", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(run_in_foreground(main))
