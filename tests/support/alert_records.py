"""Avro records for tests of the reader: simple alerts, and real ones."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import fastavro

REAL_TRANSFER = Path("ztf-avro/astrolabsoftware__fink-client/HEAD/datatest/ztf/part-3-305711.avro")
"""The output of a real transfer: 31 full alerts of 63 columns."""

LIGHT_SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "topLevelRecord",
    "fields": [
        {"name": "objectId", "type": ["string", "null"]},
        {"name": "candid", "type": "long"},
        {"name": "jd", "type": ["double", "null"]},
        {"name": "magpsf", "type": ["float", "null"]},
        {"name": "fid", "type": ["int", "null"]},
        {"name": "never_set", "type": ["null", "string"]},
        {"name": "finkclass", "type": ["string", "null"]},
        {"name": "tnsclass", "type": ["string", "null"]},
    ],
}
CLASSES = ("Unknown", "SN Ib/c", "**", "IR>30um", "C*", "(TNS) SN Iax[02cx-like]", "Solar System MPC")


def light_alert(candid: int) -> dict[str, Any]:
    """A light alert that is a function of its ``candid``, so that a test can tell what arrived."""
    return {
        "objectId": f"ZTF24{candid % 97:07d}",
        "candid": candid,
        "jd": 2_460_555.5 + candid % 5 + (candid % 1000) / 1000,
        "magpsf": 18.0 + candid % 4 / 2,
        "fid": candid % 3 + 1,
        "never_set": None,
        "finkclass": CLASSES[candid % len(CLASSES)],
        "tnsclass": "Unknown",
    }


def encoded(records: Iterable[Mapping[str, Any]], schema: dict[str, Any] = LIGHT_SCHEMA) -> list[bytes]:
    """Write records without a header, as the messages of a topic are."""
    parsed = fastavro.parse_schema(json.loads(json.dumps(schema)))
    values = []
    for record in records:
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, parsed, record)
        values.append(buffer.getvalue())
    return values


def real_records(file: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Read a container with fastavro: its schema, and its records."""
    with file.open("rb") as source:
        reader = fastavro.reader(source)
        schema: Any = reader.metadata["avro.schema"]
        return json.loads(schema), list(reader)  # type: ignore[arg-type]
