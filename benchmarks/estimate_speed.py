"""How long an estimate takes over the statistics of seven years, made up: their size counts, not what they say."""

from __future__ import annotations

import resource
import shutil
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from backend.alert_schema import Field, survey
from backend.archive_estimates import ArchiveEstimates
from backend.models import Content, TransferRequest
from backend.nights import NightRange
from backend.statistics_job import sample_columns

FIRST_NIGHT = date(2019, 11, 1)
NIGHTS, CLASSES, ROWS = 2_500, 300, 500_000
NIGHTS_A_FOLDER = 32
"""As the statistics job writes them."""
DIFFERENT_VALUES = 3_000
"""Of each column in each folder: some two bytes a value when packed, as in real samples."""
FIVE_CONDITIONS = """
candidate.magpsf > 19.5;
candidate.distnr > 2;
(candidate.magnr - candidate.magpsf) < -4 * (LOG10(candidate.distnr) + 0.2);
rf_snia_vs_nonia > 0.1; snn_snia_vs_nonia > 0.1;
"""


@dataclass(frozen=True)
class EstimateTimes:
    """Medians, in seconds, of the same question asked again; and of the process.

    Attributes
    ----------
    open_s
        Until the first answer without conditions.
    first_s
        The first answer with five conditions: the files are opened.
    memory_bytes
        By how much the process has grown.
    """

    open_s: float
    without_s: float
    first_s: float
    five_s: float
    memory_bytes: int


def time_estimates(data_dir: Path, runs: int) -> EstimateTimes:
    """Make the statistics, unless they are there, and ask."""
    folder = data_dir / f"statistics-{NIGHTS}-{CLASSES}-{ROWS}"
    if not (folder / "_complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        with ProcessPoolExecutor(1, get_context("spawn")) as other:  # what it needs is not the estimates' memory
            other.submit(_make, folder).result()
        (folder / "_complete").touch()
    before = _memory_bytes()
    estimates = ArchiveEstimates(folder.absolute().as_uri(), "ztf", data_dir / "cache")
    nights = NightRange(start=FIRST_NIGHT, stop=FIRST_NIGHT + timedelta(days=NIGHTS - 1))
    plain, conditioned = (TransferRequest(nights=nights, conditions=text) for text in ("", FIVE_CONDITIONS))
    open_s, first_s = _seconds(estimates, plain), _seconds(estimates, conditioned)
    without, five = ([_seconds(estimates, request) for _ in range(runs)] for request in (plain, conditioned))
    return EstimateTimes(open_s, statistics.median(without), first_s, statistics.median(five), _memory_bytes() - before)


def _seconds(estimates: ArchiveEstimates, request: TransferRequest) -> float:
    started = time.perf_counter()
    estimates.estimate(request)
    return time.perf_counter() - started


def _memory_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


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
