"""What the community's own client has written."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow.parquet as pq

from benchmarks.community_client import PartitionBy


def alerts_on_disk(folder: Path, partition_by: PartitionBy | None) -> list[tuple[Any, Any]]:
    """``candid`` and ``finkclass`` of each row that the client wrote, in order, read file by file.

    By ``finkclass`` the class is the folder's name alone, percent-encoded: ``finkclass=OH%2FIR%2A``.
    """
    rows: list[tuple[Any, Any]] = []
    for path in folder.rglob("*.parquet"):
        with pq.ParquetFile(path) as file:
            candids = file.read(["candid"]).column(0).to_pylist()
            if partition_by == "finkclass":
                classes: list[Any] = [unquote(path.parent.name.removeprefix("finkclass="))] * len(candids)
            else:
                classes = file.read(["finkclass"]).column(0).to_pylist()
        rows += zip(candids, classes, strict=True)
    return sorted(rows)
