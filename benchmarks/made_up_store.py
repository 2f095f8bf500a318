"""Stores to look through: a million light alerts, made up of random numbers, and full packets of a simulated sky."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from backend.alert_queries import SCORES
from backend.alert_store import AlertStore

ALERTS, OBJECTS, NIGHTS = 1_000_000, 60_000, 365
CLASSES = ("SN candidate", "Early SN Ia candidate", "RRLyr", "EB*", "QSO", "Mira", "Solar System MPC", "Unknown")
_BATCH, _PACKETS_AT_ONCE = 40_960, 1_024
_FIRST_JD = 2_460_400.5
_TOPIC = "ftransfer_ztf_made_up"


def provide_store(folder: Path) -> Path:
    """The file of the light alerts; made when it is not there."""
    return _provide(folder / f"made-up-{ALERTS}" / "bench.duckdb", _fill)


def provide_packets(folder: Path, archive: Path) -> Path:
    """The file of an archive's full packets; made when it is not there."""
    return _provide(folder / f"packets-{archive.name}" / "bench.duckdb", lambda path: _fill_with_packets(path, archive))


def _provide(path: Path, fill: Callable[[Path], None]) -> Path:
    if not path.is_file():
        unfinished = path.with_name("unfinished.duckdb")
        unfinished.unlink(missing_ok=True)
        fill(unfinished)
        unfinished.rename(path)
    return path


def _fill_with_packets(path: Path, archive: Path) -> None:
    files = [pq.ParquetFile(file) for file in sorted(archive.glob("year=*/**/*.parquet"))]
    done = 0
    with AlertStore(path) as store:
        store.prepare(_TOPIC, "{}", "made up", files[0].schema_arrow)
        for batch in (batch for file in files for batch in file.iter_batches(_PACKETS_AT_ONCE)):
            done += batch.num_rows
            store.append(pa.Table.from_batches([batch]), {0: done})


def _fill(path: Path) -> None:
    rng = np.random.default_rng(1)
    sky = {"ra": rng.uniform(0, 360, OBJECTS), "dec": np.degrees(np.arcsin(rng.uniform(-0.5, 1, OBJECTS)))}
    brightness, classes = rng.normal(18.5, 1, OBJECTS), rng.choice(CLASSES, OBJECTS)
    with AlertStore(path) as store:
        for begin in range(0, ALERTS, _BATCH):
            count = min(_BATCH, ALERTS - begin)
            number = (OBJECTS * rng.random(count) ** 2).astype(int)  # some objects have many alerts, most have few
            table = pa.table(
                {
                    "objectId": np.char.add("ZTF24", np.char.zfill(number.astype(str), 7)),
                    "candid": 10**18 + begin + np.arange(count),
                    "jd": _FIRST_JD + rng.integers(0, NIGHTS, count) + rng.uniform(0, 0.4, count),
                    "fid": rng.integers(1, 3, count).astype(np.int32),
                    "magpsf": (brightness[number] + rng.normal(0, 0.3, count)).astype(np.float32),
                    "sigmapsf": rng.uniform(0.01, 0.2, count).astype(np.float32),
                    "ra": sky["ra"][number],
                    "dec": sky["dec"][number],
                    "magnr": rng.normal(18, 1, count).astype(np.float32),
                    "sigmagnr": rng.uniform(0.01, 0.1, count).astype(np.float32),
                    "distnr": rng.uniform(0, 5, count).astype(np.float32),
                    "isdiffpos": rng.choice(["t", "f"], count),
                    "rb": rng.uniform(0, 1, count).astype(np.float32),
                    "drb": rng.uniform(0, 1, count).astype(np.float32),
                    **{name: rng.uniform(0, 1, count) for name in SCORES if name != "drb"},
                    "finkclass": classes[number],
                    "tnsclass": np.full(count, "Unknown"),
                }
            )
            if begin == 0:
                store.prepare(_TOPIC, "{}", "made up", table.schema)
            store.append(table, {0: begin + count})
