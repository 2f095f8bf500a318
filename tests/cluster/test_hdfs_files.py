"""Files on HDFS: scripts and plans, counts and sample, catalogue and damaged files; also while a DataNode is away."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.archive_estimates import ArchiveEstimates
from backend.errors import ServiceUnavailable
from backend.models import TransferRequest
from backend.nights import NightRange
from backend.script_store import JOB_FOLDER, ScriptStore
from backend.shared_files import SharedFiles
from backend.transfers import Transfers
from simulator.archive import night_folder, simulate_archive
from stack.cluster import ClusterStack
from tests.support.archives import SIMULATED_NIGHTS, SMALL_NIGHT_ALERTS
from tests.support.transfers import ended, receipt_of, settings_on
from tests.support.written_statistics import write_statistics

ENTRY = "transfer_alerts.py"
READINGS = 40


@pytest.fixture
def root(cluster: ClusterStack, request: pytest.FixtureRequest) -> str:
    """An address of its own for each test, with what an address may have."""
    return f"{cluster.name_node.uri}/quicklook/50% of=it/{request.node.name}"


@pytest.fixture
def store(cluster: ClusterStack, root: str) -> ScriptStore:
    return ScriptStore(root, SharedFiles.of(cluster.settings))


def put_files(cluster: ClusterStack, root: str) -> dict[str, dict[str, Any]]:
    """What lies below, by its path there."""
    files, path = SharedFiles.of(cluster.settings).open(root)
    found: dict[str, dict[str, Any]] = files.find(path, withdirs=True, detail=True)
    return {name.removeprefix(f"{path}/"): info for name, info in found.items() if name != path}


def test_a_reader_sees_the_old_plan_or_the_new_and_nobody_else_sees_either(
    cluster: ClusterStack, store: ScriptStore, root: str
) -> None:
    plans = [f'"{letter}{letter * 1_000_000}"' for letter in "ab"]
    assert store.put_plan("plan", plans[0]) == f"{root}/plans/plan.json"
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.is_set():
            for plan in plans:
                store.put_plan("plan", plan)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        seen = {store.read_plan("plan") for _ in range(READINGS)}
    finally:
        stop.set()
        writer.join()
    assert seen == set(plans)
    assert {name: info["permission"] for name, info in put_files(cluster, root).items()} == {
        "plans": "700",
        "plans/plan.json": "600",
    }, "no unfinished file stays"
    stranger = cluster.settings.model_copy(update={"webhdfs_user": "dr.who"})
    with pytest.raises(ServiceUnavailable, match=r"Permission denied: user=dr\.who"):
        ScriptStore(root, SharedFiles.of(stranger)).read_plan("plan")
    store.remove_plan("plan")
    store.remove_plan("plan")
    assert list(put_files(cluster, root)) == ["plans"]


def test_code_is_put_once_and_removed_when_nobody_has_used_it_for_two_weeks(
    cluster: ClusterStack, store: ScriptStore, root: str, tmp_path: Path
) -> None:
    files = SharedFiles.of(cluster.settings)
    (tmp_path / ENTRY).write_text("print()")
    old, new = store.put_job(tmp_path, ENTRY), store.put_job(JOB_FOLDER, ENTRY)
    assert new.main.startswith(f"{root}/jobs/")
    hdfs, main = files.open(new.main)
    written_at = hdfs.modified(main)
    assert store.put_job(JOB_FOLDER, ENTRY) == new
    assert hdfs.modified(main) == written_at
    folders = [files.open(each.main.rpartition("/")[0])[1] for each in (old, new)]
    long_ago_ms = round((datetime.now(UTC) - timedelta(days=15)).timestamp() * 1000)
    hdfs._call("SETTIMES", "put", path=f"{folders[0]}/last_used", modificationtime=long_ago_ms)
    store.put_job(JOB_FOLDER, ENTRY)
    assert [hdfs.exists(folder) for folder in folders] == [False, True]


def test_a_data_node_that_is_gone_stops_nobody(cluster: ClusterStack, store: ScriptStore) -> None:
    first = cluster.data_nodes[0]
    store.put_plan("before", "{}")
    first.kill()
    try:
        for number in range(10):  # the NameNode does not know yet, and names either
            store.put_plan(f"plan_{number}", str(number))
            assert store.read_plan("before") == "{}"
            assert store.read_plan(f"plan_{number}") == str(number)
    finally:
        first.start()
    first.wait_until_ready()


def test_counts_and_sample_are_read_where_they_are(cluster: ClusterStack, root: str, tmp_path: Path) -> None:
    night, files = SIMULATED_NIGHTS[0], SharedFiles.of(cluster.settings)
    hdfs, path = files.open(root)
    for number, alerts in enumerate((5, 9), start=1):  # counted again
        name = f"2026010{number}T000000000000"
        written = write_statistics(tmp_path / "written", name, [(night, "RRLyr", alerts)])
        for file in filter(Path.is_file, written.rglob("*")):
            hdfs.pipe_file(f"{path}/{file.relative_to(tmp_path / 'written')}", file.read_bytes())
    estimates = ArchiveEstimates(root, "ztf", tmp_path / "cache", files)
    request = TransferRequest(nights=NightRange(start=night, stop=night))
    assert estimates.estimate(request).alerts == 9
    assert estimates.estimate(request.model_copy(update={"conditions": "candidate.magpsf > 1.5;"})).alerts == 7
    assert [file.name for file in (tmp_path / "cache").rglob("*.parquet")] == ["20260102T000000000000-part-0.parquet"]


def test_a_job_reads_archive_and_catalogue_on_hdfs_and_names_what_is_damaged(
    cluster: ClusterStack, tmp_path: Path
) -> None:
    archive = tmp_path / "with-faults"
    simulate_archive(archive, SIMULATED_NIGHTS, SMALL_NIGHT_ALERTS)
    cluster.share(archive)
    (whole,) = night_folder(archive, SIMULATED_NIGHTS[0]).glob("*.parquet")
    truncated = whole.with_name("truncated.parquet")
    truncated.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    (archive / "names, 100%.csv").write_text("name,ra,declination,type\n2024abc,1,2,SN Ia\n")
    address = cluster.share(archive)  # in place of what it was
    settings = settings_on(cluster, tmp_path / "var", address, tns_catalogue_uri=f"{address}/names, 100%.csv")
    transfers = Transfers.connect(settings)
    nights = NightRange(start=SIMULATED_NIGHTS[0], stop=SIMULATED_NIGHTS[-1])
    transfer = transfers.submit(TransferRequest(nights=nights))
    receipt = receipt_of(ended(transfers, transfer.id))
    assert receipt.published == 2 * SMALL_NIGHT_ALERTS
    assert receipt.tns_catalogue
    (unreadable,) = receipt.files_unreadable
    assert unreadable.file == f"{address}/{truncated.relative_to(archive)}"
    plans, path = SharedFiles.of(settings).open(settings.script_store)
    assert f"{path}/plans/{transfer.topic}.json" not in plans.ls(f"{path}/plans", detail=False)
