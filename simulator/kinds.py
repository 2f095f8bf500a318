"""The kinds of objects: how many there are, how they are named in catalogues, where on the sky they are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np


class Kind(IntEnum):
    """What an object is; the truth behind its alerts."""

    EMPTY = 0
    RR_LYRAE = 1
    ECLIPSING_BINARY = 2
    LONG_PERIOD_VARIABLE = 3
    ACTIVE_GALAXY = 4
    YOUNG_STAR = 5
    CATACLYSMIC = 6
    PULSATOR = 7
    UNCATALOGUED_VARIABLE = 8
    SUPERNOVA_IA = 9
    SUPERNOVA_II = 10
    KILONOVA = 11
    MICROLENSING = 12
    ASTEROID = 13
    ASTEROID_CANDIDATE = 14
    TRACKLET = 15
    LENS_ON_ASTEROID = 16
    BOGUS = 17
    FLASH = 18
    SELDOM_SEEN = 19

    @property
    def label(self) -> str:
        """The kind's name in the truth table."""
        return self.name.lower()


class Sky(IntEnum):
    """Where objects of a kind prefer to be."""

    DISC = 0
    HALO = 1
    ECLIPTIC = 2


@dataclass(frozen=True)
class KindTraits:
    """What all objects of one kind share."""

    share: float
    """Relative number of the objects that a visit is made for; 0 for what only fills a visit without detection."""
    sky: Sky
    life_nights: float
    """Nights until the place is taken by another object (a season for what never ends)."""
    simbad: tuple[tuple[str, float], ...]
    """SIMBAD labels, in the old and the new spelling, with their weights."""
    vsx: tuple[str, ...] = ("Unknown",)
    gaia_class: tuple[str, ...] = ("nan",)
    is_star: bool = True


SEASON_NIGHTS = 365.25 / 2
_NOTHING = (("Unknown", 1.0),)
_HOSTS = (("Unknown", 0.72), ("Galaxy", 0.2), ("Transient", 0.01), ("EmG", 0.01), ("GinPair", 0.01), ("Fail 504", 0.02))

TRAITS: dict[Kind, KindTraits] = {
    Kind.EMPTY: KindTraits(28.0, Sky.ECLIPTIC, SEASON_NIGHTS, _NOTHING),
    Kind.RR_LYRAE: KindTraits(
        14.5,
        Sky.DISC,
        SEASON_NIGHTS,
        (("RRLyr", 0.86), ("RRLyrae", 0.12), ("RRLyrae_Candidate", 0.02)),
        ("RRAB", "RRC", "RRAB", "RRAB/BL", "Unknown"),
        ("RR", "nan"),
    ),
    Kind.ECLIPSING_BINARY: KindTraits(
        20.0,
        Sky.DISC,
        SEASON_NIGHTS,
        (("EB*_Candidate", 0.5), ("EB*", 0.38), ("EclBin", 0.06), ("SB*", 0.02), ("RSCVnV*", 0.02), ("BYDra", 0.02)),
        ("EW", "EW", "EA", "EB", "Unknown"),
        ("ECL", "nan"),
    ),
    Kind.LONG_PERIOD_VARIABLE: KindTraits(
        10.5,
        Sky.DISC,
        SEASON_NIGHTS,
        (
            ("LPV*", 0.5),
            ("LP*_Candidate", 0.15),
            ("LongPeriodV*", 0.12),
            ("Mira", 0.1),
            ("C*", 0.02),
            ("S*", 0.02),
            ("AGB*", 0.03),
            ("AGB*_Candidate", 0.03),
            ("post-AGB*", 0.01),
            ("OH/IR*", 0.05),
        ),
        ("SR", "M", "L", "SR|M", "Unknown"),
        ("LPV", "LPV", "nan"),
    ),
    Kind.ACTIVE_GALAXY: KindTraits(
        18.0,
        Sky.HALO,
        SEASON_NIGHTS,
        (
            ("QSO", 0.66),
            ("AGN_Candidate", 0.08),
            ("AGN", 0.06),
            ("Seyfert_1", 0.06),
            ("Seyfert1", 0.03),
            ("Seyfert2", 0.02),
            ("BLLac", 0.03),
            ("Blazar_Candidate", 0.02),
            ("QSO_Candidate", 0.03),
            ("Radio", 0.01),
        ),
        gaia_class=("AGN", "AGN", "nan"),
        is_star=False,
    ),
    Kind.YOUNG_STAR: KindTraits(
        3.0,
        Sky.DISC,
        SEASON_NIGHTS,
        (
            ("YSO", 0.3),
            ("YSO_Candidate", 0.2),
            ("Candidate_YSO", 0.1),
            ("TTau*", 0.1),
            ("TTauri*", 0.1),
            ("Ae*", 0.05),
            ("OrionV*", 0.05),
            ("Em*", 0.05),
            ("PM*>0.5", 0.08),
            ("blue*?", 0.02),
        ),
        ("YSO", "INA", "Unknown"),
        ("YSO", "nan"),
    ),
    Kind.CATACLYSMIC: KindTraits(
        5.0,
        Sky.DISC,
        SEASON_NIGHTS,
        (
            ("CataclyV*", 0.7),
            ("CV*_Candidate", 0.12),
            ("CataclyV*_Candidate", 0.1),
            ("Symbiotic*", 0.04),
            ("Nova", 0.04),
        ),
        ("UG", "UGSU", "UGSU+E", "UG+E", "Unknown"),
        ("CV", "nan"),
    ),
    Kind.PULSATOR: KindTraits(
        5.0,
        Sky.DISC,
        SEASON_NIGHTS,
        (
            ("V*", 0.4),
            ("Star", 0.2),
            ("delSctV*", 0.1),
            ("Cepheid", 0.06),
            ("deltaCep", 0.04),
            ("PulsV*WVir", 0.04),
            ("PulsV*delSct", 0.03),
            ("bCepV*", 0.03),
            ("gammaDorV*", 0.03),
            ("Fail 500", 0.04),
            ("**", 0.01),
            ("HighPM*", 0.02),
        ),
        ("HADS", "ROT", "DSCT", "CEP", "Unknown"),
        ("DSCT|GDOR|SXPHE", "CEP", "nan"),
    ),
    Kind.UNCATALOGUED_VARIABLE: KindTraits(
        34.0,
        Sky.DISC,
        SEASON_NIGHTS,
        (("Unknown", 0.97), ("Fail 500", 0.02), ("Fail 503", 0.01)),
        ("Unknown", "Unknown", "Unknown", "EW", "BY"),
        ("nan", "nan", "SOLAR_LIKE"),
    ),
    Kind.SUPERNOVA_IA: KindTraits(2.2, Sky.HALO, 105.0, _HOSTS, is_star=False),
    Kind.SUPERNOVA_II: KindTraits(1.5, Sky.HALO, 130.0, _HOSTS, is_star=False),
    Kind.KILONOVA: KindTraits(0.9, Sky.HALO, 12.0, _HOSTS, is_star=False),
    Kind.MICROLENSING: KindTraits(0.35, Sky.DISC, 90.0, (("Unknown", 0.9), ("Star", 0.1))),
    Kind.ASTEROID: KindTraits(0.0, Sky.ECLIPTIC, 14.0, _NOTHING, is_star=False),
    Kind.ASTEROID_CANDIDATE: KindTraits(0.0, Sky.ECLIPTIC, 1.0, _NOTHING, is_star=False),
    Kind.TRACKLET: KindTraits(0.0, Sky.ECLIPTIC, 1.0, _NOTHING, is_star=False),
    Kind.LENS_ON_ASTEROID: KindTraits(0.0, Sky.ECLIPTIC, 1.0, _NOTHING, is_star=False),
    Kind.BOGUS: KindTraits(0.0, Sky.DISC, 1.0, (("Unknown", 0.93), ("Star", 0.05), ("Fail 500", 0.02))),
    Kind.FLASH: KindTraits(0.0, Sky.DISC, 1.0, (("Unknown", 0.96), ("V*", 0.03), ("PM*", 0.01))),
    Kind.SELDOM_SEEN: KindTraits(0.0, Sky.DISC, 1.0, (("Unknown", 0.96), ("V*", 0.03), ("PM*", 0.01))),
}

HOSTED = tuple(kind for kind in TRAITS if kind <= Kind.MICROLENSING)
"""Kinds that a visit is made for, in the order of their shares."""

FILLERS_NEAR_ECLIPTIC = {
    Kind.ASTEROID: 0.72,
    Kind.ASTEROID_CANDIDATE: 0.008,
    Kind.LENS_ON_ASTEROID: 0.003,
    Kind.BOGUS: 0.08,
    Kind.FLASH: 0.006,
    Kind.SELDOM_SEEN: 0.183,
}
FILLERS_ELSEWHERE = {
    Kind.ASTEROID: 0.12,
    Kind.ASTEROID_CANDIDATE: 0.002,
    Kind.LENS_ON_ASTEROID: 0.0,
    Kind.BOGUS: 0.22,
    Kind.FLASH: 0.02,
    Kind.SELDOM_SEEN: 0.638,
}
"""What fills a visit whose object was not detected, with weights, near the ecliptic and elsewhere."""

LIFE_NIGHTS = np.array([TRAITS[kind].life_nights for kind in Kind])
IS_STAR = np.array([TRAITS[kind].is_star for kind in Kind])
TRANSIENTS = (Kind.SUPERNOVA_IA, Kind.SUPERNOVA_II, Kind.KILONOVA, Kind.MICROLENSING)
