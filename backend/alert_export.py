"""Write alerts as files: one, or hive folders by time or class, in bounded memory, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from backend.alert_formats import AlertFormat, file_format
from backend.alert_schema import survey
from backend.errors import QuicklookError
from backend.export_folder import ExportFolder
from backend.hive_partitions import PartitionBy, divided, partitions
from backend.partition_files import PartitionFiles

__all__ = ["ExportSummary", "PartitionBy", "write_alerts"]


SURVEY = "ztf"
"""Whose fields the units and descriptions are those of; columns that it does not know have none."""


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What is on disk."""

    rows: int
    files: int
    bytes: int


def write_alerts(
    batches: pa.RecordBatchReader,
    out_dir: Path,
    partition_by: PartitionBy | None = None,
    alert_format: AlertFormat = "parquet",
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
        each value, percent-encoded. Parquet does not repeat the column in the files; other formats, whose readers know
        nothing of folders, do. None: one folder.
    alert_format
        See `backend.alert_formats`. FITS are several files where there are many alerts.
    topic, provenance
        Where the alerts come from: the topic, and more (request, schema fingerprint) as text; kept in each file.

    Raises
    ------
    InvalidRequest
        When the alerts lack the column to partition by or do not fit the format, or the folder holds what is not an
        export of this topic.
    QuicklookError
        When the disk is full or fails; an earlier export is still there then.
    """
    folders = partitions(partition_by, batches.schema, repeat=alert_format != "parquet")
    notes = {"topic": topic, **(provenance or {})}
    layout = file_format(alert_format, folders.file_schema, survey(SURVEY), notes)
    folder = ExportFolder(out_dir, topic)
    try:
        with folder.replacing() as staging:
            with PartitionFiles(staging, layout) as files:
                for name, part in divided(batches, folders):
                    files.add(name, part)
                if not files.folders:
                    files.add("", folders.file_schema.empty_table())
            summary = ExportSummary(files.rows, len(files.paths), files.size_bytes)
    except OSError as error:
        raise QuicklookError(
            f"The alerts cannot be written to {out_dir}: {error}.", "Make room on the disk, or choose another folder."
        ) from error
    return summary
