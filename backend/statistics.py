"""The statistics of an archive, as the statistics job wrote them: counts, and where the sample is."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from backend.class_nights import SERVICE, ClassNights, Integers, SampleFile, no_class_nights
from backend.errors import ServiceUnavailable
from backend.field_years import FieldYears
from backend.models import ArchiveNights, Content
from backend.shared_files import WITHOUT_HDFS, SharedFiles

LOOK_S = 2.0
"""New folders are looked for so often."""
_COUNTS, _SAMPLE, _YEARS = "counts", "sample", "_field_years.json"
_SIZES = tuple(f"bytes_{content}" for content in Content)
_NAMES = pa.dictionary(pa.int32(), pa.string())
_FIELDS: list[pa.Field[Any]] = [
    pa.field("night", pa.date32()),
    pa.field("finkclass", _NAMES),
    pa.field("tnsclass", _NAMES),
    *(pa.field(name, pa.int64()) for name in ("alerts", "sampled", *_SIZES)),
    pa.field("tns_catalogue", _NAMES),
]
_SCHEMA = pa.schema(_FIELDS)
_BETWEEN = "\x1f"


def statistics_folder(statistics_uri: str, archive_uri: str) -> str:
    """The folder of one archive's statistics: never in the archive itself."""
    return f"{statistics_uri.rstrip('/')}/{hashlib.sha256(archive_uri.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Snapshot:
    """What the statistics were at one moment; counts and sample belong together.

    Attributes
    ----------
    tns_catalogues
        Versions of the catalogue that ``tnsclass`` was made with; none without a catalogue, more than one while nights
        are counted again.
    """

    folders: tuple[str, ...] = ()
    counts: ClassNights = field(default_factory=no_class_nights)
    sample: tuple[SampleFile, ...] = ()
    tns_catalogues: tuple[str, ...] = ()
    updated_at: datetime | None = None
    field_years: FieldYears = field(default_factory=FieldYears)

    @cached_property
    def nights(self) -> ArchiveNights:
        """The nights with data."""
        return ArchiveNights(nights=self.counts.every_night(), updated_at=self.updated_at)


class Statistics:
    """Counts per night and class; empty until the statistics job has run. Safe to use from several threads.

    Parameters
    ----------
    uri
        Address of the archive's folder of statistics.
    files
        Opens it.

    Raises
    ------
    InvalidSettings
        There is no way to such an address.
    """

    def __init__(self, uri: str, files: SharedFiles = WITHOUT_HDFS) -> None:
        self._fs, self._root = files.open(uri)
        self._uri = uri
        self._lock = threading.Lock()
        self._snapshot = Snapshot()
        self._tables: dict[str, pa.Table] = {}
        self._problem: ServiceUnavailable | None = None
        self._looked_at = float("-inf")

    @property
    def place(self) -> tuple[Any, str]:
        """The folder's file system, of fsspec, and its path there."""
        return self._fs, self._root

    def snapshot(self) -> Snapshot:
        """What is known now.

        Raises
        ------
        ServiceUnavailable
            The folder is there and cannot be read.
        """
        with self._lock:
            if time.monotonic() - self._looked_at >= LOOK_S:
                self._look()
                self._looked_at = time.monotonic()
            if self._problem:
                raise ServiceUnavailable(SERVICE, self._problem.message, self._problem.hint) from self._problem
            return self._snapshot

    def look_again(self) -> None:
        """Have the next question see what was written just now."""
        with self._lock:
            self._looked_at = float("-inf")

    def _look(self) -> None:
        """See what is there now; a failure is kept as well, so that not everybody waits for the next one."""
        try:
            try:
                self._snapshot = self._load()
            except FileNotFoundError:  # of a folder that has been replaced meanwhile
                self._snapshot = self._load()
            self._problem = None
        except OSError as error:
            self._problem = ServiceUnavailable(SERVICE, f"The statistics in {self._uri} cannot be read: {error}.")
        except (ValueError, pa.ArrowException) as error:
            self._problem = ServiceUnavailable(
                SERVICE, f"The statistics in {self._uri} are damaged: {error}.", "Have them made anew."
            )

    def _load(self) -> Snapshot:
        folders = self._complete_folders()
        if folders == self._snapshot.folders:
            return self._snapshot
        self._tables = {folder: self._tables.get(folder) or self._read(folder) for folder in folders}
        years = self._read_years()
        samples = {folder: self._parts(folder, _SAMPLE) for folder in folders}
        return replace(_snapshot(self._tables, samples), field_years=years)

    def _complete_folders(self) -> tuple[str, ...]:
        try:
            found = [str(path).rstrip("/") for path in self._fs.ls(self._root, detail=False)]
        except FileNotFoundError:
            return ()
        folders = (path for path in found if path.rsplit("/", 1)[-1][:8].isdigit())
        known = self._tables
        return tuple(sorted(f for f in folders if f in known or self._fs.exists(f"{f}/{_COUNTS}/_SUCCESS")))

    def _read_years(self) -> FieldYears:
        path = f"{self._root}/{_YEARS}"
        return FieldYears.model_validate_json(self._fs.cat_file(path)) if self._fs.exists(path) else FieldYears()

    def _read(self, folder: str) -> pa.Table:
        files = (pa.BufferReader(self._fs.cat_file(path)) for path in self._parts(folder, _COUNTS))
        parts = [pq.read_table(file, columns=_SCHEMA.names).cast(_SCHEMA) for file in files]
        return pa.concat_tables(parts) if parts else _SCHEMA.empty_table()

    def _parts(self, folder: str, table: str) -> list[str]:
        # Not by fsspec's glob: for it, a folder that cannot be listed is an empty one.
        paths = map(str, self._fs.ls(f"{folder}/{table}", detail=False))
        return sorted(path for path in paths if path.rsplit("/", 1)[-1].startswith("part-"))


def _snapshot(tables: Mapping[str, pa.Table], samples: Mapping[str, Sequence[str]]) -> Snapshot:
    """Put folders together, the youngest last: a night that was counted again is in several."""
    if not tables:
        return Snapshot()
    seen: frozenset[int] = frozenset()
    kept, files = [], []
    for folder in sorted(tables, reverse=True):
        night = tables[folder].column("night").cast(pa.int32()).to_numpy()
        of_folder = frozenset(np.unique(night).tolist())
        new = of_folder - seen
        kept.append(tables[folder].filter(pa.array(np.isin(night, list(new)))))
        files += [SampleFile(path, new, of_folder & seen) for path in samples[folder] if new]
        seen |= new
    rows = pa.concat_tables(kept)
    catalogues = tuple(sorted(filter(None, _encoded(rows.column("tns_catalogue"))[0])))
    return Snapshot(tuple(sorted(tables)), _class_nights(rows), tuple(files), catalogues, _time_of(max(tables)))


def _class_nights(rows: pa.Table) -> ClassNights:
    finkclasses, fink = _encoded(rows.column("finkclass"))
    tnsclasses, tns = _encoded(rows.column("tnsclass"))
    pairs, kind = np.unique(fink * len(tnsclasses) + tns, return_inverse=True)
    night = rows.column("night").cast(pa.int32()).to_numpy().astype(np.int64)
    in_order = np.lexsort((kind, night))
    sizes = np.column_stack([np.nan_to_num(rows.column(name).to_numpy()).astype(np.int64) for name in _SIZES])
    return ClassNights(
        classes=tuple((finkclasses[pair // len(tnsclasses)], tnsclasses[pair % len(tnsclasses)]) for pair in pairs),
        night=night[in_order],
        kind=kind[in_order],
        alerts=rows.column("alerts").to_numpy()[in_order],
        sampled=rows.column("sampled").to_numpy()[in_order],
        size_bytes=sizes[in_order],
    )


def _encoded(column: pa.ChunkedArray[Any]) -> tuple[list[str], Integers]:
    """The values that there are, and each entry as a place among them."""
    encoded: Any = column.unify_dictionaries().combine_chunks()
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy().astype(np.int64)


def _time_of(folder: str) -> datetime:
    return datetime.strptime(folder.rsplit("/", 1)[-1], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
