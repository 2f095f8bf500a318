"""Alerts of all years of a real archive in today's form, by pyarrow and plain Python: what the job must send."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from backend.alert_schema import Origin, content_plan, survey
from backend.models import Content

ZTF = survey("ztf")
ROOTS = tuple(f.path for f in ZTF.fields.values() if f.path == f.root and f.origin is not Origin.JOB)
BELOW = {root: {f.name: f.path for f in ZTF.fields.values() if f.root == root != f.path} for root in ROOTS}


def alerts_of_today(archive: Path) -> Iterator[dict[str, Any]]:
    """Every alert of the archive with all columns of all years, null where its file does not have them."""
    for file in sorted(archive.rglob("*.parquet")):
        for row in pq.read_table(file, partitioning=None).to_pylist():
            named = {ZTF.older_names.get(name, name): value for name, value in row.items()}
            yield {root: _as_today(root, named.get(root)) for root in ROOTS}


def columns_of(archive: Path) -> set[str]:
    """The columns, by their names of today, that some file of the archive has."""
    files = archive.rglob("*.parquet")
    return {ZTF.older_names.get(name, name) for file in files for name in pq.read_schema(file).names}


def sent_of(alert: dict[str, Any], content: Content, columns: set[str]) -> dict[str, Any]:
    """What a content sends of an alert, without its classes; `columns` are those that some file has."""
    plan = content_plan(ZTF, content)
    sent = {column.name: _at(alert, column.source) for column in plan.columns}
    others = [root for root in ROOTS if root not in plan.without and root not in sent]
    return sent | {root: alert[root] for root in others if root in columns or ZTF.fields[root].origin is Origin.ARCHIVE}


def without_classes(alert: dict[str, Any]) -> dict[str, Any]:
    """A sent alert without what the job adds."""
    return {name: value for name, value in alert.items() if name not in ("finkclass", "tnsclass")}


def _at(alert: dict[str, Any], path: str) -> Any:
    root, _, name = path.partition(".")
    return alert[root][name] if name else alert[root]


def _as_today(path: str, value: Any) -> Any:
    """A value in the type that the survey has for it; what cannot be of that type is None."""
    kind = ZTF.fields[path].type
    below = BELOW.get(path, {})
    if value is None:
        return None
    if kind == "struct":
        return {name: _as_today(inner, value.get(name)) for name, inner in below.items()}
    if kind == "array":
        return [{name: _as_today(inner, entry.get(name)) for name, inner in below.items()} for entry in value]
    if kind == "map":
        (of_values,) = {ZTF.fields[inner].type for inner in below.values()}
        return {name: _plain(of_values, inner) for name, inner in dict(value).items()}
    if kind.startswith("array<"):
        return [_plain(kind[6:-1], entry) for entry in value]
    return _plain(kind, value)


def _plain(kind: str, value: Any) -> Any:
    if value is None or isinstance(value, dict):  # a structure is no number: mulens until 2020
        return None
    if kind in ("int", "bigint"):
        return None if isinstance(value, float) and math.isnan(value) else int(value)
    if kind in ("float", "double"):
        return _number(kind, float(value))
    return _instant(value) if kind == "timestamp" else value


def _number(kind: str, value: float) -> float | str:
    """NaN in a form that equals itself."""
    if math.isnan(value):
        return "NaN"
    return value if kind == "double" else struct.unpack("f", struct.pack("f", value))[0]


def _instant(value: datetime | str) -> str:
    """As Spark writes an instant in UTC; one without a zone is in UTC."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    in_utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    whole, _, fraction = in_utc.strftime("%Y-%m-%d %H:%M:%S.%f").partition(".")
    return f"{whole}.{fraction.rstrip('0')}".rstrip(".")
