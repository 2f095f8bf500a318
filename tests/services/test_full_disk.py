"""A disk that is full, really: what was read stays, and reading goes on when there is room."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stack.embedded import EmbeddedStack
from tests.support.alert_records import encoded, light_alert
from tests.support.published_topic import PARTITIONS, PublishedTopic

IN_A_NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
ALERTS = 20_000
NAME_BYTES = 300
"""Names that cannot be compressed, so that a store of a few megabytes is soon full."""


@pytest.mark.skipif(
    shutil.which("unshare") is None or subprocess.run([*IN_A_NAMESPACE, "true"], check=False).returncode != 0,
    reason="this system does not let us mount a small disk",
)
def test_a_full_disk_stops_it_and_room_lets_it_go_on(stack: EmbeddedStack, tmp_path: Path) -> None:
    topic = PublishedTopic(stack.kafka_bootstrap_servers)
    topic.publish_schema()
    names = random.Random(1)
    alerts = ({**light_alert(each), "objectId": names.randbytes(NAME_BYTES // 2).hex()} for each in range(ALERTS))
    for candid, value in enumerate(encoded(alerts)):
        topic.publish_raw(value, candid % PARTITIONS, flush=candid == ALERTS - 1)
    topic.publish_receipt(ALERTS)

    command = [*IN_A_NAMESPACE, sys.executable, "-m", "tests.support.small_disk_process"]
    done = subprocess.run(
        [*command, topic.servers, topic.name, str(tmp_path)], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    no_reserve, full, a_little, all_of_it = map(json.loads, done.stdout.splitlines())
    assert (no_reserve["state"], no_reserve["read"]) == ("failed", 0)
    assert f"The disk of {tmp_path / topic.name} has 4 MB free" in no_reserve["message"]
    assert full["state"] == "failed"
    assert 0 < full["read"] < ALERTS
    assert "No space left on device" in full["message"]
    assert "Make room on the disk, then go on: nothing is lost." in full["message"]
    assert a_little["read"] == full["read"] + 1000, "the same store goes on"
    assert (all_of_it["read"], all_of_it["distinct"], all_of_it["duplicates"]) == (ALERTS, ALERTS, 0)
    assert all_of_it["complete"]
    topic.delete()
