"""One night of the archive: its alerts as Arrow tables, its files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from simulator import arrow_columns as columns
from simulator.added_values import added_value_columns
from simulator.arrow_columns import ArrowArray
from simulator.candidates import Alerts, candidate_array, past_columns
from simulator.file_names import object_ids
from simulator.history import detections_before_history, history_array, recent_history
from simulator.light_curves import Sources
from simulator.measurements import Photometry, photometry_of, photometry_of_fillers, quadrant_of
from simulator.population import NightSizes, Slots, discovery_night, fillers_at, slots_of, sources_at
from simulator.random_keys import Ints, uniform
from simulator.schema import ALERT
from simulator.stamps import stamp_columns
from simulator.survey import Exposures, exposures_of

ALERTS_PER_FILE = 25_000
ALERTS_PER_ROW_GROUP = 5_000
# A pool's stamps are stored once a row group: the dictionary holds them all.
_DICTIONARY_BYTES = 32 * 2**20
_REPEATED_COLUMNS = [
    "schemavsn", "publisher", "cdsxmatch", "tns", "gaiaClass", "vsx", "spicy_class", "gcvs", "x3hsp", "x4lac",
    "fink_broker_version", "fink_science_version", "tracklet", "candidate.programpi", "candidate.isdiffpos",
    "candidate.rbversion", "candidate.drbversion", "candidate.fid", "candidate.field", "candidate.rcid",
    "prv_candidates.list.element.programpi", "prv_candidates.list.element.isdiffpos",
    "prv_candidates.list.element.rbversion", "prv_candidates.list.element.fid", "prv_candidates.list.element.nid",
    "prv_candidates.list.element.field", "prv_candidates.list.element.rcid",
    "mangrove.key_value.key", "mangrove.key_value.value", "blazar_stats.key_value.key",
]  # fmt: skip
_STAMP_DATA = [f"cutout{stamp}.stampData" for stamp in ("Science", "Template", "Difference")]


@dataclass(frozen=True)
class Simulation:
    """What makes an archive this archive: the same values give the same bytes."""

    seed: int
    sizes: NightSizes
    stamps: str
    """``pool``, ``distinct`` or ``none``."""


def _replace_rows(sources: Sources, rows: Ints, others: Sources) -> Sources:
    """The sources, with those at ``rows`` replaced."""
    replaced = {field.name: getattr(sources, field.name).copy() for field in fields(Sources)}
    for name, values in replaced.items():
        values[rows] = getattr(others, name)
    return Sources(**replaced)


@dataclass(frozen=True)
class Detections:
    """What some slots of a night show, without the past."""

    slots: Slots
    sources: Sources
    exposures: Exposures
    photometry: Photometry
    is_once: npt.NDArray[np.bool_]
    """Where the channel's own object was not detected, and something seen once took its place."""


def detections_of(simulation: Simulation, night: int, start: int, stop: int) -> Detections:
    """What a night shows in the slots ``start`` to ``stop`` (excluded)."""
    seed = simulation.seed
    slots = slots_of(night, start, stop)
    hosts = sources_at(seed, night, slots)
    nights = np.full(stop - start, night)
    rcid, _, _ = quadrant_of(hosts.x_deg, hosts.y_deg)
    exposures = exposures_of(seed, nights, slots.visit, hosts.field_index, rcid)
    photometry = photometry_of(hosts, exposures)
    is_once = ~photometry.detected
    rows = np.flatnonzero(is_once)
    free_slots = Slots(slots.slot[rows], slots.channel[rows], slots.group[rows], slots.visit[rows])
    fillers = fillers_at(seed, night, free_slots, hosts.take(rows), exposures.jd[rows])
    sources = _replace_rows(hosts, rows, fillers)
    rcid, _, _ = quadrant_of(sources.x_deg, sources.y_deg)
    exposures = exposures_of(seed, nights, slots.visit, sources.field_index, rcid)
    once = photometry_of_fillers(sources, exposures)
    measured = Photometry(
        keys=np.where(is_once, once.keys, photometry.keys),
        flux=np.where(is_once, once.flux, photometry.flux),
        flux_error=np.where(is_once, once.flux_error, photometry.flux_error),
    )
    return Detections(slots, sources, exposures, measured, is_once)


def alerts_of(simulation: Simulation, night: int, start: int, stop: int) -> Alerts:
    """The alerts of a night in the slots ``start`` to ``stop`` (excluded), with their histories."""
    seen = detections_of(simulation, night, start, stop)
    past = (simulation.seed, night, seen.slots, seen.sources, seen.is_once, simulation.sizes)
    before, first_jd = detections_before_history(*past)
    return Alerts(
        night=night,
        slots=seen.slots,
        sources=seen.sources,
        exposures=seen.exposures,
        photometry=seen.photometry,
        is_once=seen.is_once,
        history=recent_history(*past),
        detections_before=before,
        first_jd_before=first_jd,
    )


def table_of(seed: int, alerts: Alerts, pool: dict[str, ArrowArray] | None, *, distinct_stamps: bool) -> pa.Table:
    """The alerts as rows of the archive."""
    past = past_columns(alerts)
    same = np.zeros(len(alerts.keys), dtype=np.int64)
    without_history = alerts.is_once & (uniform(alerts.keys, "no history") < 0.05)
    arrays = {
        "candid": columns.numbers(alerts.candid, pa.int64()),
        "schemavsn": columns.words(same, ("4.02",)),
        "publisher": columns.words(same, ("Fink",)),
        "objectId": object_ids(alerts.sources.uid, discovery_night(alerts.sources, alerts.is_once)),
        "candidate": candidate_array(alerts, past),
        "prv_candidates": history_array(alerts.history, alerts.sources, without_history),
        **stamp_columns(alerts, pool, distinct=distinct_stamps),
        **added_value_columns(seed, alerts, past),
    }
    return pa.Table.from_arrays([arrays[name] for name in ALERT.names], schema=ALERT)


def write_file(
    simulation: Simulation, night: int, number: int, folder: Path, pool: dict[str, ArrowArray] | None
) -> tuple[int, int]:
    """Write one of a night's files; return its alerts and bytes."""
    path = folder / f"part-{number:05d}.snappy.parquet"
    begin = number * ALERTS_PER_FILE
    end = min(begin + ALERTS_PER_FILE, int(simulation.sizes.of(night)[0]))
    repeated = _REPEATED_COLUMNS + (_STAMP_DATA if simulation.stamps == "pool" else [])
    with pq.ParquetWriter(
        path,
        ALERT,
        compression="snappy",
        use_dictionary=repeated,  # type: ignore[arg-type]  # the stubs forget that it may be a list
        dictionary_pagesize_limit=_DICTIONARY_BYTES,
    ) as writer:
        for start, stop in _row_groups(begin, end):
            alerts = alerts_of(simulation, night, start, stop)
            writer.write_table(table_of(simulation.seed, alerts, pool, distinct_stamps=simulation.stamps == "distinct"))
    return end - begin, path.stat().st_size


def _row_groups(begin: int, end: int) -> Iterator[tuple[int, int]]:
    for start in range(begin, end, ALERTS_PER_ROW_GROUP):
        yield start, min(start + ALERTS_PER_ROW_GROUP, end)


def files_of(simulation: Simulation, night: int) -> int:
    """How many files a night has."""
    return -(-int(simulation.sizes.of(night)[0]) // ALERTS_PER_FILE)
