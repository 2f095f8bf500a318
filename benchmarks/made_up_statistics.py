"""Statistics of seven years, made up: their size counts, not what they say."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from backend.alert_schema import Field, survey
from backend.models import Content
from backend.nights import NightRange
from backend.statistics_job import sample_columns

FIRST_NIGHT = date(2019, 11, 1)
NIGHTS, CLASSES, ROWS = 2_500, 300, 500_000
ALL_NIGHTS = NightRange(start=FIRST_NIGHT, stop=FIRST_NIGHT + timedelta(days=NIGHTS - 1))
NIGHTS_A_FOLDER = 32
"""As the statistics job writes them."""
DIFFERENT_VALUES = 3_000
"""Of each column in each folder: some two bytes a value when packed, as in real samples."""


def provide_statistics(data_dir: Path) -> Path:
    """Make them below `data_dir`, unless they are there; return their folder."""
    folder = data_dir / f"statistics-{NIGHTS}-{CLASSES}-{ROWS}"
    if not (folder / "_complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        with ProcessPoolExecutor(1, get_context("spawn")) as other:  # what it needs is not the estimates' memory
            other.submit(_make, folder).result()
        (folder / "_complete").touch()
    return folder


def _make(folder: Path) -> None:
    choose = np.random.default_rng(1)
    columns = [survey("ztf").fields[path] for path in sample_columns(survey("ztf"))]
    pairs = [(f"class {n}", "Unknown") for n in range(CLASSES)]
    for start in range(0, NIGHTS, NIGHTS_A_FOLDER):
        nights = np.arange(start, min(start + NIGHTS_A_FOLDER, NIGHTS))
        alerts = np.ceil(choose.lognormal(3, 2, (len(nights), CLASSES))).astype(np.int64)
        rows = choose.multinomial(ROWS // NIGHTS, alerts.sum(axis=0) / alerts.sum(), len(nights))
        alerts = np.maximum(alerts, rows)
        name = f"20260101T{start:012}"
        _write(folder / name / "counts", _counts(nights, alerts, rows, pairs))
        _write(folder / name / "sample", _sample(nights, rows, pairs, columns, choose))


def _counts(nights: np.ndarray, alerts: np.ndarray, rows: np.ndarray, pairs: Sequence[tuple[str, str]]) -> pa.Table:
    size = {Content.LIGHTCURVE: 1_000, Content.MEDIUM: 13_000, Content.CUTOUTS: 39_000, Content.FULL: 52_000}
    return pa.table(
        {
            "night": _dates(nights.repeat(len(pairs))),
            "finkclass": [fink for fink, _ in pairs] * len(nights),
            "tnsclass": [tns for _, tns in pairs] * len(nights),
            "alerts": alerts.ravel(),
            "sampled": rows.ravel(),
            **{f"bytes_{content}": alerts.ravel() * size[content] for content in Content},
            "tns_catalogue": [""] * alerts.size,
        }
    )


def _sample(
    nights: np.ndarray,
    rows: np.ndarray,
    pairs: Sequence[tuple[str, str]],
    columns: Sequence[Field],
    choose: np.random.Generator,
) -> pa.Table:
    night, kind = (index.repeat(rows.ravel()) for index in np.indices(rows.shape).reshape(2, -1))
    values = {field.path: _values(field, len(night), choose) for field in columns}
    values["candid"] = pa.array(nights[night] * 10**9 + np.arange(len(night)))
    return pa.table(
        {
            **values,
            "night": _dates(nights[night]),
            "finkclass": pa.array([pairs[each][0] for each in kind]),
            "tnsclass": pa.array([pairs[each][1] for each in kind]),
        }
    )


def _values(field: Field, rows: int, choose: np.random.Generator) -> pa.Array:
    different = choose.normal(19.0 if field.name.startswith("mag") else 0.5, 1.0, DIFFERENT_VALUES)
    drawn = different[choose.integers(0, DIFFERENT_VALUES, rows)]
    numbers = {"double": pa.float64(), "float": pa.float32()}
    if field.type in numbers:
        return pa.array(drawn, numbers[field.type])
    whole = (drawn * 1_000).astype(np.int64)
    kinds = {"bigint": pa.int64(), "int": pa.int32(), "timestamp": pa.timestamp("us")}
    if field.type in kinds:
        return pa.array(whole).cast(kinds[field.type])
    return pa.array(whole > 0) if field.type == "boolean" else pa.array(whole.astype(str))


def _dates(nights: np.ndarray) -> pa.Array:
    return pa.array((nights + (FIRST_NIGHT - date(1970, 1, 1)).days).astype(np.int32)).cast(pa.date32())


def _write(folder: Path, table: pa.Table) -> None:
    folder.mkdir(parents=True)
    pq.write_table(table, folder / "part-00000.parquet")
    (folder / "_SUCCESS").touch()
