"""The history of an alert: the visits of the last 30 nights, detections and upper limits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulator import arrow_columns as columns
from simulator.arrow_columns import AnyArray, ArrowArray
from simulator.file_names import archived_difference_images
from simulator.kinds import TRANSIENTS
from simulator.light_curves import Sources
from simulator.measurements import Photometry, calibration_columns, detection_columns, photometry_of, quadrant_of
from simulator.population import NightSizes, Slots
from simulator.random_keys import Ints
from simulator.schema import ALERT, PREVIOUS_CANDIDATE
from simulator.survey import HISTORY_NIGHTS, RHYTHMS, Exposures, exposures_of

PROGRAMS = ("Kulkarni", "Prince", "Kasliwal/Graham")
RB_VERSION = "t17_f5_c3"


@dataclass(frozen=True)
class History:
    """Earlier exposures of each alert's object, alert after alert and in order of time."""

    row: Ints
    """Index of the alert that the exposure belongs to."""
    slot: Ints
    exposures: Exposures
    photometry: Photometry
    detected: npt.NDArray[np.bool_]


def earlier_visits(night: int, slots: Slots, first_night: Ints, sizes: NightSizes) -> tuple[Ints, Ints, Ints, Ints]:
    """Row, slot, night and number of each earlier visit since ``first_night``, in order of row and time."""
    rows, visit_slots, nights, visits = [], [], [], []
    for group, rhythm in enumerate(RHYTHMS):
        at = np.flatnonzero(slots.group == group)
        if not len(at):
            continue
        cycles = int(max(0, night - first_night[at].min())) // rhythm.period
        visit_night = night - rhythm.period * np.arange(cycles, -1, -1)
        size = sizes.of(visit_night)
        # Axes: alert, night, exposure.
        shape = (len(at), cycles + 1, rhythm.exposures)
        number = np.broadcast_to(np.arange(rhythm.exposures), shape)
        slot = (slots.slot - slots.visit)[at][:, None, None] + number
        is_earlier = (visit_night < night)[None, :, None] | (number < slots.visit[at][:, None, None])
        wanted = is_earlier & (visit_night[None, :, None] >= first_night[at][:, None, None])
        wanted &= slot < size[None, :, None]
        rows.append(np.broadcast_to(at[:, None, None], shape)[wanted])
        visit_slots.append(slot[wanted])
        nights.append(np.broadcast_to(visit_night[None, :, None], shape)[wanted])
        visits.append(number[wanted])
    row = np.concatenate(rows)
    order = np.argsort(row, kind="stable")
    return row[order], np.concatenate(visit_slots)[order], np.concatenate(nights)[order], np.concatenate(visits)[order]


def _history(
    seed: int, night: int, slots: Slots, sources: Sources, is_once: AnyArray, sizes: NightSizes, begin: Ints
) -> History:
    row, slot, nights, visits = earlier_visits(night, slots, begin, sizes)
    its_source = sources.take(row)
    rcid, _, _ = quadrant_of(its_source.x_deg, its_source.y_deg)
    exposures = exposures_of(seed, nights, visits, its_source.field_index, rcid)
    photometry = photometry_of(its_source, exposures)
    detected = photometry.detected & ~is_once[row] & (nights >= its_source.first_night)
    return History(row, slot, exposures, photometry, detected)


def recent_history(
    seed: int, night: int, slots: Slots, sources: Sources, is_once: AnyArray, sizes: NightSizes
) -> History:
    """What the packet's history shows.

    The field of a transient, or of what is seen once (``is_once``), was observed before it was there.
    """
    was_observed_before = is_once | np.isin(sources.kind, TRANSIENTS)
    begin = np.where(was_observed_before, 0, sources.first_night)
    return _history(seed, night, slots, sources, is_once, sizes, np.maximum(begin, night - HISTORY_NIGHTS))


def detections_before_history(
    seed: int, night: int, slots: Slots, sources: Sources, is_once: AnyArray, sizes: NightSizes
) -> tuple[Ints, npt.NDArray[np.float64]]:
    """For transients: detections older than the packet's history, and the first one's time (infinite: none)."""
    count = np.zeros(len(slots.slot), dtype=np.int64)
    first_jd = np.full(len(slots.slot), np.inf)
    old = np.flatnonzero(np.isin(sources.kind, TRANSIENTS) & ~is_once & (sources.first_night < night - HISTORY_NIGHTS))
    if not len(old):
        return count, first_jd
    old_slots = Slots(slots.slot[old], slots.channel[old], slots.group[old], slots.visit[old])
    old_sources = sources.take(old)
    life = _history(seed, night, old_slots, old_sources, is_once[old], sizes, old_sources.first_night)
    seen = life.detected & (life.exposures.night < night - HISTORY_NIGHTS)
    count[old] = np.bincount(life.row[seen], minlength=len(old))
    np.minimum.at(first_jd, old[life.row[seen]], life.exposures.jd[seen])
    return count, first_jd


def candid_of(pid: Ints, slot: Ints) -> Ints:
    """The alert's identifier: as in the survey, the exposure and readout channel, then a number that is its own."""
    return pid * 1_000_000 + slot


def program_codes(exposures: Exposures) -> Ints:
    """Index in ``PROGRAMS`` of the programme that took an exposure."""
    return (exposures.keys % np.uint64(3)).astype(np.int64)


def history_array(history: History, sources: Sources, is_null: npt.NDArray[np.bool_]) -> ArrowArray:
    """The column ``prv_candidates``; ``is_null`` marks the alerts that come without a history."""
    kept = np.flatnonzero(~is_null[history.row])
    if len(kept) < len(history.row):
        history = History(
            history.row[kept], history.slot[kept], _take(history.exposures, kept), history.photometry.take(kept),
            history.detected[kept],
        )  # fmt: skip
    entries = _entries(history, sources)
    lengths = np.bincount(history.row, minlength=len(is_null))
    return columns.lists(ALERT.field("prv_candidates").type, lengths, entries, ~is_null)


def _take(exposures: Exposures, rows: Ints) -> Exposures:
    names = ("night", "jd", "fid", "field", "rcid", "pid", "diffmaglim", "zero_point", "keys")
    return replace(exposures, **{name: getattr(exposures, name)[rows] for name in names})


def _entries(history: History, sources: Sources) -> ArrowArray:
    exposures, detected = history.exposures, history.detected
    count = len(detected)
    seen = np.flatnonzero(detected)
    seen_exposures = _take(exposures, seen)
    measured = detection_columns(sources.take(history.row[seen]), seen_exposures, history.photometry.take(seen))
    measured["candid"] = candid_of(seen_exposures.pid, history.slot[seen])
    measured["tblid"] = history.slot[seen] % 150
    valid = columns.validity(detected)
    is_positive = np.zeros(count, dtype=np.int64)
    is_positive[seen] = np.where(history.photometry.flux[seen] > 0, 0, 1)
    always = {
        "jd": exposures.jd,
        "fid": exposures.fid,
        "pid": exposures.pid,
        "diffmaglim": exposures.diffmaglim,
        "programid": np.ones(count),
        "nid": exposures.night,
        "rcid": exposures.rcid,
        "field": exposures.field,
        **calibration_columns(exposures),
    }
    texts = {
        "pdiffimfilename": archived_difference_images(exposures),
        "programpi": columns.words(program_codes(exposures), PROGRAMS),
        "isdiffpos": columns.words(is_positive, ("t", "f"), detected),
        "rbversion": columns.words(np.zeros(count, dtype=np.int64), (RB_VERSION,)),
    }
    arrays: dict[str, ArrowArray] = dict(texts)
    for field in (PREVIOUS_CANDIDATE.field(number) for number in range(PREVIOUS_CANDIDATE.num_fields)):
        if field.name in arrays:
            continue
        if field.name in always:
            arrays[field.name] = columns.numbers(always[field.name], field.type)
        elif field.name in measured:
            values = np.zeros(count, dtype=field.type.to_pandas_dtype())
            values[seen] = measured[field.name]
            arrays[field.name] = columns.numbers(values, field.type, valid)
        else:
            # The history has no solar-system match.
            arrays[field.name] = pa.nulls(count, field.type)
    return columns.struct_of(PREVIOUS_CANDIDATE, arrays)
