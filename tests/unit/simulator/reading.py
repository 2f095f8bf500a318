"""How the tests look into a simulated archive."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def read_night(folder: Path) -> pa.Table:
    """All alerts of a night folder, columns exactly as in its files."""
    return pa.concat_tables([pq.ParquetFile(path).read() for path in sorted(folder.glob("*.parquet"))])


def digests(root: Path) -> dict[str, str]:
    """Digest of every file below a folder, by relative path."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
