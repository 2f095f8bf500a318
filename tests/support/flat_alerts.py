"""Alerts as the statistics sample has them, one column a field named by its path, and the same rows for Spark."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from backend.alert_schema import Field
from tests.support.condition_parsing import ZTF

TYPES = {
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}
FLAT_FIELDS = tuple(each for each in ZTF.fields.values() if each.type in TYPES and not each.in_list)
SCHEMA = pa.schema([pa.field(each.path, TYPES[each.type]) for each in FLAT_FIELDS])

INF, NAN = math.inf, math.nan
NUMBERS = (0.0, -0.0, 1.0, -1.0, 0.5, 2.675, 19.5, -2.5, 1000.0, -999.0, 1e-30, 1e300, -1e300, NAN, INF, -INF, None)
INTEGERS = (0, 1, -1, 2, -7, 3, None, 2**31 - 1, -(2**31), -999)
LARGE = (0, -1, 7, 2**63 - 1, -(2**63), None, 1_500_000_000_000_000_000, -999, 2**31, 2**53 + 1)
TEXTS = ("SN candidate", "Unknown", "", None, "RRLyr_*", "a'b", "50%", "a\\b", " 12 ", "-1.5e3", "nan", "-Infinity")
OTHER_TEXTS = (
    "ZTF19abcdefg",
    "",
    "a\nb",
    "b\n",
    None,
    "é*",
    "1",
    "true",
    " no ",
    "\ttrue\n",
    "1d",
    "x_y",
    "9999999999",
    "12.",
)
FLAGS = (True, False, None)
TIMES = (datetime(2024, 9, 1, tzinfo=UTC), datetime(2019, 11, 1, 23, 59, 59, 999_999, UTC), None)


def hard_alerts() -> pa.Table:
    """Every number beside every number, and beside them all that is hard about integers, texts, flags and times."""
    pairs = [(x, y) for x in NUMBERS for y in NUMBERS]
    rows = [_hard_row(n, x, y) for n, (x, y) in enumerate(pairs)]
    return pa.Table.from_pylist([*rows, {"candid": len(rows)}], schema=SCHEMA)


def _hard_row(n: int, x: float | None, y: float | None) -> dict[str, Any]:
    return {
        "candid": n,
        "mulens": x,
        "mag_rate": y,
        "candidate.magpsf": _float32(x),
        "candidate.distnr": _float32(y),
        "candidate.magnr": _float32(x),
        "rf_snia_vs_nonia": y,
        "snn_snia_vs_nonia": x,
        "candidate.fid": INTEGERS[n % len(INTEGERS)],
        "roid": INTEGERS[n // len(INTEGERS) % len(INTEGERS)],
        "candidate.pid": LARGE[n % 7 % len(LARGE) if n % 2 else n % len(LARGE)],
        "candidate.tblid": LARGE[n // 3 % len(LARGE)],
        "cdsxmatch": TEXTS[n % len(TEXTS)],
        "objectId": OTHER_TEXTS[n % len(OTHER_TEXTS)],
        "from_upper": FLAGS[n % len(FLAGS)],
        "is_transient": FLAGS[n // len(FLAGS) % len(FLAGS)],
        "timestamp": TIMES[n % len(TIMES)],
        "brokerIngestTimestamp": TIMES[n // 2 % len(TIMES)],
    }


def _float32(x: float | None) -> float | None:
    return (
        None if x is None else float(pa.scalar(x if abs(x) < 1e39 or math.isinf(x) else math.copysign(1e38, x)).as_py())
    )


def read_real_alerts(archive: Path) -> pa.Table:
    """All alerts of an archive of whatever years, aligned to the survey's fields; a value of another type is null."""
    files = sorted(archive.glob("year=*/month=*/day=*/*.parquet"))
    return pa.concat_tables([_flat(pq.read_table(file, partitioning=None)) for file in files])


def _flat(alerts: pa.Table) -> pa.Table:
    columns = [_column(alerts, each) for each in FLAT_FIELDS]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _column(alerts: pa.Table, field: Field) -> pa.ChunkedArray:
    names = [field.root, *(old for old, new in ZTF.older_names.items() if new == field.root)]
    root = next((each for each in names if each in alerts.column_names), None)
    nothing = pa.chunked_array([pa.nulls(len(alerts), TYPES[field.type])])
    if root is None:
        return nothing
    column = alerts.column(root).combine_chunks()
    if field.path != field.root:
        if pa.types.is_map(column.type):
            column = pc.map_lookup(column, field.name, "first")
        elif pa.types.is_struct(column.type) and column.type.get_field_index(field.name) >= 0:
            column = pc.struct_field(column, field.name)
        else:
            return nothing
    if pa.types.is_nested(column.type):
        return nothing
    if field.type == "timestamp" and getattr(column.type, "tz", None) is None:
        column = pc.assume_timezone(column.cast(pa.timestamp("us"), safe=False), "UTC")
    return pa.chunked_array([column.cast(TYPES[field.type], safe=False)])


def nested(spark: SparkSession, flat_file: Path) -> DataFrame:
    """The rows of a flat Parquet file with the nested columns of an alert."""
    flat = spark.read.parquet(str(flat_file))
    roots: dict[str, list[Field]] = {}
    for each in FLAT_FIELDS:
        roots.setdefault(each.root, []).append(each)
    columns = [
        f"`{root}`"
        if [each.path for each in fields] == [root]
        else f"struct({', '.join(f'`{each.path}` AS `{each.name}`' for each in fields)}) AS `{root}`"
        for root, fields in roots.items()
    ]
    return flat.selectExpr(*columns)
