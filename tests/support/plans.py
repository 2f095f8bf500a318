"""Plans for tests of the jobs."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from backend.statistics_job import statistics_plan
from spark_scripts.archive_statistics import StatisticsPlan, read_statistics_plan
from spark_scripts.plan import ContentPlan, TransferPlan

DEFAULTS: dict[str, Any] = {
    "topic": "ftransfer_ztf_test",
    "survey": "ztf",
    "archive_uri": "",
    "nights": (),
    "finkclasses": (),
    "tnsclasses": (),
    "conditions": (),
    "region": None,
    "sample": None,
    "content": ContentPlan(),
    "limit": None,
    "schema_ddl": "",
    "tns_catalogue_uri": None,
    "statistics_uri": "",
    "kafka": {"bootstrap.servers": "127.0.0.1:1"},
    "partitions": 10,
    "max_message_bytes": 10_000_000,
    "schema_copies": 3,
    "request": {},
}


def a_plan(*nights: str, **changes: Any) -> TransferPlan:
    """A plan that sends everything, with these changes."""
    return TransferPlan(**{**DEFAULTS, "nights": tuple(date.fromisoformat(night) for night in nights), **changes})


def a_statistics_plan(
    archive: Path,
    folder: Path,
    catalogue: Path | None = None,
    *,
    sample_rows_per_night: int = 20,
    refresh: bool = False,
) -> StatisticsPlan:
    """A plan to count this archive's nights into this folder."""
    plan = statistics_plan(
        "ztf",
        str(archive),
        str(folder),
        sample_rows_per_night=sample_rows_per_night,
        tns_catalogue_uri=str(catalogue) if catalogue else None,
        refresh=refresh,
    )
    return read_statistics_plan(json.dumps(plan))
