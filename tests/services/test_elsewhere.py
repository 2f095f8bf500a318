"""What the page offers to copy works as it stands."""

from __future__ import annotations

import subprocess
import sys

from stack.embedded import EmbeddedStack
from tests.support.published_topic import PublishedTopic
from views.components.elsewhere import python_snippet


def test_the_python_snippet_prints_every_alert_each_time_it_runs(stack: EmbeddedStack) -> None:
    topic = PublishedTopic(stack.kafka_bootstrap_servers)
    topic.publish_schema(copies=20)
    topic.publish(range(100))
    snippet = python_snippet(topic.name, stack.kafka_bootstrap_servers)
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", snippet], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert sorted(int(line) for line in done.stdout.split()) == list(range(100))
    topic.delete()
