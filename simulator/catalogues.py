"""Cross-matches with catalogues: the right label for the kind of object, and each catalogue's word for 'nothing'."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulator import arrow_columns as columns
from simulator.arrow_columns import ArrowArray
from simulator.candidates import Alerts
from simulator.kinds import IS_STAR, TRAITS, Kind
from simulator.name_server import TYPES, reports_of
from simulator.random_keys import choose, integers, quick_uniforms, uniform
from simulator.schema import ALERT

_SIMBAD = tuple(dict.fromkeys(label for traits in TRAITS.values() for label, _ in traits.simbad))
_VSX = ("Unknown", "nan", "Fail 503", *dict.fromkeys(label for traits in TRAITS.values() for label in traits.vsx))
_GAIA = (
    "nan",
    "Unknown",
    "Fail 503",
    *dict.fromkeys(label for traits in TRAITS.values() for label in traits.gaia_class),
)
_GALAXY_NAMES = ("None", "NGC5674", "PGC042562", "UGC00123", "1259180", "75356", "75897", "20726")


def _by_kind(
    alerts: Alerts, name: str, vocabulary: tuple[str, ...], weights: dict[Kind, dict[str, float]]
) -> ArrowArray:
    """A label of each object, drawn once for its life, from its kind's own list; the first word for other kinds."""
    codes = np.zeros(len(alerts.keys), dtype=np.int64)
    for kind, labels in weights.items():
        at = np.flatnonzero(alerts.sources.kind == kind)
        places = np.array([vocabulary.index(label) for label in labels])
        codes[at] = places[choose(alerts.sources.keys[at], name, list(labels.values()))]
    return columns.words(codes, vocabulary)


def _counted(labels: tuple[str, ...]) -> dict[str, float]:
    return {label: float(labels.count(label)) for label in labels}


def catalogue_columns(alerts: Alerts) -> dict[str, ArrowArray]:
    """The cross-match columns, by name."""
    simbad = {kind: dict(traits.simbad) for kind, traits in TRAITS.items()}
    vsx = _by_kind(alerts, "vsx", _VSX, {kind: _counted(traits.vsx) for kind, traits in TRAITS.items()})
    gaia = _by_kind(alerts, "gaia", _GAIA, {kind: _counted(traits.gaia_class) for kind, traits in TRAITS.items()})
    arrays = {
        "cdsxmatch": _by_kind(alerts, "simbad", _SIMBAD, simbad),
        "vsx": _or_nothing(alerts, vsx, "Unknown", ("nan", "Unknown", "Fail 503"), (0.4, 0.58, 0.02)),
        "gaiaClass": _or_nothing(alerts, gaia, "nan", ("nan", "Unknown", "Fail 503"), (0.93, 0.05, 0.02)),
    }
    reports = reports_of(alerts.sources)
    is_classified = alerts.exposures.jd > reports.classified_jd
    arrays["tns"] = columns.words(np.where(is_classified, reports.type_codes(), 0), tuple(TYPES))
    return arrays | _gaia(alerts) | _rare_catalogues(alerts) | _galaxies(alerts)


def _or_nothing(
    alerts: Alerts, found: ArrowArray, none: str, words: tuple[str, ...], weights: tuple[float, ...]
) -> ArrowArray:
    """Spell 'not found' in the catalogue's various ways."""
    nothing = columns.words(choose(alerts.keys, f"nothing {words}", weights), words)
    chosen: ArrowArray = pc.if_else(pc.equal(found, pa.scalar(none)), nothing, found)
    return chosen


def _gaia(alerts: Alerts) -> dict[str, ArrowArray]:
    sources, count = alerts.sources, len(alerts.keys)
    one = quick_uniforms(sources.keys, "gaia match")
    matched = np.where(IS_STAR[sources.kind], one[0] < 0.93, one[0] < 0.25) & (sources.reference_mag < 20.7)
    text = columns.template("Gaia DR3 0000000000000000000", count)
    identifier = 10**18 + (sources.keys % np.uint64(5 * 10**18)).astype(np.int64)
    columns.put_digits(text, 9, 19, identifier)
    failed = ~matched & (uniform(alerts.keys, "gaia fail") < 0.01)
    parallax = np.where(matched, 0.1 + 0.6 * one[1] ** 3 * 4.0 + 0.3 * (one[2] - 0.5), np.nan)
    error = np.where(matched, 0.015 + 10.0 ** (0.3 * (sources.reference_mag - 21.5)), np.nan)
    valid = columns.validity(uniform(alerts.keys, "plx") > 0.002)
    names = pc.if_else(
        pa.array(matched), columns.fixed_width_text(text), columns.words(failed.astype(np.int64), ("nan", "Fail 503"))
    )
    return {
        "DR3Name": names,
        "Plx": columns.numbers(parallax, pa.float32(), valid),
        "e_Plx": columns.numbers(error, pa.float32(), valid),
        "gaiaVarFlag": columns.numbers(matched & (one[3] < 0.4), pa.int32()),
    }


def _rare_catalogues(alerts: Alerts) -> dict[str, ArrowArray]:
    kind, keys = alerts.sources.kind, alerts.sources.keys
    one = quick_uniforms(keys, "rare catalogues")
    is_young = (kind == Kind.YOUNG_STAR) & (one[0] < 0.3)
    gcvs = np.select(
        [kind == Kind.RR_LYRAE, kind == Kind.ECLIPSING_BINARY, kind == Kind.LONG_PERIOD_VARIABLE], [1, 2, 3], 0
    )
    is_blazar = (kind == Kind.ACTIVE_GALAXY) & (one[2] < 0.02)
    is_measured = (kind == Kind.ACTIVE_GALAXY) & (one[3] < 0.06)
    return {
        "spicy_id": columns.numbers(np.where(is_young, 1 + integers(keys, "spicy", 117_446), -1), pa.int32()),
        "spicy_class": columns.words(np.where(is_young, 1 + (one[1] > 0.7), 0), ("Unknown", "ClassII", "FS")),
        "gcvs": columns.words(np.where(one[1] < 0.06, gcvs, 0), ("Unknown", "RRAB", "EW/KW", "M")),
        "x3hsp": columns.words(is_blazar & (one[3] < 0.5), ("Unknown", "3HSPJ123456.7+123456")),
        "x4lac": columns.words(is_blazar, ("Unknown", "4FGL J1234.5+1234")),
        "blazar_stats": columns.maps(
            ALERT.field("blazar_stats").type,
            ("m0", "m1", "m2"),
            [
                columns.numbers(np.where(is_measured, 0.5 + uniform(keys, statistic), -1.0), pa.float32())
                for statistic in ("m0", "m1", "m2")
            ],
        ),
    }  # fmt: skip


def _galaxies(alerts: Alerts) -> dict[str, ArrowArray]:
    """The nearest galaxy of the MANGROVE catalogue; 'None' for no value."""
    keys = alerts.sources.keys
    found = ~IS_STAR[alerts.sources.kind] & (uniform(keys, "mangrove") < 0.06)
    name = np.where(found, 1 + integers(keys, "galaxy", len(_GALAXY_NAMES) - 1), 0)
    distances = ("None", *(f"{30.0 + 7.3 * step:.4f}" for step in range(40)))
    distance = np.where(found, 1 + integers(keys, "galaxy distance", len(distances) - 1), 0)
    values = [
        columns.words(name, _GALAXY_NAMES),
        columns.words(np.where(uniform(keys, "2MASS") < 0.5, name, 0), _GALAXY_NAMES),
        columns.words(distance, distances),
        columns.words(distance, distances),
    ]
    return {
        "mangrove": columns.maps(
            ALERT.field("mangrove").type, ("HyperLEDA_name", "2MASS_name", "lum_dist", "ang_dist"), values
        )
    }
