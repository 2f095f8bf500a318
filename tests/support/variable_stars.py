"""Alerts of made-up RR Lyrae stars and supernova candidates all over the sky, light, with cutouts."""

from __future__ import annotations

import gzip
import io
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from astropy.io import fits

PERIOD_D = 0.5468
VISITS = 40
OBJECTS = 60
ALERTS = VISITS * OBJECTS
FIRST_JD = 2_460_555.6
STAR, SUPERNOVA = "RRLyr", "SN candidate"
CROWD_CLASSES = ("Unknown", "AGN", "EB*", "LPV*")
CUTOUTS = ("cutoutScience", "cutoutTemplate", "cutoutDifference")


def _optional(name: str, kind: Any) -> dict[str, Any]:
    return {"name": name, "type": [kind, "null"]}


def _stamp(name: str) -> dict[str, Any]:
    fields = [_optional("fileName", "string"), _optional("stampData", "bytes")]
    return _optional(name, {"type": "record", "name": f"{name}_t", "fields": fields})


SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "topLevelRecord",
    "fields": [
        _optional("objectId", "string"),
        {"name": "candid", "type": "long"},
        *(_optional(name, "double") for name in ("jd", "ra", "dec")),
        *(_optional(name, "float") for name in ("magpsf", "sigmapsf", "magnr", "sigmagnr", "distnr")),
        _optional("fid", "int"),
        *(_optional(name, "string") for name in ("isdiffpos", "finkclass", "tnsclass")),
        *(_stamp(name) for name in CUTOUTS),
    ],
}


def object_name(number: int) -> str:
    """Every second one is a star."""
    return f"ZTF24{number:07d}"


def variable_stars(seed: int = 5) -> Iterator[dict[str, Any]]:
    """All alerts; the stars vary with `PERIOD_D`, steeply up and slowly down, in g more than in r."""
    rng = np.random.default_rng(seed)
    stamp = {"fileName": "x.fits.gz", "stampData": _packed(rng.normal(size=(63, 63)).astype(np.float32))}
    for number in range(OBJECTS):
        ra, dec = rng.uniform(0, 360), math.degrees(math.asin(rng.uniform(-0.5, 1)))
        times = np.sort(FIRST_JD + rng.integers(0, 90, VISITS) + rng.uniform(0, 0.35, VISITS))
        for visit, jd in enumerate(times):
            fid = 1 + visit % 2
            phase = (jd / PERIOD_D) % 1
            swing = (phase / 0.2 if phase < 0.2 else (1 - phase) / 0.8) * (1.0 if fid == 1 else 0.7)
            is_star = number % 2 == 0
            brightness = 19.5 - 1.5 * swing if is_star else rng.normal(19.0, 0.3)
            yield {
                "objectId": object_name(number),
                "candid": 10**15 + number * VISITS + visit,
                "jd": float(jd),
                "ra": ra,
                "dec": dec,
                "magpsf": brightness + rng.normal(0, 0.02),
                "sigmapsf": 0.03,
                "magnr": 17.0,
                "sigmagnr": 0.02,
                "distnr": 0.2,
                "fid": fid,
                "isdiffpos": "t",
                "finkclass": STAR if is_star else SUPERNOVA,
                "tnsclass": "Unknown",
                **dict.fromkeys(CUTOUTS, stamp),
            }


def crowd(alerts: int, seed: int = 6) -> Iterator[dict[str, Any]]:
    """Alerts of other objects in which the stars are to be found; without cutouts, so that there can be a million."""
    rng = np.random.default_rng(seed)
    objects = -(-alerts // VISITS)
    ra = rng.uniform(0, 360, objects)
    dec = np.degrees(np.arcsin(rng.uniform(-0.5, 1, objects)))
    jd = FIRST_JD + rng.integers(0, 90, alerts) + rng.uniform(0, 0.35, alerts)
    magpsf = rng.normal(19.5, 0.8, alerts)
    for number in range(alerts):
        owner = number // VISITS
        yield {
            "objectId": object_name(OBJECTS + owner),
            "candid": 2 * 10**15 + number,
            "jd": float(jd[number]),
            "ra": float(ra[owner]),
            "dec": float(dec[owner]),
            "magpsf": float(magpsf[number]),
            "sigmapsf": 0.1,
            "magnr": 18.0,
            "sigmagnr": 0.02,
            "distnr": 0.5,
            "fid": 1 + number % 2,
            "isdiffpos": "t",
            "finkclass": CROWD_CLASSES[owner % len(CROWD_CLASSES)],
            "tnsclass": "Unknown",
            **dict.fromkeys(CUTOUTS),
        }


def _packed(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    fits.PrimaryHDU(pixels).writeto(file)
    return gzip.compress(file.getvalue())
