"""Nights of a few columns, written by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from simulator.archive import night_folder


def write_night(archive: Path, night: date, columns: dict[str, Any], name: str = "part-0.parquet") -> Path:
    """Write a file of a night; return its path."""
    folder = night_folder(archive, night)
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), folder / name)
    return folder / name
