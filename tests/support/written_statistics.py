"""Statistics as the job writes them, made by hand: counts, and a sample with a few columns."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from backend.models import Content


def write_statistics(
    root: Path, name: str, rows: list[tuple[date, str, int]], *, complete: bool = True, catalogue: str = ""
) -> Path:
    """Statistics of (night, ``finkclass``, alerts) in a folder of this name; return it.

    All alerts are in the sample; the n-th of a class has the magnitude n.
    """
    counts: dict[str, Any] = {
        "night": pa.array([row[0] for row in rows], pa.date32()),
        "finkclass": [row[1] for row in rows],
        "tnsclass": ["Unknown"] * len(rows),
        "alerts": [row[2] for row in rows],
        "sampled": [row[2] for row in rows],
        **{f"bytes_{content}": [1000 * n * row[2] for row in rows] for n, content in enumerate(Content, start=1)},
        "tns_catalogue": [catalogue] * len(rows),
    }
    each = [(night, finkclass, float(n)) for night, finkclass, alerts in rows for n in range(alerts)]
    sample: dict[str, Any] = {
        "objectId": [f"ZTF{n}" for n in range(len(each))],
        "candid": list(range(len(each))),
        "candidate.jd": [2460000.5] * len(each),
        "candidate.ra": [10.0] * len(each),
        "candidate.dec": [5.0] * len(each),
        "candidate.magpsf": pa.array([row[2] for row in each], pa.float32()),
        "candidate.fid": [1] * len(each),
        "night": pa.array([row[0] for row in each], pa.date32()),
        "finkclass": [row[1] for row in each],
        "tnsclass": ["Unknown"] * len(each),
    }
    folder = root / name
    for table, columns in (("sample", sample), ("counts", counts)):
        (folder / table).mkdir(parents=True)
        pq.write_table(pa.table(columns), folder / table / "part-0.parquet")
        if complete or table == "sample":
            (folder / table / "_SUCCESS").touch()
    return folder
