"""Which object each alert of a night belongs to.

The alerts of a night are numbered *slots*. A slot is one exposure of one *channel*: a place in the archive that an
object holds for its life (a season for a star, some months for a supernova) and that is visited in the rhythm of its
field. What a slot shows is therefore known without making any other night. When the channel's object is not detected
the slot is filled by something seen once: an asteroid passing, an artefact, a flash.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from simulator.kinds import (
    FILLERS_ELSEWHERE,
    FILLERS_NEAR_ECLIPTIC,
    HOSTED,
    LIFE_NIGHTS,
    SEASON_NIGHTS,
    TRAITS,
    TRANSIENTS,
    Kind,
    Sky,
)
from simulator.light_curves import Sources
from simulator.random_keys import Floats, Ints, Keys, choose, integers, keys_of, normal, uniform
from simulator.survey import FIELD_WIDTH_DEG, RHYTHMS, opposition_ra_deg, survey_fields

MAX_ALERTS_PER_NIGHT = 1_000_000
_CHANNELS_IN_BLOCK = 300
_REPEATS_IN_BLOCK = 10
_FIELDS_WITH_TRACK = 0.12
_ARTEFACTS_THAT_RECUR = 0.95
_NIGHTS_WITH_OWN_NAMES = 7000
_LONGEST_PERIOD = max(rhythm.period for rhythm in RHYTHMS)
_REFERENCE_MAG = np.array(
    # brightest and faintest in r, in the order of Kind
    [
        (15, 22), (14.2, 18.4), (12.8, 17.8), (12.4, 17.0), (16.0, 19.4), (13.2, 18.5), (18.2, 21.2), (12.8, 17.4),
        (13.2, 17.9), (16.5, 22), (16.5, 22), (15.5, 20), (15.5, 19), (16, 22.5), (16, 22.5), (16, 22.5), (16, 22.5),
        (12.5, 18), (16, 21.5), (14.5, 21.5),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Slots:
    """Slots as parallel arrays."""

    slot: Ints
    channel: Ints
    group: Ints
    visit: Ints
    """Number of the exposure within the night."""


@dataclass(frozen=True)
class NightSizes:
    """How many alerts each night has."""

    seed: int
    alerts: int
    variation: float = 0.0
    """Largest relative deviation of a night from ``alerts``."""

    def of(self, night: Ints | int) -> Ints:
        """Alerts of each night."""
        nights = np.atleast_1d(np.asarray(night))
        if not self.variation:
            return np.full(nights.shape, self.alerts)
        factor = uniform(keys_of(self.seed, nights), "night size", 1.0 - self.variation, 1.0 + self.variation)
        return np.clip(np.round(self.alerts * factor), 1, MAX_ALERTS_PER_NIGHT).astype(np.int64)


@lru_cache(maxsize=1)
def _block_layout() -> tuple[Ints, Ints, Ints]:
    """Channel within the block, group and exposure of each slot of a block."""
    layout: list[tuple[int, int, int]] = []
    channel = 0
    for groups in [(0, 1, 2)] * _REPEATS_IN_BLOCK + [(3,)]:
        for group in groups:
            for _ in range(RHYTHMS[group].objects):
                layout += [(channel, group, visit) for visit in range(RHYTHMS[group].exposures)]
                channel += 1
    if channel > _CHANNELS_IN_BLOCK:
        raise AssertionError("the block's channels overlap with the next block's")
    columns = np.array(layout).T
    return columns[0], columns[1], columns[2]


def slots_of(night: int, start: int, stop: int) -> Slots:
    """The slots ``start`` to ``stop`` (excluded) of a night."""
    channel_in_block, group_in_block, visit_in_block = _block_layout()
    slot = np.arange(start, stop)
    block, place = np.divmod(slot, len(group_in_block))
    group = group_in_block[place]
    phase = night % np.array([rhythm.period for rhythm in RHYTHMS])[group]
    channel = (block * _CHANNELS_IN_BLOCK + channel_in_block[place]) * _LONGEST_PERIOD + phase
    return Slots(slot, channel, group, visit_in_block[place])


def sources_at(seed: int, night: int, slots: Slots) -> Sources:
    """The object that holds the channel of each slot on a night."""
    channel_keys = keys_of(seed, slots.channel)
    kind = np.array(HOSTED)[choose(channel_keys, "kind", [TRAITS[kind].share for kind in HOSTED])]
    life = LIFE_NIGHTS[kind]
    offset = uniform(channel_keys, "life offset") * life
    generation = np.floor((night + offset) / life).astype(np.int64)
    is_transient = np.isin(kind, TRANSIENTS)
    # Two stars share a channel, each returns every year when its part of the sky is up.
    individual = np.where(is_transient, generation, generation % 2)
    keys = keys_of(seed, slots.channel, individual)
    middle = np.where(is_transient, (generation + 0.5) * life - offset, (individual + 0.5) * SEASON_NIGHTS - offset)
    phase = slots.channel % _LONGEST_PERIOD
    sky = np.array([TRAITS[kind].sky for kind in Kind])[kind]
    sky = np.where((kind == Kind.EMPTY) & (uniform(keys, "off ecliptic") < 0.1), int(Sky.DISC), sky)
    field_index = _choose_fields(keys, slots.group, phase, sky, opposition_ra_deg(middle))
    x_deg = uniform(keys, "x", -0.5, 0.5) * FIELD_WIDTH_DEG
    y_deg = uniform(keys, "y", -0.5, 0.5) * FIELD_WIDTH_DEG
    ra_deg, dec_deg = _position_deg(field_index, x_deg, y_deg)
    return Sources(
        kind=kind,
        keys=keys,
        uid=np.where(is_transient, 10**8 + slots.channel * 64 + generation % 64, slots.channel * 2 + individual),
        first_night=np.ceil(generation * life - offset).astype(np.int64),
        field_index=field_index,
        x_deg=x_deg,
        y_deg=y_deg,
        ra_deg=ra_deg,
        dec_deg=dec_deg,
        reference_mag=_reference_mag(kind, keys),
    )


def fillers_at(seed: int, night: int, slots: Slots, hosts: Sources, jd: Floats) -> Sources:
    """What is seen once, in slots whose own object (``hosts``) was not detected."""
    keys = keys_of(seed, slots.slot, night, 1)
    near = np.abs(survey_fields().ecliptic_latitude_deg[hosts.field_index]) < 16.0
    kind = np.where(
        near,
        np.array(list(FILLERS_NEAR_ECLIPTIC))[choose(keys, "filler", list(FILLERS_NEAR_ECLIPTIC.values()))],
        np.array(list(FILLERS_ELSEWHERE))[choose(keys, "filler", list(FILLERS_ELSEWHERE.values()))],
    )
    field_keys = keys_of(seed, survey_fields().number[hosts.field_index], night, 3)
    is_track = near & (uniform(field_keys, "has track") < _FIELDS_WITH_TRACK) & (uniform(keys, "on track") < 0.06)
    kind = np.where(is_track, int(Kind.TRACKLET), kind)
    # An asteroid crosses its field in a fortnight; the points of a track are one object's, in one night.
    fortnight, day = np.divmod(night, int(TRAITS[Kind.ASTEROID].life_nights))
    is_known = np.isin(kind, (Kind.ASTEROID, Kind.LENS_ON_ASTEROID))
    keys = np.select([is_known, is_track], [keys_of(seed, slots.channel, fortnight, 2), field_keys], keys)
    speed = np.select([is_known, is_track], [normal(keys, "speed") * 0.03 - 0.22, 2.0 * normal(keys, "speed")], 0.0)
    moved_d = np.where(is_known, day - 7.0, -0.8) + (jd % 1.0)
    x_deg = uniform(keys, "x", -0.25, 0.25) * FIELD_WIDTH_DEG + speed * moved_d
    y_deg = uniform(keys, "y", -0.45, 0.45) * FIELD_WIDTH_DEG + 0.3 * speed * moved_d
    ra_deg, dec_deg = _position_deg(hosts.field_index, x_deg, y_deg)
    return Sources(
        kind=kind,
        keys=keys,
        uid=10**9 + night % _NIGHTS_WITH_OWN_NAMES * MAX_ALERTS_PER_NIGHT + slots.slot,
        first_night=np.full(len(kind), night),
        field_index=hosts.field_index,
        x_deg=x_deg,
        y_deg=y_deg,
        ra_deg=ra_deg,
        dec_deg=dec_deg,
        reference_mag=_reference_mag(kind, keys),
    )


def is_recurrent(sources: Sources) -> npt.NDArray[np.bool_]:
    """Whether what is seen once in these years was seen before: a faint variable, an artefact that comes back."""
    comes_back = uniform(sources.keys, "recurrent") < _ARTEFACTS_THAT_RECUR
    is_recurring = (sources.kind == Kind.SELDOM_SEEN) | ((sources.kind == Kind.BOGUS) & comes_back)
    return np.asarray(is_recurring)


def discovery_night(sources: Sources, is_once: npt.NDArray[np.bool_]) -> Ints:
    """The night in each object's name."""
    is_new = np.isin(sources.kind, TRANSIENTS) | (is_once & ~is_recurrent(sources))
    long_ago = 365 + (1000.0 * uniform(sources.keys, "name") ** 4).astype(np.int64)
    return np.where(is_new, sources.first_night, long_ago)


def asteroid_number(sources: Sources) -> Ints:
    """The minor planet's number, for the kinds that are one."""
    return 1 + integers(sources.keys, "asteroid number", 640_000)


def _reference_mag(kind: Ints, keys: Keys) -> Floats:
    bright, faint = _REFERENCE_MAG[kind].T
    mag: Floats = bright + (faint - bright) * uniform(keys, "reference") ** 0.6
    return mag


def _position_deg(field_index: Ints, x_deg: Floats, y_deg: Floats) -> tuple[Floats, Floats]:
    """Right ascension and declination of an offset within a field."""
    fields = survey_fields()
    dec_deg = np.clip(fields.dec_deg[field_index] + y_deg, -30.0, 89.5)
    return (fields.ra_deg[field_index] + x_deg / np.cos(np.radians(dec_deg))) % 360.0, dec_deg


@lru_cache(maxsize=64)
def _fields_for(group: int, phase: int, sky: int) -> tuple[Ints, Floats, Floats]:
    """Indices, right ascensions and cumulative weights of the fields of a rhythm, thrice around the sky."""
    fields = survey_fields()
    rows = np.flatnonzero((fields.group == group) & (fields.phase == phase))
    rows = rows[np.argsort(fields.ra_deg[rows], kind="stable")]
    latitude = np.abs(fields.galactic_latitude_deg[rows])
    weight = {
        int(Sky.DISC): 0.25 + 5.0 * np.exp(-latitude / 9.0),
        int(Sky.HALO): np.where(latitude > 12.0, 1.0, 0.02),
        int(Sky.ECLIPTIC): np.exp(-((fields.ecliptic_latitude_deg[rows] / 9.0) ** 2)) + 1e-4,
    }[sky] * np.cos(np.radians(fields.dec_deg[rows]))
    ra_deg = np.concatenate([fields.ra_deg[rows] + turn for turn in (-360.0, 0.0, 360.0)])
    return np.tile(rows, 3), ra_deg, np.concatenate([[0.0], np.cumsum(np.tile(weight, 3))])


def _choose_fields(keys: Keys, group: Ints, phase: Ints, sky: Ints, ra_deg: Floats) -> Ints:
    """A field of the given rhythm and part of the sky within some hours of a right ascension."""
    chosen = np.zeros(len(keys), dtype=np.int64)
    combination = (group * 8 + phase) * 8 + sky
    for code in np.unique(combination):
        at = np.flatnonzero(combination == code)
        rows, field_ra_deg, cumulative = _fields_for(int(code) // 64, int(code) // 8 % 8, int(code) % 8)
        low = cumulative[np.searchsorted(field_ra_deg, ra_deg[at] - 45.0)]
        high = cumulative[np.searchsorted(field_ra_deg, ra_deg[at] + 45.0)]
        target = uniform(keys[at], "field", low, high)
        chosen[at] = rows[np.searchsorted(cumulative[1:], target, side="right").clip(0, len(rows) - 1)]
    return chosen
