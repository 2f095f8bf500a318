"""What the page offers to copy works as it stands: each text is run as the user would, in a folder of its own."""

from __future__ import annotations

import io
import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import fastavro
import pandas as pd
import pytest

from benchmarks.community_client import provide_finkctl
from stack.embedded import EmbeddedStack
from stack.places import REPOSITORY
from tests.support.published_topic import PublishedTopic
from views.components.elsewhere import finkctl_commands, installed_fetch, kcat_commands, own_fetch, python_snippet

pytestmark = pytest.mark.timeout(600)  # the first session installs the community's client

ALERTS = 100
WITHIN_S = 240
NO_KCAT = "There is no kcat on the PATH (Debian's package kcat)."


@pytest.fixture(scope="module")
def topic(stack: EmbeddedStack) -> Iterator[PublishedTopic]:
    """A hundred light alerts, and the records that say that these are all."""
    published = PublishedTopic(stack.kafka_bootstrap_servers)
    published.publish_schema(copies=20)
    published.publish(range(ALERTS))
    published.publish_receipt(ALERTS)
    yield published
    published.delete()


@pytest.fixture
def kcat() -> None:
    """The program; without it the test is skipped, but not under CI."""
    if shutil.which("kcat") is None:
        if os.environ.get("CI"):
            pytest.fail(NO_KCAT)
        pytest.skip(NO_KCAT)


def run(
    commands: str, folder: Path, tools: Path = Path(sys.executable).parent, *, needs_repository: bool = True
) -> str:
    """What the commands print, in a shell that finds the tools of an environment first, and our modules if needed."""
    modules = {"PYTHONPATH": str(REPOSITORY)} if needs_repository else {}
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", commands],
        cwd=folder,
        env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", **modules},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_our_own_command_writes_every_alert(topic: PublishedTopic, tmp_path: Path) -> None:
    run(own_fetch(topic.name, topic.servers), tmp_path)
    assert sorted(pd.read_parquet(tmp_path / "alerts")["candid"]) == list(range(ALERTS))


def test_our_own_command_writes_every_alert_where_nothing_else_is_installed(
    topic: PublishedTopic, tmp_path: Path
) -> None:
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True, timeout=60)
    run(installed_fetch(topic.name, topic.servers), tmp_path, environment / "bin", needs_repository=False)
    assert sorted(pd.read_parquet(tmp_path / "alerts")["candid"]) == list(range(ALERTS))


def test_the_community_client_writes_every_alert_and_leaves_the_home_alone(
    topic: PublishedTopic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, folder = tmp_path / "home", tmp_path / "folder"
    for each in (home, folder):
        each.mkdir()
    monkeypatch.setenv("HOME", str(home))
    run(finkctl_commands(topic.name, topic.servers), folder, provide_finkctl().parent)
    assert sorted(pd.read_parquet(folder / "alerts")["candid"]) == list(range(ALERTS))
    assert not (home / ".finkclient").exists()


@pytest.mark.usefixtures("kcat")
def test_kcat_keeps_every_message_with_its_schema_and_counts_them(topic: PublishedTopic, tmp_path: Path) -> None:
    printed = run(kcat_commands(topic.name, topic.servers), tmp_path)
    assert int(printed) == ALERTS
    schema = fastavro.parse_schema(json.loads((tmp_path / "alerts.avsc").read_text()))
    messages = list(messages_in(tmp_path / "alerts.bin"))
    assert sorted(fastavro.schemaless_reader(io.BytesIO(each), schema)["candid"] for each in messages) == list(
        range(ALERTS)
    )


def test_the_python_snippet_prints_every_alert_each_time_it_runs(topic: PublishedTopic, tmp_path: Path) -> None:
    (tmp_path / "read.py").write_text(python_snippet(topic.name, topic.servers))
    for _ in range(2):
        printed = run("python read.py", tmp_path)
        assert sorted(map(int, printed.split())) == list(range(ALERTS))


def messages_in(file: Path) -> Iterator[bytes]:
    """The messages of a file, each after its length, as the page says."""
    with file.open("rb") as reading:
        while head := reading.read(4):
            yield reading.read(struct.unpack(">i", head)[0])
