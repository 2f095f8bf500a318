"""What a browser downloads: the alerts of a reader as one Parquet file, or as a zip of hive folders."""

from __future__ import annotations

import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from backend.alert_export import PartitionBy
from backend.errors import QuicklookError
from backend.reading import AlertReader

LARGEST_DOWNLOAD_BYTES = 100_000_000
"""A download is held in memory until the browser has it."""
LIKELY_SHRINKING = 4
"""A store's file may be so many times larger than its Parquet; beyond that it is not even tried."""


@dataclass(frozen=True, slots=True)
class ParquetDownload:
    """A file for the browser."""

    name: str
    mime: str
    data: bytes
    rows: int


def parquet_download(
    reader: AlertReader,
    partition_by: PartitionBy | None,
    request: dict[str, object] | None = None,
    *,
    limit_bytes: int = LARGEST_DOWNLOAD_BYTES,
) -> ParquetDownload:
    """Write what a reader has stored, for a download.

    Parameters
    ----------
    partition_by
        None: one Parquet file. Otherwise a zip of folders; see `backend.alert_export.write_alerts`.
    request
        What was asked for; kept in the files.
    limit_bytes
        The largest download.

    Raises
    ------
    QuicklookError
        It is larger; the hint has the command that writes the same without a browser.
    """
    stored = reader.store.path.stat().st_size
    if stored > LIKELY_SHRINKING * limit_bytes:
        raise _too_large(reader.topic, partition_by, stored // LIKELY_SHRINKING, limit_bytes)
    with tempfile.TemporaryDirectory(prefix="alerts-") as folder:
        summary = reader.export(Path(folder) / reader.topic, partition_by, request)
        if summary.bytes > limit_bytes:
            raise _too_large(reader.topic, partition_by, summary.bytes, limit_bytes)
        files = sorted((Path(folder) / reader.topic).rglob("*.parquet"))
        if partition_by is None:
            data, name, mime = files[0].read_bytes(), f"{reader.topic}.parquet", "application/vnd.apache.parquet"
        else:
            data, name, mime = _zipped(Path(folder), files), f"{reader.topic}.zip", "application/zip"
    return ParquetDownload(name, mime, data, summary.rows)


def fetch_command(topic: str, partition_by: PartitionBy | None = None) -> str:
    """The command that writes a topic's alerts as Parquet, of any size."""
    layout = f" --partition-by {partition_by}" if partition_by else ""
    return f"python -m backend fetch {topic} --out alerts{layout}"


def _zipped(folder: Path, files: list[Path]) -> bytes:
    archive = folder / "alerts.zip"
    # Parquet is compressed already.
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as writing:
        for file in files:
            writing.write(file, file.relative_to(folder))
    return archive.read_bytes()


def _too_large(topic: str, partition_by: PartitionBy | None, size: int, limit: int) -> QuicklookError:
    return QuicklookError(
        f"The download would be some {size / 1e6:,.0f} MB; a browser gets up to {limit / 1e6:,.0f} MB.",
        f"Write it to a folder instead: {fetch_command(topic, partition_by)}",
    )
