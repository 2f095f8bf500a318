"""The stacks that there are. The command line chooses one by its name; nothing else asks which it is."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from backend.config import Settings
from stack.cluster import ClusterStack
from stack.embedded import EmbeddedStack
from stack.server_stack import ServerStack

MakeStack = Callable[[Settings, Callable[[str], None]], ServerStack]
PROFILES: Mapping[str, MakeStack] = {"embedded": EmbeddedStack, "cluster": ClusterStack}


def add_profile_argument(parser: argparse.ArgumentParser) -> None:
    """Let a command be told which stack it starts."""
    parser.add_argument(
        "--profile",
        choices=list(PROFILES),
        default="embedded",
        help="embedded: Kafka and Livy, as fast as can be; cluster: HDFS, Spark workers, three brokers besides",
    )
