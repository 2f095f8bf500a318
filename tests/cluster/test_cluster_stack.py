"""The cluster profile as its users meet it: what runs, who may do what, where a job runs, and what is left of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow.parquet as pq
import pytest
import requests
from fsspec.implementations.webhdfs import WebHDFS

from backend.config import Settings, stack_addresses_path
from stack.cluster import ClusterStack
from stack.places import REPOSITORY
from tests.cluster.conftest import hdfs_as
from tests.support.processes import listening_beyond_loopback, processes_of
from tests.support.waiting import wait_for

BATCH_WITHIN_S = 120
UP_WITHIN_S = 150
DOWN_WITHIN_S = 40
EVERY_CORE = {"spark.scheduler.minRegisteredResourcesRatio": "1.0"}
SCRIPT = """
import json, os, sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
context = spark.sparkContext
places = context.parallelize(range(16), 16).map(lambda _: (os.getcwd(), os.environ["SPARK_USER"])).distinct().collect()
spark.range(4).write.parquet(sys.argv[2])
print("found " + json.dumps([context.master, spark.read.parquet(sys.argv[1]).count(), places]), flush=True)
"""
SMALL_STACK = """
import sys
from pathlib import Path
from backend.config import Settings
from stack.cluster import ClusterStack
from stack.foreground import run_in_foreground
def run(report):
    settings = Settings(_env_file=None, data_dir=Path(sys.argv[1]))
    with ClusterStack(settings, report, any_ports=True, data_nodes=1, workers=1, brokers=1) as stack:
        print("up " + stack.share(Path(sys.argv[2])), flush=True)
        sys.stdin.read()
    return 0
sys.exit(run_in_foreground(run))
"""


@pytest.fixture(scope="session")
def dashboard(cluster: ClusterStack) -> WebHDFS:
    """HDFS as the dashboard has it: over WebHDFS, as the user that the stack publishes."""
    return hdfs_as(cluster, cluster.addresses["webhdfs_user"])


def run_batch(cluster: ClusterStack, file: str, *args: str) -> tuple[str, list[str]]:
    """Submit a batch and wait for its end; give its state and log."""
    body = {"file": file, "args": args, "conf": EVERY_CORE}
    batches = f"{cluster.livy_url}/batches"
    answer = requests.post(batches, json=body, headers={"X-Requested-By": "test"}, timeout=10)
    assert answer.ok, answer.text
    url = f"{batches}/{answer.json()['id']}"
    state = wait_for(
        lambda: (state := requests.get(url, timeout=10).json()["state"]) in ("success", "dead") and state,
        BATCH_WITHIN_S,
    )
    return state, requests.get(f"{url}/log", params={"size": "500"}, timeout=10).json()["log"]


def test_all_servers_are_named_and_found(cluster: ClusterStack) -> None:
    assert list(cluster.servers) == [
        "NameNode", "DataNode 1", "DataNode 2", "Spark master", "Spark worker 1", "Spark worker 2", "Kafka", "Livy",
    ]  # fmt: skip
    assert all(server.is_running for server in cluster.servers.values())
    assert len(cluster.kafka_bootstrap_servers.split(",")) == 3
    found = Settings(_env_file=None, data_dir=cluster.settings.data_dir)  # type: ignore[call-arg]
    assert found == cluster.settings
    assert found.livy_url == cluster.livy_url
    assert found.script_store.startswith(cluster.name_node.uri)
    assert found.statistics_store.startswith(cluster.name_node.uri)


def test_addresses_are_for_their_owner_alone(cluster: ClusterStack) -> None:
    assert stack_addresses_path(cluster.settings.data_dir).stat().st_mode & 0o777 == 0o600


def test_nobody_reaches_it_from_elsewhere(cluster: ClusterStack) -> None:
    assert listening_beyond_loopback(processes_of(cluster.settings.data_dir)) == {}


def test_both_workers_are_registered(cluster: ClusterStack) -> None:
    assert {worker["state"] for worker in cluster.master.state()["workers"]} == {"ALIVE"}
    assert cluster.master.state()["aliveworkers"] == 2


def test_the_dashboard_writes_and_reads_its_folder(dashboard: WebHDFS) -> None:
    dashboard.pipe_file("/quicklook/test/a file=1%.txt", b"as it was")
    assert dashboard.cat_file("/quicklook/test/a file=1%.txt") == b"as it was"
    assert dashboard.info("/quicklook/test/a file=1%.txt")["replication"] == 2


def test_others_do_not_see_the_dashboards_folder(cluster: ClusterStack, dashboard: WebHDFS) -> None:
    dashboard.pipe_file("/quicklook/test/own.txt", b"own")
    with pytest.raises(PermissionError):
        hdfs_as(cluster, "somebody").cat_file("/quicklook/test/own.txt")


def test_the_dashboard_cannot_change_an_archive(hdfs_archive: str, dashboard: WebHDFS) -> None:
    path = urlsplit(hdfs_archive).path
    assert dashboard.exists(f"{path}/year=2024/month=09/day=01")
    with pytest.raises(PermissionError):
        dashboard.rm(path, recursive=True)


def test_another_web_page_cannot_write(cluster: ClusterStack) -> None:
    url = f"{cluster.name_node.web_url}/webhdfs/v1/quicklook/page"
    browser = {"User-Agent": "Mozilla/5.0"}
    answer = requests.put(url, params={"op": "MKDIRS", "user.name": "quicklook"}, headers=browser, timeout=10)
    assert answer.status_code == 400


def test_a_batch_on_both_workers_reads_and_writes_hdfs(
    cluster: ClusterStack, dashboard: WebHDFS, real_alerts: Path
) -> None:
    night = sorted((real_alerts / "archive" / "science").glob("year=*/month=*/day=*"))[-1]
    address = cluster.share(night)
    dashboard.pipe_file("/quicklook/test/job.py", SCRIPT.encode())
    home = f"{cluster.name_node.uri}/quicklook/test"
    state, log = run_batch(cluster, f"{home}/job.py", address, f"{home}/numbers")
    assert state == "success", log
    master, alerts, places = json.loads(next(line for line in log if line.startswith("found ")).removeprefix("found "))
    assert master == cluster.settings.spark_master
    assert alerts == pq.read_table(night, partitioning=None).num_rows
    assert {Path(folder).parts[-4] for folder, _ in places} == {"spark-worker-1", "spark-worker-2"}
    assert {user for _, user in places} == {"quicklook"}
    assert dashboard.info("/quicklook/test/numbers/_SUCCESS")["owner"] == "quicklook"


def test_a_local_file_is_no_batch(cluster: ClusterStack, tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    script.write_text(SCRIPT)
    for file in (script.as_uri(), str(script)):
        body = {"file": file}
        answer = requests.post(f"{cluster.livy_url}/batches", json=body, headers={"X-Requested-By": "test"}, timeout=10)
        assert answer.status_code == 400
        assert "cannot be added" in answer.text


def test_a_worker_joins_late_and_one_comes_back(cluster: ClusterStack) -> None:
    first = cluster.workers[0]
    late = cluster.add_worker()
    try:
        assert cluster.master.state()["aliveworkers"] == 3
        first.kill()
        wait_for(lambda: cluster.master.state()["aliveworkers"] == 2, DOWN_WITHIN_S)
    finally:
        late.stop()
        first.start()
    first.wait_until_ready()
    wait_for(lambda: cluster.master.state()["aliveworkers"] == 2, DOWN_WITHIN_S)


@pytest.fixture
def start_small(tmp_path: Path, local_archive: Path) -> Iterator[Callable[[], tuple[subprocess.Popen[str], str]]]:
    """Starts a cluster of one of each in a process of its own; gives that and the archive's address on HDFS."""
    started: list[subprocess.Popen[str]] = []

    def start() -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-c", SMALL_STACK, str(tmp_path), str(local_archive)]
        owner = subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(owner)
        assert owner.stdout is not None
        said = []
        for line in owner.stdout:
            if line.startswith("up "):
                return owner, line.removeprefix("up ").strip()
            said.append(line)
        pytest.fail("".join(said))

    yield start
    for owner in started:
        owner.kill()
        owner.communicate(timeout=10)
    for pid in processes_of(tmp_path):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.soak
def test_nothing_outlives_a_killed_owner_and_files_are_there_again(
    tmp_path: Path, start_small: Callable[[], tuple[subprocess.Popen[str], str]]
) -> None:
    owner, _ = start_small()
    assert len(processes_of(tmp_path)) > 10
    owner.kill()
    wait_for(lambda: processes_of(tmp_path) in ([], [owner.pid]), DOWN_WITHIN_S)
    owner.wait()
    again, address = start_small()
    addresses = json.loads(stack_addresses_path(tmp_path).read_text())
    url = f"{addresses['webhdfs_url']}/webhdfs/v1{urlsplit(address).path}/year=2024"
    months = requests.get(url, params={"op": "LISTSTATUS"}, timeout=10).json()["FileStatuses"]["FileStatus"]
    assert [month["pathSuffix"] for month in months] == ["month=09"]
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=DOWN_WITHIN_S)
    assert again.returncode == 0
    assert processes_of(tmp_path) == []
