"""The forms in which alerts can be downloaded: which there are, which suit the alerts at hand, how large they get."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from backend.alert_export import SURVEY, ExportSummary, PartitionBy, write_alerts
from backend.alert_filter import AlertFilter
from backend.alert_formats import ExportFormat, file_format
from backend.alert_queries import AlertQueries
from backend.alert_schema import survey
from backend.alert_store import AlertStore
from backend.errors import InvalidRequest
from backend.hive_partitions import partitions
from backend.nested_light_curves import nested_light_curves

_SAMPLE_BYTES = 4_000_000
_SAMPLE_ROWS = (20, 2_000)
_SHORTEST_NAME = 3


@dataclass(frozen=True, slots=True)
class DownloadForm:
    """A format, and how it is divided."""

    export_format: ExportFormat
    partition_by: PartitionBy | None = None


FORMS = (
    DownloadForm("parquet"),
    DownloadForm("parquet", "time"),
    DownloadForm("parquet", "finkclass"),
    DownloadForm("parquet", "tnsclass"),
    DownloadForm("csv"),
    DownloadForm("votable"),
    DownloadForm("fits"),
    DownloadForm("lightcurves"),
)


@dataclass(frozen=True, slots=True)
class Fit:
    """How a form suits alerts.

    Attributes
    ----------
    refusal
        Why they cannot have it, in a line; empty when they can.
    left_out
        The columns that it has no place for.
    """

    refusal: str = ""
    left_out: tuple[str, ...] = ()


def fit(store: AlertStore, form: DownloadForm) -> Fit:
    """How a form suits the alerts of a store."""
    try:
        if form.export_format == "lightcurves":
            nested_light_curves(AlertQueries(store))
            return Fit()
        divided = partitions(form.partition_by, _schema(store))
        return Fit(left_out=file_format(form.export_format, divided.file_schema, survey(SURVEY), {}).left_out)
    except InvalidRequest as error:
        return Fit(error.message)


def bytes_per_alert(store: AlertStore, form: DownloadForm) -> float:
    """About how many bytes an alert takes in a form, from some of them; 0.0 when there are none.

    How the files are divided is not regarded.
    """
    sample, rows = _sample(store, form)
    if not rows:
        return 0.0
    with tempfile.TemporaryDirectory(prefix="alerts-") as folder:
        whole = _written(sample, Path(folder) / "some", form)
        frame = _written(pa.RecordBatchReader.from_batches(sample.schema, []), Path(folder) / "none", form)
    return max(whole.bytes - frame.bytes, 0) / rows


def _sample(store: AlertStore, form: DownloadForm) -> tuple[pa.RecordBatchReader, int]:
    least, most = _SAMPLE_ROWS
    stored = max(store.counts.distinct, 1)
    wanted = min(max(least, int(_SAMPLE_BYTES * stored / store.path.stat().st_size)), most)
    if form.export_format == "lightcurves":
        return _sample_objects(AlertQueries(store), wanted)
    sample = store.scan(first=wanted).read_all()
    return sample.to_reader(), sample.num_rows


def _sample_objects(queries: AlertQueries, wanted: int) -> tuple[pa.RecordBatchReader, int]:
    """Objects whose names begin alike, with about so many alerts: an object is sampled with all of its alerts."""
    name = queries.first_object() or ""
    chosen = AlertFilter(object_id=name)
    while (rows := queries.count(chosen)) < wanted and len(name) > _SHORTEST_NAME:
        name = name[:-1]
        chosen = AlertFilter(object_id=name)
    return nested_light_curves(queries, chosen), rows


def _written(batches: pa.RecordBatchReader, folder: Path, form: DownloadForm) -> ExportSummary:
    as_alerts = "parquet" if form.export_format == "lightcurves" else form.export_format
    return write_alerts(batches, folder, None, as_alerts, topic="sample")


def _schema(store: AlertStore) -> pa.Schema:
    return store.schema or pa.schema([])
