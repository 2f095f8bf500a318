"""The embedded stack as its user meets it: ``python -m stack`` in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from confluent_kafka.admin import AdminClient, NewTopic

from backend.config import Settings, stack_addresses_path
from backend.errors import QuicklookError, ServiceUnavailable
from stack.drivers import TEMPORARY
from stack.embedded import EmbeddedStack
from stack.places import REPOSITORY
from tests.support.processes import processes_of
from tests.support.stack import running_stack
from tests.support.waiting import wait_for

UP_WITHIN_S = 240
DOWN_WITHIN_S = 40
BATCH_WITHIN_S = 120
SCRIPT = """
import sys, time
from pyspark.sql import SparkSession
from pyspark.sql.avro.functions import to_avro
spark = SparkSession.builder.getOrCreate()
frame = spark.range(7).select(to_avro("id").alias("value"))
frame.write.format("kafka").option("kafka.bootstrap.servers", sys.argv[1]).option("topic", sys.argv[2]).save()
print("published", flush=True)
if sys.argv[3:]:
    time.sleep(600)
"""


def addresses_of(data_dir: Path) -> dict[str, Any] | None:
    path = stack_addresses_path(data_dir)
    return json.loads(path.read_text()) if path.is_file() else None


def written_at(data_dir: Path) -> int | None:
    path = stack_addresses_path(data_dir)
    return path.stat().st_mtime_ns if path.is_file() else None


class Livy:
    """As little of Livy as a test needs."""

    def __init__(self, addresses: dict[str, Any]) -> None:
        self.addresses = addresses
        self.url = f"{addresses['livy_url']}/batches"

    def submit(self, script: Path, *args: str, **headers: str) -> requests.Response:
        jars = list(self.addresses["spark_jars"])
        body = {"file": script.as_uri(), "jars": jars, "args": [self.addresses["kafka_bootstrap_servers"], *args]}
        return requests.post(self.url, json=body, headers=headers, timeout=10)

    def log(self, batch: int) -> str:
        answer = requests.get(f"{self.url}/{batch}/log", params={"size": "200"}, timeout=10)
        return "\n".join(answer.json()["log"])

    def state(self, batch: int) -> str:
        return str(requests.get(f"{self.url}/{batch}", timeout=10).json()["state"])


def create_topic(bootstrap_servers: str, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(timeout=20)
    wait_for(lambda: admin.list_topics(topic, timeout=5).topics[topic].partitions, 20)


def write_script(addresses: dict[str, Any]) -> Path:
    script = Path(addresses["script_store_uri"].removeprefix("file://"), "publish.py")
    script.write_text(SCRIPT)
    return script


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A folder for stacks; whatever the test does, nothing that was started under it outlives it."""
    yield tmp_path / "data"
    for pid in processes_of(tmp_path):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def start_command(data_dir: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts ``python -m stack`` under ``data_dir`` and waits until it said its addresses."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        before = written_at(data_dir)  # a killed stack leaves its file
        command = subprocess.Popen(
            [sys.executable, "-m", "stack"],
            cwd=REPOSITORY,
            env={**os.environ, "DATA_DIR": str(data_dir)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(command)
        wait_for(lambda: written_at(data_dir) not in (None, before) or command.poll() is not None, UP_WITHIN_S)
        return command

    yield start
    for command in started:
        command.kill()
        command.communicate(timeout=10)


def test_a_batch_publishes_to_kafka_with_the_connectors(stack: EmbeddedStack) -> None:
    create_topic(stack.kafka_bootstrap_servers, "stack_test_batch")
    livy = Livy(stack.addresses)
    batch = livy.submit(write_script(stack.addresses), "stack_test_batch", **{"X-Requested-By": "test"}).json()["id"]
    state = wait_for(lambda: (state := livy.state(batch)) in ("success", "dead") and state, BATCH_WITHIN_S)
    assert state == "success", livy.log(batch)
    assert "published" in livy.log(batch)


def test_another_web_page_cannot_submit(stack: EmbeddedStack) -> None:
    assert Livy(stack.addresses).submit(write_script(stack.addresses), "any").status_code == 400


def test_a_file_outside_the_script_store_is_refused(stack: EmbeddedStack, tmp_path: Path) -> None:
    answer = Livy(stack.addresses).submit(tmp_path / "elsewhere.py", "any", **{"X-Requested-By": "test"})
    assert answer.status_code == 400
    assert "cannot be added" in answer.text


def test_a_missing_topic_is_not_created(stack: EmbeddedStack) -> None:
    admin = AdminClient({"bootstrap.servers": stack.kafka_bootstrap_servers, "allow.auto.create.topics": True})
    admin.list_topics("stack_test_nobody_made_me", timeout=10)
    assert "stack_test_nobody_made_me" not in admin.list_topics(timeout=10).topics


def test_the_offsets_topic_is_there_from_the_start(stack: EmbeddedStack) -> None:
    admin = AdminClient({"bootstrap.servers": stack.kafka_bootstrap_servers})
    assert "__consumer_offsets" in admin.list_topics(timeout=10).topics


def test_settings_find_the_running_stack(stack: EmbeddedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LIVY_URL", "KAFKA_BOOTSTRAP_SERVERS", "SPARK_JARS", "SCRIPT_STORE_URI"):
        monkeypatch.delenv(name, raising=False)
    found = Settings(data_dir=stack.settings.data_dir)
    assert (found.livy_url, found.kafka_bootstrap_servers) == (stack.livy_url, stack.kafka_bootstrap_servers)
    assert found.spark_jars == stack.settings.spark_jars
    assert all(Path(jar).is_file() for jar in found.spark_jars)


def test_what_is_announced_reaches_commands_beside_the_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ARCHIVE_URI", "KAFKA_BOOTSTRAP_SERVERS"):
        monkeypatch.delenv(name, raising=False)
    with running_stack(tmp_path, with_livy=False) as stack:
        stack.announce(archive_uri="/archive")
        found = Settings(_env_file=None, data_dir=tmp_path)  # type: ignore[call-arg]
        assert (found.archive_uri, found.kafka_bootstrap_servers) == ("/archive", stack.kafka_bootstrap_servers)
        monkeypatch.setenv("ARCHIVE_URI", "/another")
        assert Settings(_env_file=None, data_dir=tmp_path).archive_uri == "/another"  # type: ignore[call-arg]


def test_topics_survive_a_crash_of_kafka_and_its_port_stays(tmp_path: Path) -> None:
    with running_stack(tmp_path, with_livy=False) as stack:
        before = stack.kafka_bootstrap_servers
        create_topic(before, "survivor")
        stack.kafka.kill()
        assert not stack.kafka.is_running
        stack.kafka.start()
        stack.kafka.wait_until_ready()
        assert stack.kafka_bootstrap_servers == before
        assert "survivor" in AdminClient({"bootstrap.servers": before}).list_topics(timeout=10).topics
    assert processes_of(tmp_path) == []


def test_a_taken_port_gets_a_free_one_and_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        settings = Settings(data_dir=tmp_path)
        with EmbeddedStack(settings, said.append, kafka_port=taken, with_livy=False) as stack:
            assert not stack.kafka_bootstrap_servers.endswith(f":{taken}")
    assert any(f"port {taken} is taken" in step for step in said)


def test_a_second_start_is_refused_and_says_who_runs(tmp_path: Path) -> None:
    with running_stack(tmp_path, with_livy=False) as stack:
        with pytest.raises(QuicklookError, match=f"process {os.getpid()}.*{stack.kafka_bootstrap_servers}"):
            EmbeddedStack(Settings(data_dir=tmp_path), with_livy=False).__enter__()
        assert stack.kafka.is_running


def test_a_server_that_dies_at_start_shows_its_log_and_leaves_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "stack" / "kafka" / "data"
    broken.mkdir(parents=True)
    (broken / "meta.properties").write_text("version=99\n")
    with pytest.raises(
        ServiceUnavailable, match=r"(?s)Kafka ended while it was starting.*Unknown meta.properties version.*kafka\.log"
    ):
        EmbeddedStack(Settings(data_dir=tmp_path), kafka_port=0, with_livy=False).__enter__()
    assert processes_of(tmp_path) == []
    assert addresses_of(tmp_path) is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_ends_all_it_started(
    number: signal.Signals, data_dir: Path, start_command: Callable[[], subprocess.Popen[str]]
) -> None:
    command = start_command()
    addresses = addresses_of(data_dir)
    assert addresses is not None
    create_topic(addresses["kafka_bootstrap_servers"], "topic")
    livy = Livy(addresses)
    batch = livy.submit(write_script(addresses), "topic", "and sleep", **{"X-Requested-By": "test"}).json()["id"]
    wait_for(lambda: "published" in livy.log(batch), BATCH_WITHIN_S)
    command.send_signal(number)
    said, errors = command.communicate(timeout=DOWN_WITHIN_S)
    assert (command.returncode, errors) == (0, "")
    assert "nothing is left running" in said
    assert processes_of(data_dir) == []
    assert addresses_of(data_dir) is None


def test_servers_end_with_a_killed_owner_and_the_next_start_works(
    data_dir: Path, start_command: Callable[[], subprocess.Popen[str]]
) -> None:
    start_command().kill()
    wait_for(lambda: not processes_of(data_dir), DOWN_WITHIN_S)
    again = start_command()
    assert again.poll() is None
    second = subprocess.run(
        [sys.executable, "-m", "stack"],
        cwd=REPOSITORY,
        env={**os.environ, "DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert second.returncode == 1
    assert f"process {again.pid}" in second.stderr


def test_what_a_crash_left_is_stopped_and_removed_by_the_next_start(tmp_path: Path) -> None:
    mark = f"-Dquicklook.stack={tmp_path / 'stack'}"
    orphan = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", mark])
    of_killed_driver = tmp_path / "stack" / "drivers" / TEMPORARY / "blockmgr-1"
    of_killed_driver.mkdir(parents=True)
    try:
        with running_stack(tmp_path, with_livy=False):
            assert orphan.wait(timeout=5) == -signal.SIGTERM
            assert not of_killed_driver.exists()
    finally:
        orphan.kill()
        orphan.wait()


def test_the_command_says_which_server_died_and_stops_the_rest(
    data_dir: Path, start_command: Callable[[], subprocess.Popen[str]]
) -> None:
    command = start_command()
    kafka = next(pid for pid in processes_of(data_dir) if is_kafka(pid))
    os.kill(kafka, signal.SIGKILL)
    _, errors = command.communicate(timeout=DOWN_WITHIN_S)
    assert command.returncode == 1
    assert "Kafka has ended" in errors
    assert processes_of(data_dir) == []


def is_kafka(pid: int) -> bool:
    arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return b"kafka.Kafka" in arguments and arguments[0].endswith(b"/java")
