"""Files on HDFS: scripts and plans, counts and sample, catalogue and damaged files; also while a DataNode is away."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.errors import ServiceUnavailable
from backend.models import Content, Phase, TransferRequest
from backend.nights import NightRange
from backend.script_store import JOB_FOLDER, ScriptStore
from backend.shared_files import SharedFiles
from backend.transfers import Transfers
from stack.cluster import ClusterStack
from tests.support.archives import (
    ALERTS_PER_NIGHT,
    DAMAGED_AFTER,
    DAMAGED_NIGHT,
    SIMULATED_NIGHTS,
    SMALL_NIGHT_ALERTS,
    TRUNCATED_FILE,
    TRUNCATED_NIGHT,
    make_archive,
)
from tests.support.transfers import ended, receipt_of, settings_on

ENTRY = "transfer_alerts.py"
COUNTED_WITHIN_S = 150
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


def test_an_archive_on_hdfs_is_counted_estimated_and_sent_and_its_damage_named(
    cluster: ClusterStack, tmp_path: Path
) -> None:
    archive = make_archive(tmp_path / "with-faults")
    catalogue = archive / "names of 100%.csv"
    catalogue.write_text("name,ra,declination,type\n2024abc,1,2,SN Ia\n")
    address = cluster.share(archive)
    settings = settings_on(cluster, tmp_path / "var", address, tns_catalogue_uri=f"{address}/{catalogue.name}")
    transfers = Transfers.connect(settings)
    transfers.archive.start_statistics()
    deadline = time.monotonic() + COUNTED_WITHIN_S
    while transfers.archive.statistics_phase() is not Phase.COMPLETED:
        assert time.monotonic() < deadline, transfers.archive.statistics_state()
        time.sleep(0.5)
    assert transfers.archive.field_years().years == (2024,)
    whole = TransferRequest(nights=NightRange(start=SIMULATED_NIGHTS[0], stop=SIMULATED_NIGHTS[-1]))
    assert transfers.archive.estimate(whole).alerts == len(SIMULATED_NIGHTS) * ALERTS_PER_NIGHT
    bright = whole.model_copy(update={"conditions": "candidate.magpsf < 19;"})
    assert 0 < transfers.archive.estimate(bright).alerts < len(SIMULATED_NIGHTS) * ALERTS_PER_NIGHT
    assert list((tmp_path / "var" / "cache").rglob("*.parquet")), "the sample has been copied"

    damaged = tuple(NightRange(start=night, stop=night) for night in (TRUNCATED_NIGHT, DAMAGED_NIGHT))
    request = TransferRequest(nights=damaged, content=Content.MEDIUM)
    receipt = receipt_of(ended(transfers, transfers.submit(request).id))
    assert (receipt.published, receipt.repeated) == (2 * SMALL_NIGHT_ALERTS, DAMAGED_AFTER)
    assert receipt.tns_catalogue
    assert sorted(unreadable.file for unreadable in receipt.files_unreadable) == [
        f"{address}/year=2024/month=10/day=05/{TRUNCATED_FILE}",
        f"{address}/year=2024/month=10/day=15/part-00000.snappy.parquet",
    ]
