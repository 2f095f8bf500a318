"""The main way on a cluster, as a user goes it: statistics, estimate, transfer, reading and verification of a night."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.parquet as pq

from stack.cluster import ClusterStack
from tests.support.command_line import CommandLine

NIGHT, FOLDER = "2024-01-15", "year=2024/month=01/day=15"
REQUEST = f"nights: {{start: {NIGHT}, stop: {NIGHT}}}\ncontent: lightcurve\n"


def test_a_real_night_comes_out_as_it_lies_on_hdfs(cluster: ClusterStack, real_alerts: Path, tmp_path: Path) -> None:
    archive = tmp_path / "one-real-night"
    shutil.copytree(real_alerts / "archive" / "science" / FOLDER, archive / FOLDER)
    data_dir = cluster.settings.data_dir
    quicklook = CommandLine(DATA_DIR=str(data_dir), ARCHIVE_URI=cluster.share(archive))
    request = tmp_path / "request.yml"
    request.write_text(REQUEST)
    alerts = pq.read_table(archive / FOLDER, partitioning=None)

    counted = quicklook("statistics")
    assert counted.code == 0, counted.out + counted.notes
    estimate = quicklook("estimate", request, "--json")
    assert estimate.json["alerts"] == alerts.num_rows, estimate.out
    transfer = quicklook("submit", request, "--wait", "--json").json
    assert (transfer["phase"], transfer["published"]) == ("COMPLETED", alerts.num_rows), transfer["message"]
    fetched = quicklook("fetch", transfer["id"], "--out", tmp_path / "alerts")
    assert fetched.code == 0, fetched.out + fetched.notes
    (file,) = (tmp_path / "alerts").glob("**/*.parquet")
    read = pq.read_table(file, partitioning=None)
    assert sorted(read["candid"].to_pylist()) == sorted(alerts["candid"].to_pylist())
    assert quicklook("read", transfer["id"]).code == 0
    verified = quicklook("verify", transfer["id"])
    assert verified.code == 0, verified.out + verified.notes
