"""The Transient Name Server (TNS) of the simulated sky: who was reported, when, as what."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from simulator.arrow_columns import AnyArray
from simulator.file_names import year_month_day
from simulator.kinds import Kind
from simulator.light_curves import Sources, difference_flux, event_jd, mag_of_flux, peaks_of
from simulator.random_keys import Floats, Ints, choose, integers, normal, uniform
from simulator.survey import JD_OF_NIGHT_ZERO

TYPES = {
    "": 0, "SN Ia": 3, "SN II": 10, "SN IIP": 11, "SN IIn": 13, "SN Ib": 5, "SN Ic": 6, "SN Ia-91T-like": 103,
    "AGN": 29, "CV": 27, "TDE": 120, "Kilonova": 70,
}  # fmt: skip
"""The types that are given here, with the numbers that TNS has for them; '' for what is not classified."""
_NOT_REPORTED = "not reported"
_STATES = (*TYPES, _NOT_REPORTED)
_STATES_OF_KIND = {
    Kind.SUPERNOVA_IA: {"SN Ia": 0.42, "SN Ia-91T-like": 0.04, "": 0.44, _NOT_REPORTED: 0.1},
    Kind.SUPERNOVA_II: {
        "SN II": 0.25, "SN IIP": 0.05, "SN IIn": 0.05, "SN Ib": 0.03, "SN Ic": 0.03, "": 0.47, _NOT_REPORTED: 0.12,
    },
    Kind.KILONOVA: {"Kilonova": 0.15, "": 0.35, _NOT_REPORTED: 0.5},
    Kind.ACTIVE_GALAXY: {"AGN": 0.01, "TDE": 0.002, "": 0.008, _NOT_REPORTED: 0.98},
    Kind.CATACLYSMIC: {"CV": 0.02, "": 0.03, _NOT_REPORTED: 0.95},
}  # fmt: skip
_PEAK_ABSOLUTE_MAG = {"SN Ia": -19.2, "SN Ia-91T-like": -19.6, "SN IIn": -18.5, "Kilonova": -16.0}
_OTHER_ABSOLUTE_MAG = -17.3
_ACTIVE = ("AGN", "TDE")
_LIGHT_SPEED_KM_S, _HUBBLE_KM_S_MPC = 299_792.458, 70.0
_FIRST_REPORTS_JD = 2458119.5  # 2018-01-01: what was there long before the survey's alerts
_GROUPS = ((48, "ZTF"), (74, "ALeRCE"), (18, "ATLAS"), (83, "AMPEL"), (127, "Fink"))
"""Numbers and names of groups; here they only fill columns."""
_GROUP_WEIGHTS = (0.5, 0.18, 0.16, 0.1, 0.06)
_NIGHT_ZERO = datetime(2017, 1, 1)  # UTC, as all of TNS's times
_POSITION_SIGMA_ARCSEC = 0.08
_FURTHEST_ARCSEC = 0.2

COLUMNS = (
    "objid", "name_prefix", "name", "ra", "declination", "redshift", "typeid", "type", "reporting_groupid",
    "reporting_group", "source_groupid", "source_group", "discoverydate", "discoverymag", "discmagfilter", "filter",
    "reporters", "time_received", "internal_names", "creationdate", "lastmodified",
)  # fmt: skip
"""The columns of TNS's public list of objects."""


@dataclass(frozen=True)
class Reports:
    """What is told to TNS about each object."""

    state: Ints
    """Index in ``_STATES``."""
    discovery_jd: Floats
    classified_jd: Floats
    """Time of the classification; infinite where there is none."""

    @property
    def is_reported(self) -> npt.NDArray[np.bool_]:
        """Which objects have a name there."""
        return self.state < len(TYPES)

    def type_codes(self) -> Ints:
        """Index of the type in ``TYPES``; 0 where there is none."""
        return np.where(self.is_reported, self.state, 0)


def reports_of(sources: Sources) -> Reports:
    """What is told to TNS about each object in its life."""
    state = np.full(len(sources.keys), _STATES.index(_NOT_REPORTED))
    for kind, weights in _STATES_OF_KIND.items():
        at = np.flatnonzero(sources.kind == kind)
        codes = np.array([_STATES.index(name) for name in weights])
        state[at] = codes[choose(sources.keys[at], "tns", list(weights.values()))]
    haste = np.where(sources.kind == Kind.KILONOVA, 0.1, 1.0)
    long_ago = _FIRST_REPORTS_JD + uniform(sources.keys, "tns long ago", 0.0, 600.0)
    event = event_jd(sources)
    discovery_jd = np.where(np.isnan(event), long_ago, event + haste * uniform(sources.keys, "tns discovery", 3.0, 9.0))
    classified_jd = discovery_jd + haste * uniform(sources.keys, "tns spectrum", 2.0, 14.0)
    has_type = (state > 0) & (state < len(TYPES))
    return Reports(state, discovery_jd, np.where(has_type, classified_jd, np.inf))


def tns_names(sources: Sources, reports: Reports) -> list[str | None]:
    """The name of each reported object: its year of discovery, then letters that no other object has; None else."""
    year, _, _ = year_month_day((reports.discovery_jd - JD_OF_NIGHT_ZERO).astype(np.int64))
    named: list[str | None] = [None] * len(sources.uid)
    for row in np.flatnonzero(reports.is_reported):
        named[row] = f"{year[row]}{_letters(int(sources.uid[row]) * 7_654_321 % 26**6)}"
    return named


def _letters(number: int) -> str:
    letters = ""
    for _ in range(6):
        number, letter = divmod(number, 26)
        letters = chr(ord("a") + letter) + letters
    return letters


def catalogue_rows(sources: Sources, internal_names: list[str]) -> list[dict[str, str]]:
    """The rows of the catalogue: of the given objects those that are reported, in order of discovery.

    Parameters
    ----------
    sources
        Objects.
    internal_names
        The survey's name of each.
    """
    reports = reports_of(sources)
    at = np.flatnonzero(reports.is_reported)
    at = at[np.lexsort((sources.uid[at], reports.discovery_jd[at]))]
    reported = sources.take(at)
    told = Reports(*(getattr(reports, field.name)[at] for field in fields(Reports)))
    return _rows(reported, told, [internal_names[row] for row in at])


def _rows(sources: Sources, reports: Reports, internal_names: list[str]) -> list[dict[str, str]]:
    names = list(TYPES)
    types = [names[code] for code in reports.type_codes()]
    group = choose(sources.keys, "tns group", _GROUP_WEIGHTS)
    band = 1 + integers(sources.keys, "tns band", 2)
    received = reports.discovery_jd + uniform(sources.keys, "tns delay", 0.05, 1.2)
    modified = np.where(np.isfinite(reports.classified_jd), reports.classified_jd + 0.3, received + 0.1)
    tns_name = tns_names(sources, reports)
    mag = _discovery_mag(sources, reports, band)
    ra_deg, dec_deg = _reported_position_deg(sources)
    redshift = _redshift(sources, types)
    return [
        {
            "objid": str(20_000 + int(sources.uid[row]) % 10**9),
            "name_prefix": "SN" if kind.startswith("SN") else "AT",
            "name": tns_name[row] or "",
            "ra": f"{ra_deg[row]:.7f}",
            "declination": f"{dec_deg[row]:.7f}",
            "redshift": "" if np.isnan(redshift[row]) else f"{redshift[row]:.4f}",
            "typeid": str(TYPES[kind]) if kind else "",
            "type": kind,
            "reporting_groupid": str(_GROUPS[group[row]][0]),
            "reporting_group": _GROUPS[group[row]][1],
            "source_groupid": str(_GROUPS[0][0]),
            "source_group": _GROUPS[0][1],
            "discoverydate": _instant(reports.discovery_jd[row], "milliseconds"),
            "discoverymag": f"{mag[row]:.2f}",
            "discmagfilter": "110" if band[row] == 1 else "111",
            "filter": "g-ZTF" if band[row] == 1 else "r-ZTF",
            "reporters": "A. Simulator",
            "time_received": _instant(received[row], "seconds"),
            "internal_names": internal_names[row],
            "creationdate": _instant(received[row], "seconds"),
            "lastmodified": _instant(modified[row], "seconds"),
        }
        for row, kind in enumerate(types)
    ]


def _reported_position_deg(sources: Sources) -> tuple[Floats, Floats]:
    """Positions as reported: each within 0.3″ of the object."""
    offsets: list[AnyArray] = [
        np.clip(_POSITION_SIGMA_ARCSEC * normal(sources.keys, name), -_FURTHEST_ARCSEC, _FURTHEST_ARCSEC) / 3600.0
        for name in ("tns ra", "tns dec")
    ]
    ra_deg = (sources.ra_deg + offsets[0] / np.cos(np.radians(sources.dec_deg))) % 360.0
    return ra_deg, sources.dec_deg + offsets[1]


def _discovery_mag(sources: Sources, reports: Reports, fid: Ints) -> Floats:
    """Brightness at discovery: of the transient's own light, of an outburst above the rest for what lasts."""
    flux = difference_flux(sources, reports.discovery_jd, fid)
    lasting = sources.reference_mag - uniform(sources.keys, "tns outburst", 0.3, 2.0)
    own = mag_of_flux(np.maximum(flux, 1e-3)).clip(max=20.9)
    return np.where(np.isnan(event_jd(sources)), lasting, own)


def _redshift(sources: Sources, types: list[str]) -> Floats:
    """Redshift of what was classified outside the Galaxy, from its brightness; NaN for the rest."""
    _, peak_mag = peaks_of(sources)
    absolute_mag = np.array([_PEAK_ABSOLUTE_MAG.get(kind, _OTHER_ABSOLUTE_MAG) for kind in types])
    distance_mpc = 10.0 ** (0.2 * (peak_mag - absolute_mag + 0.3 * normal(sources.keys, "tns peak") - 25.0))
    redshift = distance_mpc * _HUBBLE_KM_S_MPC / _LIGHT_SPEED_KM_S
    redshift = np.where([kind in _ACTIVE for kind in types], uniform(sources.keys, "tns redshift", 0.02, 0.4), redshift)
    return np.where([kind in ("", "CV") for kind in types], np.nan, redshift)


def _instant(jd: float, timespec: str) -> str:
    """A Julian date as TNS writes it, ``YYYY-MM-DD hh:mm:ss``."""
    instant = _NIGHT_ZERO + timedelta(milliseconds=round((jd - JD_OF_NIGHT_ZERO) * 86_400_000.0))
    return instant.isoformat(" ", timespec)
