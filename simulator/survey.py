"""The survey: nights, fields on the sky, exposures and their depth.

A field is visited in a fixed rhythm: every ``period`` nights, ``exposures`` times. Night numbers count days from
2017-01-01 UT, as the survey's own ``nid`` does; a night is a UTC date.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from simulator.random_keys import Floats, Ints, Keys, keys_of, normal, quick_uniforms, uniform

JD_OF_NIGHT_ZERO = 2457754.5
_NIGHT_ZERO = date(2017, 1, 1)
BANDS = {1: "g", 2: "r", 3: "i"}
FIELD_WIDTH_DEG = 6.9
QUADRANT_PIXELS = 3072.0
HISTORY_NIGHTS = 30


@dataclass(frozen=True)
class Rhythm:
    """How often the fields of a group are visited, and their share in the alerts."""

    period: int
    """Nights from one visit to the next."""
    exposures: int
    """Exposures in a night of visit."""
    objects: int
    """Objects in each block of slots (see ``population``)."""


RHYTHMS = (Rhythm(3, 2, 8), Rhythm(2, 3, 11), Rhythm(1, 2, 10), Rhythm(1, 10, 1))
"""The four groups of fields; the last is a deep one, with histories of hundreds of entries."""


@dataclass(frozen=True)
class Fields:
    """Centres of the survey's fields and the group and phase of their rhythm."""

    number: Ints
    ra_deg: Floats
    dec_deg: Floats
    galactic_latitude_deg: Floats
    ecliptic_latitude_deg: Floats
    group: Ints
    phase: Ints


def night_number(night: date) -> int:
    """The survey's number of a night."""
    return (night - _NIGHT_ZERO).days


def opposition_ra_deg(night: npt.ArrayLike) -> Floats:
    """Right ascension opposite to the sun, to a few degrees."""
    return ((np.asarray(night, dtype=np.float64) - 264.0) / 365.25 * 360.0) % 360.0


@lru_cache(maxsize=1)
def survey_fields() -> Fields:
    """All fields, a grid over the sky north of -30 degrees."""
    centres = [
        (ra, dec)
        for dec in np.arange(-26.0, 87.0, 7.0)
        for ra in np.arange(0.0, 360.0, 360.0 / max(3, round(360.0 * np.cos(np.radians(dec)) / 7.0)))
    ]
    ra_deg, dec_deg = np.array(centres).T
    number = 246 + np.arange(len(centres))
    group = np.searchsorted([0.28, 0.66, 0.98], uniform(keys_of(number), "field group"), side="right")
    periods = np.array([rhythm.period for rhythm in RHYTHMS])[group]
    return Fields(
        number=number,
        ra_deg=ra_deg,
        dec_deg=dec_deg,
        galactic_latitude_deg=_latitude_deg(ra_deg, dec_deg, pole_ra_deg=192.86, pole_dec_deg=27.13),
        ecliptic_latitude_deg=_latitude_deg(ra_deg, dec_deg, pole_ra_deg=270.0, pole_dec_deg=66.56),
        group=group,
        phase=(number * 7) % periods,
    )


def _latitude_deg(ra_deg: Floats, dec_deg: Floats, *, pole_ra_deg: float, pole_dec_deg: float) -> Floats:
    """Latitude above the great circle whose pole is given."""
    dec, pole_dec = np.radians(dec_deg), np.radians(pole_dec_deg)
    sine = np.sin(dec) * np.sin(pole_dec) + np.cos(dec) * np.cos(pole_dec) * np.cos(np.radians(ra_deg - pole_ra_deg))
    latitude_deg: Floats = np.degrees(np.arcsin(sine))
    return latitude_deg


@dataclass(frozen=True)
class Exposures:
    """Exposures of one quadrant each, one element an exposure."""

    night: Ints
    jd: Floats
    fid: Ints
    field: Ints
    rcid: Ints
    pid: Ints
    diffmaglim: Floats
    """Magnitude of a source at five times the noise."""
    zero_point: Floats
    keys: Keys

    @property
    def day_fraction(self) -> Ints:
        """The fraction of the day in millionths, as in the names of the survey's files."""
        return ((self.jd - JD_OF_NIGHT_ZERO - self.night) * 1e6).astype(np.int64)


def exposures_of(seed: int, night: Ints, visit: Ints, field_index: Ints, rcid: Ints) -> Exposures:
    """The exposures with the given number within the night (``visit``) of the given fields and quadrants."""
    fields = survey_fields()
    field_keys = keys_of(seed, fields.number[field_index], night)
    field, ra_deg = fields.number[field_index], fields.ra_deg[field_index]
    count = np.array([rhythm.exposures for rhythm in RHYTHMS])[fields.group[field_index]]
    keys = keys_of(field_keys, visit)
    fid = np.where((visit + (fields.phase[field_index] + count)) % 2 == 0, 1, 2)
    fid = np.where(uniform(keys, "i band") < 0.02, 3, fid)
    # Fields are taken as they pass the meridian, hurried a little so that the whole night's sky fits into the night.
    hour_angle = (ra_deg - opposition_ra_deg(night) + 180.0) % 360.0 - 180.0
    begin = np.clip(0.31 + hour_angle / 360.0 * 0.75, 0.16, 0.38) + uniform(field_keys, "start", -0.05, 0.05)
    seconds = np.floor((begin + visit * (0.075 / np.maximum(count - 1, 1))) * 86400.0)
    jd = np.round(JD_OF_NIGHT_ZERO + night + seconds / 86400.0, 7)
    weather = np.minimum(0.0, uniform(keys_of(seed, night), "weather", -1.1, 0.9))
    depth = np.choose(fid - 1, (20.45, 20.35, 19.8)) + weather + 0.25 * normal(keys, "depth")
    cloud, noise, _, _ = quick_uniforms(keys_of(keys, rcid), "quadrant")
    depth = np.clip(depth + 0.16 * (noise - 0.5) - 1.6 * np.maximum(cloud - 0.93, 0.0) / 0.07, 16.0, 21.4)
    day_fraction_5 = ((jd - JD_OF_NIGHT_ZERO - night) * 1e5).astype(np.int64)
    return Exposures(
        night=night,
        jd=jd,
        fid=fid,
        field=field,
        rcid=rcid,
        pid=((night * 100_000 + day_fraction_5) * 100 + rcid) * 100 + 15,
        diffmaglim=depth,
        zero_point=np.choose(fid - 1, (26.28, 26.2, 25.6)) + 0.35 * weather + 0.06 * (noise - 0.5),
        keys=keys,
    )
