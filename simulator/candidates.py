"""The column ``candidate``: the detection behind the alert, its neighbours in catalogues, its past in numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from simulator import arrow_columns as columns
from simulator.arrow_columns import AnyArray, ArrowArray
from simulator.file_names import difference_images
from simulator.history import PROGRAMS, RB_VERSION, History, candid_of, program_codes
from simulator.kinds import IS_STAR, TRANSIENTS, Kind
from simulator.light_curves import Sources, colour
from simulator.measurements import Photometry, calibration_columns, detection_columns
from simulator.population import Slots, asteroid_number, is_recurrent
from simulator.random_keys import Floats, Ints, normal, quick_uniforms, uniform
from simulator.schema import CANDIDATE
from simulator.survey import Exposures

NO_VALUE = -999.0
_SURVEY_START_NIGHT = 340
_DETECTIONS_PER_VISIT_OF_STARS = 0.55
_MOST_OF_THE_SELDOM_SEEN = 300.0


@dataclass(frozen=True)
class Alerts:
    """The alerts of some slots of a night, as parallel arrays, with their histories."""

    night: int
    slots: Slots
    sources: Sources
    exposures: Exposures
    photometry: Photometry
    is_once: npt.NDArray[np.bool_]
    """Seen once: asteroids, artefacts, flashes."""
    history: History
    detections_before: Ints
    """Detections that are older than the history."""
    first_jd_before: Floats

    @property
    def candid(self) -> Ints:
        """Identifiers, unique in the archive."""
        return candid_of(self.exposures.pid, self.slots.slot)

    @property
    def keys(self) -> npt.NDArray[np.uint64]:
        """Random keys of each alert."""
        return self.photometry.keys

    @property
    def detections_in_history(self) -> Ints:
        """Earlier alerts of the same object that the history shows."""
        return np.bincount(self.history.row[self.history.detected], minlength=len(self.keys))

    @property
    def first_jd_in_history(self) -> Floats:
        """Time of the first detection that the packet shows, the alert itself included."""
        first_jd = self.exposures.jd.copy()
        seen = self.history.detected
        np.minimum.at(first_jd, self.history.row[seen], self.history.exposures.jd[seen])
        return first_jd


def past_columns(alerts: Alerts) -> dict[str, AnyArray]:
    """Numbers of detections and times of the first and the last one, over the whole survey."""
    sources, jd = alerts.sources, alerts.exposures.jd
    shown = 1 + alerts.detections_in_history
    # A star was detected for years, a transient since its explosion.
    discovery_night = _SURVEY_START_NIGHT + (900.0 * uniform(sources.keys, "discovery") ** 3).astype(np.int64)
    recurrent = is_recurrent(sources)
    lasts = ~alerts.is_once & ~np.isin(sources.kind, TRANSIENTS)
    is_old = (lasts | recurrent) & (alerts.night > discovery_night + 31)
    discovery_jd = np.round(2457754.5 + discovery_night + 0.2 + 0.25 * uniform(sources.keys, "discovery time"), 7)
    elapsed_nights = np.maximum(alerts.night - 30 - discovery_night, 0)
    frequency = np.array([2 / 3, 3 / 2, 2.0, 10.0])[alerts.slots.group] * 0.4
    share = _DETECTIONS_PER_VISIT_OF_STARS * uniform(sources.keys, "detected share", 0.3, 1.2)
    often = elapsed_nights * frequency * share
    seldom = np.minimum(often, np.exp(uniform(sources.keys, "past detections", 0.0, np.log(_MOST_OF_THE_SELDOM_SEEN))))
    before = np.where(is_old, 1 + np.where(recurrent, seldom, often).astype(np.int64), alerts.detections_before)
    begin_jd = np.minimum(alerts.first_jd_in_history, alerts.first_jd_before)
    return {
        "ndethist": shown + before,
        "ncovhist": 200 + (uniform(sources.keys, "coverage", 0.5, 1.4) * frequency * (alerts.night - 340)).astype(int),
        "jdstarthist": np.where(is_old, np.minimum(discovery_jd, begin_jd), begin_jd),
        "jdendhist": jd + np.where(uniform(alerts.keys, "seen later") < 0.1, 0.0054, 0.0),
    }


def _neighbour_columns(alerts: Alerts) -> dict[str, AnyArray]:
    """The three nearest sources of the deep catalogue and the nearest of the astrometric one."""
    sources = alerts.sources
    found: dict[str, AnyArray] = {}
    distance = detection_distance = np.zeros(len(sources.keys))
    for rank in (1, 2, 3):
        one = quick_uniforms(sources.keys, f"neighbour {rank}")
        two = quick_uniforms(sources.keys, f"neighbour {rank} mag")
        if rank == 1:
            is_self = IS_STAR[sources.kind] | (sources.kind == Kind.ACTIVE_GALAXY)
            distance = np.where(is_self, 0.05 + 0.4 * one[0] ** 2, 1.0 + 12.0 * one[0] ** 2)
            detection_distance = distance
            red = np.where(is_self, sources.reference_mag, 17.0 + 5.0 * one[1])
        else:
            distance = detection_distance + 1.0 + 9.0 * one[0] * rank
            red = 17.5 + 4.5 * one[1] ** 0.7
        green = red + np.where(rank == 1, colour(sources.kind, sources.keys), 0.8 * one[2])
        missing = np.array([0.01, 0.03, 0.03])[rank - 1] > one[3]
        magnitudes = {"sg": green, "sr": red, "si": red - 0.25 * one[2], "sz": red - 0.4 * one[2]}
        for band, values, absent in zip(magnitudes, magnitudes.values(), two, strict=True):
            rate = {"sg": 0.3, "sr": 0.17, "si": 0.06, "sz": 0.09}[band] * (1.0 if rank > 1 else 0.35)
            found[f"{band}mag{rank}"] = np.where(missing | (absent < rate), NO_VALUE, values)
        star = np.where(IS_STAR[sources.kind], 0.7 + 0.3 * one[2] ** 0.4, 0.4 * one[2] ** 2)
        score = star if rank == 1 else np.where(one[2] < 0.15, 0.5, one[2])
        found[f"sgscore{rank}"] = np.where(missing, NO_VALUE, score)
        found[f"distpsnr{rank}"] = np.where(missing, NO_VALUE, distance)
        identifier = ((sources.dec_deg + 90.0) * 120).astype(np.int64) * 10**13 + (sources.ra_deg * 1e10).astype(
            np.int64
        )
        found[f"objectidps{rank}"] = np.where(missing, -999, identifier + (one[0] * 1e5).astype(np.int64))
    one = quick_uniforms(sources.keys, "gaia")
    no_bright = one[0] < 0.44
    is_bright_star = IS_STAR[sources.kind] & (sources.reference_mag < 20.0)
    found["neargaia"] = np.select([one[3] < 0.01, is_bright_star], [NO_VALUE, 0.05 + 0.5 * one[1]], 2 + 40 * one[1])
    found["maggaia"] = np.where(
        one[3] < 0.01, NO_VALUE, np.where(is_bright_star, sources.reference_mag, 16 + 4.5 * one[2])
    )
    found["neargaiabright"] = np.where(no_bright, NO_VALUE, 90.0 * np.sqrt(one[2]))
    found["maggaiabright"] = np.where(no_bright, NO_VALUE, 10.0 + 4.0 * one[1])
    found["nmtchps"] = 2 + (30.0 * one[2] ** 1.7).astype(np.int64)
    return found


def _reference_columns(alerts: Alerts) -> dict[str, AnyArray]:
    """The reference image and the photometric calibration."""
    exposures = alerts.exposures
    one = quick_uniforms(alerts.sources.keys, "reference image")
    two = quick_uniforms(exposures.keys, "matches")
    snr = np.abs(alerts.photometry.flux) / alerts.photometry.flux_error
    start_jd = np.round(2458154.6 + 120.0 * one[0] ** 2, 6)
    calibration = calibration_columns(exposures)
    return {
        "rfid": exposures.field * 1_000_000 + exposures.fid * 100_000 + 20_000 + exposures.rcid,
        "jdstartref": start_jd,
        "jdendref": np.round(start_jd + 40.0 + 300.0 * one[1], 6),
        "nframesref": np.where(one[2] < 0.55, 15, 15 + (26.0 * one[3]).astype(np.int64)),
        "dsnrms": snr * (0.8 + 0.5 * two[0]),
        "ssnrms": snr * (0.9 + 0.5 * two[0]) + 8.0,
        "dsdiff": -8.0 - 0.2 * snr * two[0],
        **calibration,
        "nmatches": 300 + (1900.0 * two[1]).astype(np.int64),
        "zpclrcov": -calibration["clrcounc"] * 0.7,
        "zpmed": exposures.zero_point + 0.02 * (two[2] - 0.3),
        "clrmed": 0.45 + 0.35 * two[2],
        "clrrms": 0.13 + 0.15 * two[3],
        "exptime": np.full(len(exposures.jd), 30.0),
        "tooflag": np.zeros(len(exposures.jd)),
        "programid": np.ones(len(exposures.jd)),
        "nid": exposures.night,
    }


def _solar_system_columns(alerts: Alerts) -> tuple[dict[str, AnyArray], ArrowArray]:
    """The nearest known minor planet: distance and brightness, and its number, or 'null'."""
    kind = alerts.sources.kind
    known = np.isin(kind, (Kind.ASTEROID, Kind.LENS_ON_ASTEROID))
    one = quick_uniforms(alerts.keys, "minor planet")
    unnamed = ~known & (one[0] < 0.05)
    distance = np.select([known, unnamed], [np.floor(one[1] * 6.0), 60.0], NO_VALUE)
    mag = np.round(18.0 + 2.5 * one[2], 1)
    name_codes = np.where(known, asteroid_number(alerts.sources), 0)
    names = pc.if_else(pa.array(known), pa.array(name_codes).cast(pa.string()), pa.scalar("null"))
    return {"ssdistnr": distance, "ssmagnr": np.where(known, mag, NO_VALUE)}, names


def candidate_array(alerts: Alerts, past: dict[str, AnyArray]) -> ArrowArray:
    """The column ``candidate`` of the given alerts."""
    exposures, sources = alerts.exposures, alerts.sources
    solar_system, asteroid_names = _solar_system_columns(alerts)
    is_bogus = sources.kind == Kind.BOGUS
    confidence = 1.0 - 10.0 ** (-0.8 - 2.0 * np.abs(normal(alerts.keys, "drb")))
    values = {
        **detection_columns(sources, exposures, alerts.photometry),
        **_neighbour_columns(alerts),
        **_reference_columns(alerts),
        **past,
        **solar_system,
        "jd": exposures.jd,
        "fid": exposures.fid,
        "pid": exposures.pid,
        "diffmaglim": exposures.diffmaglim,
        "candid": alerts.candid,
        "tblid": alerts.slots.slot % 150,
        "rcid": exposures.rcid,
        "field": exposures.field,
        "drb": np.where(is_bogus, 0.6 * uniform(alerts.keys, "bogus drb") ** 2, confidence),
    }
    count = len(exposures.jd)
    # Both spellings of the sign occur in the archive, mixed.
    sign = np.where(alerts.photometry.flux > 0, 0, 1) + np.where(uniform(alerts.keys, "spelling") < 0.02, 2, 0)
    same = np.zeros(count, dtype=np.int64)
    texts = {
        "pdiffimfilename": difference_images(exposures),
        "programpi": columns.words(program_codes(exposures), PROGRAMS),
        "isdiffpos": columns.words(sign, ("t", "f", "1", "0")),
        "ssnamenr": asteroid_names,
        "rbversion": columns.words(same, (RB_VERSION,)),
        "drbversion": columns.words(same, ("d6_m7",)),
    }
    arrays = {
        field.name: texts[field.name]
        if field.name in texts
        else columns.numbers(np.asarray(values[field.name]), field.type)
        for field in (CANDIDATE.field(number) for number in range(CANDIDATE.num_fields))
    }
    return columns.struct_of(CANDIDATE, arrays)
