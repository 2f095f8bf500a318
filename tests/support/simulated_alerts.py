"""A small simulated archive in memory, with classes, and cut as a content asks."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from backend.alert_classes import UNKNOWN
from backend.models import ContentPlan
from simulator.archive import simulate_archive

FIRST_NIGHT = date(2024, 9, 1)
NIGHTS = 3
ALERTS_PER_NIGHT = 150
_JD_OF_DAY_0 = 1_721_424.5
_NOT_A_CLASS = ("Unknown", "Transient", "Fail", "Galaxy")


@cache
def simulated_alerts(nights: int = NIGHTS, alerts_per_night: int = ALERTS_PER_NIGHT) -> pa.Table:
    """Full alerts of consecutive nights, with ``finkclass`` and ``tnsclass``."""
    with tempfile.TemporaryDirectory() as folder:
        chosen = tuple(FIRST_NIGHT + timedelta(days=n) for n in range(nights))
        simulate_archive(Path(folder), chosen, alerts_per_night, processes=1)
        return with_classes(read_archive(Path(folder)))


def read_archive(folder: Path) -> pa.Table:
    """All alerts of an archive, without the columns that only folders hold."""
    return pa.concat_tables(pq.ParquetFile(file).read() for file in sorted(folder.rglob("*.parquet")))


def with_classes(alerts: pa.Table) -> pa.Table:
    """Add classes that look like the job's; its rule is tested elsewhere."""
    columns = ("cdsxmatch", "roid", "snn_snia_vs_nonia")
    rows = zip(*(alerts[name].to_pylist() for name in columns), strict=True)
    finkclasses = [_class(*row) for row in rows]
    tnsclasses = ["(TNS) SN Ia" if name == "SN candidate" and n % 3 else UNKNOWN for n, name in enumerate(finkclasses)]
    return alerts.append_column("finkclass", pa.array(finkclasses)).append_column("tnsclass", pa.array(tnsclasses))


def night_of(alerts: pa.Table) -> list[date]:
    """The night of each alert: the day (UTC) of its Julian date."""
    detections: Any = alerts["candidate"].combine_chunks()
    return [date.fromordinal(int(jd - _JD_OF_DAY_0)) for jd in detections.field("jd").to_pylist()]


def cut(alerts: pa.Table, plan: ContentPlan) -> pa.Table:
    """The columns that a content sends."""
    columns: dict[str, Any] = {}
    for column in plan.columns:
        root, _, nested = column.source.partition(".")
        values: Any = alerts[root].combine_chunks()
        columns[column.name] = values.field(nested) if nested else values
    if plan.others:
        kept = (name for name in alerts.column_names if name not in plan.without and name not in columns)
        columns.update({name: _plain(alerts[name].combine_chunks()) for name in kept})
    return pa.table(columns)


def _class(cdsxmatch: str | None, roid: int | None, score: float | None) -> str:
    if cdsxmatch and not cdsxmatch.startswith(_NOT_A_CLASS):
        return cdsxmatch
    if roid == 3:
        return "Solar System MPC"
    return "SN candidate" if (score or 0) > 0.5 else UNKNOWN


def _plain(values: Any) -> Any:
    """Timestamps and maps travel as text."""
    kind = values.type
    if pa.types.is_timestamp(kind) or pa.types.is_map(kind):
        return pa.array([None if each is None else str(each) for each in values.to_pylist()], pa.string())
    return values
