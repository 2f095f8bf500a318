"""What the objects of an archive really are: a truth table and a catalogue like that of the Transient Name Server.

Both lie in ``_truth`` below the archive's root: Spark, pandas and pyarrow pass over names that begin with an
underscore. They tell of the nights that are in the archive, and are made from the record that each night carries.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from simulator import name_server
from simulator.archive import simulated_nights
from simulator.arrow_columns import ArrowArray, numbers, validity, words
from simulator.file_names import object_ids
from simulator.kinds import Kind
from simulator.light_curves import Sources, mag_of_flux, peaks_of, period_d
from simulator.night import Detections, Simulation, detections_of
from simulator.population import discovery_night
from simulator.random_keys import Floats, Ints
from simulator.survey import night_number

TRUTH_FOLDER = "_truth"
OBJECTS_FILE = "objects.parquet"
CATALOGUE_FILE = "tns_public_objects.csv"
_SLOTS_AT_ONCE = 50_000
Nights: TypeAlias = Sequence[tuple[date, Simulation]]
_NIGHTS_KEY = b"simulated_nights"
_MJD_ZERO_JD = 2400000.5

_FIELDS: list[pa.Field[Any]] = [
    pa.field("objectId", pa.string(), nullable=False),
    pa.field("kind", pa.string(), nullable=False),
    pa.field("ra", pa.float64(), nullable=False),
    pa.field("dec", pa.float64(), nullable=False),
    pa.field("reference_mag", pa.float64()),
    pa.field("period_d", pa.float64()),
    pa.field("peak_mjd", pa.float64()),
    pa.field("peak_mag", pa.float64()),
    pa.field("alerts", pa.int32(), nullable=False),
    pa.field("brightest_mag", pa.float64(), nullable=False),
    pa.field("tns_name", pa.string()),
    pa.field("tns_type", pa.string()),
]
TRUTH = pa.schema(_FIELDS)
"""One row an object that has an alert in the archive.

Degrees; magnitudes in r, but for ``brightest_mag``, the smallest ``magpsf`` of the object's alerts in any band; null
where a column does not apply. ``peak_mjd`` and ``peak_mag`` are the maximum of a transient, noiseless.
"""


@dataclass(frozen=True)
class Truth:
    """What was written, or found up to date."""

    folder: Path
    objects: int
    reported: int
    """Objects in the catalogue."""


@dataclass(frozen=True)
class _Seen:
    """Objects with what the archive holds of them, as parallel arrays."""

    sources: Sources
    names: Ints
    """The night in each name."""
    alerts: Ints
    brightest_mag: Floats

    def take(self, rows: Ints) -> _Seen:
        return _Seen(self.sources.take(rows), self.names[rows], self.alerts[rows], self.brightest_mag[rows])


def catalogue_file(archive: Path) -> Path:
    """Where the archive's catalogue like TNS's is, once `update_truth` has made it."""
    return archive / TRUTH_FOLDER / CATALOGUE_FILE


def update_truth(archive: Path) -> Truth:
    """Make truth table and catalogue of the archive's simulated nights; nothing is done where they are there.

    Memory is bounded: what is seen once is written night by night, what lasts is as many objects as the sky holds.

    Raises
    ------
    OSError
        The folder cannot be written; the tables that were there are kept.
    """
    folder = archive / TRUTH_FOLDER
    nights = simulated_nights(archive)
    told = json.dumps([[str(night), simulation.seed, simulation.sizes.alerts, simulation.sizes.variation]
                       for night, simulation in nights]).encode()  # fmt: skip
    objects_file, catalogue = folder / OBJECTS_FILE, catalogue_file(archive)
    if objects_file.exists() and catalogue.exists():
        found = pq.read_metadata(objects_file)
        if (found.metadata or {}).get(_NIGHTS_KEY) == told:
            with catalogue.open(encoding="utf-8", newline="") as lines:
                return Truth(folder, found.num_rows, sum(1 for _ in csv.DictReader(lines)))
    folder.mkdir(parents=True, exist_ok=True)
    partial_objects, partial_catalogue = (file.with_name(f".{file.name}") for file in (objects_file, catalogue))
    try:
        objects, lasting = _write_objects(partial_objects, nights, told)
        reported = _write_catalogue(partial_catalogue, lasting)
        # The table that says which nights it tells of comes last.
        partial_catalogue.replace(catalogue)
        partial_objects.replace(objects_file)
    finally:
        partial_objects.unlink(missing_ok=True)
        partial_catalogue.unlink(missing_ok=True)
    return Truth(folder, objects, reported)


def _write_objects(path: Path, nights: Nights, told: bytes) -> tuple[int, _Seen]:
    """Write the truth table; return its rows and the objects that last."""
    count = 0
    lasting = _empty()
    with pq.ParquetWriter(path, TRUTH.with_metadata({_NIGHTS_KEY: told}), compression="snappy") as writer:
        for seen, is_once in _sightings(nights):
            once = seen.take(np.flatnonzero(is_once))
            writer.write_table(_table(once))
            count += len(once.alerts)
            lasting = _united(lasting, seen.take(np.flatnonzero(~is_once)))
        for start in range(0, len(lasting.alerts), _SLOTS_AT_ONCE):
            rows = np.arange(start, min(start + _SLOTS_AT_ONCE, len(lasting.alerts)))
            writer.write_table(_table(lasting.take(rows)))
    return count + len(lasting.alerts), lasting


def _sightings(nights: Nights) -> Iterator[tuple[_Seen, npt.NDArray[np.bool_]]]:
    """Everything in the archive, alert by alert, and whether it is seen once."""
    for night, simulation in nights:
        number = night_number(night)
        alerts = int(simulation.sizes.of(number)[0])
        for start in range(0, alerts, _SLOTS_AT_ONCE):
            found = detections_of(simulation, number, start, min(start + _SLOTS_AT_ONCE, alerts))
            yield _seen(found), found.is_once


def _seen(found: Detections) -> _Seen:
    return _Seen(
        sources=found.sources,
        names=discovery_night(found.sources, found.is_once),
        alerts=np.ones(len(found.is_once), dtype=np.int64),
        brightest_mag=mag_of_flux(np.abs(found.photometry.flux)),
    )


def _empty() -> _Seen:
    whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
    sources = Sources(
        kind=whole, keys=np.zeros(0, dtype=np.uint64), uid=whole, first_night=whole, field_index=whole,
        x_deg=real, y_deg=real, ra_deg=real, dec_deg=real, reference_mag=real,
    )  # fmt: skip
    return _Seen(sources, whole, whole, real)


def _united(first: _Seen, second: _Seen) -> _Seen:
    """Both, each object once (an object is its random key)."""
    keys = np.concatenate([first.sources.keys, second.sources.keys])
    _, rows, place = np.unique(keys, return_index=True, return_inverse=True)
    brightest = np.full(len(rows), np.inf)
    np.minimum.at(brightest, place, np.concatenate([first.brightest_mag, second.brightest_mag]))
    alerts = np.bincount(place, weights=np.concatenate([first.alerts, second.alerts]), minlength=len(rows))
    sources = Sources(
        **{
            field.name: np.concatenate([getattr(first.sources, field.name), getattr(second.sources, field.name)])[rows]
            for field in fields(Sources)
        }
    )
    return _Seen(sources, np.concatenate([first.names, second.names])[rows], alerts.astype(np.int64), brightest)


def _table(seen: _Seen) -> pa.Table:
    sources = seen.sources
    peak_jd, peak_mag = peaks_of(sources)
    reports = name_server.reports_of(sources)
    types = [name or None for name in name_server.TYPES]
    is_passing = (sources.kind >= Kind.ASTEROID) & (sources.kind <= Kind.LENS_ON_ASTEROID)
    arrays: dict[str, ArrowArray] = {
        "objectId": object_ids(sources.uid, seen.names),
        "kind": words(sources.kind, [kind.label for kind in Kind]),
        "ra": pa.array(sources.ra_deg),
        "dec": pa.array(sources.dec_deg),
        "reference_mag": _known(np.where(is_passing, np.nan, sources.reference_mag)),
        "period_d": _known(period_d(sources)),
        "peak_mjd": _known(peak_jd - _MJD_ZERO_JD),
        "peak_mag": _known(peak_mag),
        "alerts": numbers(seen.alerts, pa.int32()),
        "brightest_mag": pa.array(seen.brightest_mag),
        "tns_name": pa.array(name_server.tns_names(sources, reports), pa.string()),
        "tns_type": words(reports.type_codes(), types),
    }
    return pa.Table.from_arrays([arrays[name] for name in TRUTH.names], schema=TRUTH)


def _known(values: Floats) -> ArrowArray:
    """Numbers, null where they are NaN."""
    return numbers(values, pa.float64(), validity(~np.isnan(values)))


def _write_catalogue(path: Path, lasting: _Seen) -> int:
    """Write the catalogue of what was reported; return its rows."""
    internal_names = [str(name) for name in object_ids(lasting.sources.uid, lasting.names)]
    rows = name_server.catalogue_rows(lasting.sources, internal_names)
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, name_server.COLUMNS, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return len(rows)
