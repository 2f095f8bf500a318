"""Plans for tests of the job, without a backend."""

from __future__ import annotations

from datetime import date
from typing import Any

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
    "bootstrap_servers": "127.0.0.1:1",
    "partitions": 10,
    "max_message_bytes": 10_000_000,
    "schema_copies": 3,
    "request": {},
}


def a_plan(*nights: str, **changes: Any) -> TransferPlan:
    """A plan that sends everything, with these changes."""
    return TransferPlan(**{**DEFAULTS, "nights": tuple(date.fromisoformat(night) for night in nights), **changes})
