"""A store of a million light alerts: made up of random numbers, for what is measured is the looking, not the sky."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from backend.alert_queries import SCORES
from backend.alert_store import AlertStore

ALERTS, OBJECTS, NIGHTS = 1_000_000, 60_000, 365
CLASSES = ("SN candidate", "Early SN Ia candidate", "RRLyr", "EB*", "QSO", "Mira", "Solar System MPC", "Unknown")
_BATCH = 40_960
_FIRST_JD = 2_460_400.5
_TOPIC = "ftransfer_ztf_made_up"


def provide_store(folder: Path) -> Path:
    """The store's file; made when it is not there."""
    path = folder / f"made-up-{ALERTS}" / "bench.duckdb"
    if not path.is_file():
        unfinished = path.with_name("unfinished.duckdb")
        unfinished.unlink(missing_ok=True)
        _fill(unfinished)
        unfinished.rename(path)
    return path


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
