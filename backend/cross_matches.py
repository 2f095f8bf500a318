"""What catalogues know at an alert's position, in words and in groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from backend.cutouts import PIXEL_SCALE_ARCSEC
from backend.known_values import measured, number
from backend.simbad_words import in_words

Values = Mapping[str, Any]
_PS1_RADIUS_ARCSEC, _GAIA_RADIUS_ARCSEC = 30, 90
"""How far the survey looks; larger numbers stand for "none"."""


class Group(StrEnum):
    """What kind of thing a catalogue is of."""

    KNOWN = "Known objects"
    STARS = "Stars"
    GALAXIES = "Galaxies"
    SOLAR_SYSTEM = "Solar system"
    NEIGHBOURS = "Nearest sources"


class CrossMatch(NamedTuple):
    """What one catalogue says."""

    group: Group
    catalogue: str
    text: str


def cross_matches(values: Values) -> tuple[CrossMatch, ...]:
    """What is known of an alert's position, by group.

    Parameters
    ----------
    values
        As `backend.alert_values.alert_values` gives them: what has no value is not among them.
    """
    found = (CrossMatch(group, catalogue, say(values)) for group, catalogue, say in _CATALOGUES)
    return tuple(match for match in found if match.text)


def _simbad(values: Values) -> str:
    name = str(values.get("cdsxmatch", ""))
    if name.startswith("Fail"):
        return f"could not be asked when the alert was processed ({name})"
    words = in_words(name)
    return f"{words} ({name})" if words else name


def _tns(values: Values) -> str:
    return str(values.get("tns") or str(values.get("tnsclass", "")).removeprefix("(TNS) "))


def _gaia(values: Values) -> str:
    parallax, error = number(values.get("Plx")), number(values.get("e_Plx"))
    uncertainty = f" ± {error:.3f}" if error is not None else ""
    parts = (
        str(values.get("DR3Name", "")),
        f"parallax {parallax:.3f}{uncertainty} mas" if parallax is not None else "",
        _word(values, "gaiaClass"),
        "variable" if values.get("gaiaVarFlag") == 1 else "",
    )
    return ", ".join(part for part in parts if part)


def _spicy(values: Values) -> str:
    source = number(values.get("spicy_id"))
    if source is None or source < 0:
        return ""
    return ", ".join(part for part in (f"source {source:.0f}", _word(values, "spicy_class")) if part)


def _symbiotic(values: Values) -> str:
    """The catalogue's entry is a name and a kind: ``V367 Peg,cataclysmic_variables``."""
    return _word(values, "symbiotic").replace(",", ", ").replace("_", " ")


def _mangrove(values: Values) -> str:
    distance = str(values.get("mangrove.lum_dist", ""))
    name = values.get("mangrove.HyperLEDA_name") or values.get("mangrove.2MASS_name")
    if not name:
        return ""
    return f"host {_leda(str(name))}" + (f" at {float(distance):.0f} Mpc" if _isnumber(distance) else "")


def _leda(name: str) -> str:
    """A bare number is one of the Principal Galaxies Catalogue."""
    return f"PGC {name}" if name.isdecimal() else name


def _minor_planet(values: Values) -> str:
    name, distance = measured(values, "ssnamenr"), number(measured(values, "ssdistnr"))
    if not name:
        return ""
    return f"{name}" + (f", predicted {distance:.0f}″ away" if distance is not None and distance >= 0 else "")


def _roid(values: Values) -> str:
    return {3: "known object of the Minor Planet Center", 2: "candidate of a new object"}.get(values.get("roid", 0), "")


def _ps1(values: Values) -> str:
    distance, score = number(measured(values, "distpsnr1")), number(measured(values, "sgscore1"))
    if distance is None or not 0 <= distance <= _PS1_RADIUS_ARCSEC:
        return ""
    kind = "" if score is None or not 0 <= score <= 1 else f", star-galaxy score {score:.2f} (1 is a star)"
    return f"{distance:.1f}″ away{kind}"


def _gaia_nearest(values: Values) -> str:
    distance, magnitude = number(measured(values, "neargaia")), number(measured(values, "maggaia"))
    if distance is None or not 0 <= distance <= _GAIA_RADIUS_ARCSEC:
        return ""
    return f"{distance:.1f}″ away" + (f", G {magnitude:.2f} mag" if magnitude is not None else "")


def _reference(values: Values) -> str:
    distance, magnitude = number(measured(values, "distnr")), number(measured(values, "magnr"))
    if distance is None or distance < 0:
        return ""
    return f"{distance * PIXEL_SCALE_ARCSEC:.1f}″ away" + (f", {magnitude:.2f} mag" if magnitude is not None else "")


def _as_written(name: str) -> Callable[[Values], str]:
    return lambda values: _word(values, name)


def _word(values: Values, name: str) -> str:
    text = str(values.get(name, ""))
    return "" if text.startswith("Fail") else text


def _isnumber(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()


_CATALOGUES: tuple[tuple[Group, str, Callable[[Values], str]], ...] = (
    (Group.KNOWN, "SIMBAD", _simbad),
    (Group.KNOWN, "TNS", _tns),
    (Group.STARS, "Gaia DR3", _gaia),
    (Group.STARS, "VSX", _as_written("vsx")),
    (Group.STARS, "GCVS", _as_written("gcvs")),
    (Group.STARS, "SPICY", _spicy),
    (Group.STARS, "Symbiotic and cataclysmic", _symbiotic),
    (Group.GALAXIES, "Mangrove", _mangrove),
    (Group.GALAXIES, "SDSS MaNGA", _as_written("manga")),
    (Group.GALAXIES, "3HSP", _as_written("x3hsp")),
    (Group.GALAXIES, "Fermi 4LAC", _as_written("x4lac")),
    (Group.SOLAR_SYSTEM, "MPC", _minor_planet),
    (Group.SOLAR_SYSTEM, "Fink", _roid),
    (Group.SOLAR_SYSTEM, "Tracklet", _as_written("tracklet")),
    (Group.NEIGHBOURS, "Reference image", _reference),
    (Group.NEIGHBOURS, "Pan-STARRS 1", _ps1),
    (Group.NEIGHBOURS, "Gaia", _gaia_nearest),
)
