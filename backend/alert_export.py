"""Write alerts as Parquet: one file, or hive folders by time or class, in bounded memory, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from backend.errors import QuicklookError
from backend.export_folder import ExportFolder
from backend.hive_partitions import ClassPartitions, NoPartitions, Partitions, TimePartitions
from backend.parquet_files import ParquetLayout, PartitionFiles

PartitionBy = Literal["time", "finkclass", "tnsclass"]


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What is on disk."""

    rows: int
    files: int
    bytes: int


def write_parquet(
    batches: pa.RecordBatchReader,
    out_dir: Path,
    partition_by: PartitionBy | None = None,
    *,
    topic: str,
    provenance: Mapping[str, str] | None = None,
) -> ExportSummary:
    """Write all batches below a folder.

    Parameters
    ----------
    batches
        The alerts, as `AlertStore.scan` gives them.
    out_dir
        Made when it is not there. What an earlier export of the same topic wrote in it is replaced; until everything
        is written it stays as it is.
    partition_by
        ``time``: ``year=YYYY/month=MM/day=DD``, by the UTC day of ``jd``. ``finkclass``, ``tnsclass``: a folder for
        each value, percent-encoded; the column is not repeated in the files. None: one file.
    topic, provenance
        Where the alerts come from: the topic, and more (request, schema fingerprint) as text; kept in each file.

    Raises
    ------
    InvalidRequest
        When the alerts lack the column to partition by, or the folder holds what is not an export of this topic.
    QuicklookError
        When the disk is full or fails; an earlier export is still there then.
    """
    partitions = partitions_of(partition_by, batches.schema)
    notes = {"alert_quicklook.topic": topic, **{f"alert_quicklook.{k}": v for k, v in (provenance or {}).items()}}
    layout = ParquetLayout.of(partitions.file_schema, notes)
    folder = ExportFolder(out_dir, topic)
    try:
        with folder.replacing() as staging, PartitionFiles(staging, layout) as files:
            for batch in batches:
                for name, part in partitions.split(batch):
                    files.add(name, part)
            if not files.count:
                files.add("", layout.schema.empty_table())
    except OSError as error:
        raise QuicklookError(
            f"The alerts cannot be written to {out_dir}: {error}.", "Make room on the disk, or choose another folder."
        ) from error
    return ExportSummary(files.rows, files.count, files.size_bytes)


def partitions_of(partition_by: PartitionBy | None, schema: pa.Schema) -> Partitions:
    """The way to divide alerts of this schema.

    Raises
    ------
    InvalidRequest
        They lack the column to partition by.
    """
    if partition_by is None:
        return NoPartitions(schema)
    if partition_by == "time":
        return TimePartitions(schema)
    return ClassPartitions(schema, partition_by)
