"""A store of random alerts, flat or with their measurements under ``candidate``, some of them without a value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from backend.alert_store import AlertStore

JD = 2_460_555.5  # 2024-09-02 00:00 UTC
MEASURED = ("jd", "fid", "magpsf", "sigmapsf", "ra", "dec")
CLASSES = ["SN candidate", "RRLyr", "Unknown", "QSO", "Star", "AGN", "Blazar", "EB*"]


def scattered(alerts: int, seed: int = 7) -> pd.DataFrame:
    """Alerts of some objects over ten nights, all over the sky; magnitudes are at times null, NaN or -999."""
    rng = np.random.default_rng(seed)
    number = rng.integers(0, max(alerts // 10, 1), alerts)
    ra, dec = rng.uniform(0, 360, alerts), np.degrees(np.arcsin(rng.uniform(-1, 1, alerts)))
    magnitude = rng.normal(18.5, 1.2, alerts).astype(np.float32)
    magnitude[rng.random(alerts) < 0.02] = np.nan
    magnitude[rng.random(alerts) < 0.02] = -999.0
    return pd.DataFrame(
        {
            "candid": 10**18 + np.arange(alerts),
            "objectId": [f"ZTF24{each:05d}" for each in number],
            "jd": JD + rng.uniform(0, 10, alerts),
            "fid": rng.integers(1, 3, alerts).astype(np.int32),
            "magpsf": magnitude,
            "sigmapsf": rng.uniform(0.01, 0.3, alerts).astype(np.float32),
            "ra": ra[number],
            "dec": dec[number],
            "finkclass": rng.choice(CLASSES, alerts),
            "tnsclass": rng.choice(["Unknown", "(TNS) SN Ia"], alerts, p=[0.9, 0.1]),
            "score": rng.uniform(0, 1, alerts),
        }
    )


def store_of_scattered(path: Path, frame: pd.DataFrame, *, nested: bool) -> AlertStore:
    """An open store with these alerts; who asks closes it."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if nested:
        struct = pa.StructArray.from_arrays(
            [table.column(name).combine_chunks() for name in MEASURED], fields=[table.schema.field(n) for n in MEASURED]
        )
        table = table.drop_columns(list(MEASURED)).append_column("candidate", struct)
    store = AlertStore(path)
    store.prepare("ftransfer_ztf_x", "{}", "x", table.schema)
    store.append(table.replace_schema_metadata(), {0: len(frame)})
    return store
