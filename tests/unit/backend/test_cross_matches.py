"""Cross-matches in words, and only those that say something."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from backend.cross_matches import Group, cross_matches
from backend.known_values import says_something
from backend.simbad_words import in_words


def said(**values: Any) -> dict[str, str]:
    known = {name.replace("__", "."): value for name, value in values.items() if says_something(value)}
    return {match.catalogue: match.text for match in cross_matches(known)}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"cdsxmatch": "EB*_Candidate"}, {"SIMBAD": "eclipsing binary, candidate (EB*_Candidate)"}),
        ({"cdsxmatch": "NewType"}, {"SIMBAD": "NewType"}),
        ({"cdsxmatch": "Unknown"}, {}),
        ({"tns": "", "tnsclass": "(TNS) SN Ia"}, {"TNS": "SN Ia"}),
        ({"tns": "SN II", "tnsclass": "Unknown"}, {"TNS": "SN II"}),
        ({"DR3Name": "nan", "Plx": float("nan"), "gaiaVarFlag": 0}, {}),
        (
            {"DR3Name": "Gaia DR3 12", "Plx": 1.711, "e_Plx": 0.0262, "gaiaVarFlag": 1, "gaiaClass": "LPV"},
            {"Gaia DR3": "Gaia DR3 12, parallax 1.711 ± 0.026 mas, LPV, variable"},
        ),
        ({"gaiaClass": "Fail 503", "vsx": "Fail 503"}, {}),
        ({"vsx": "RRAB/BL", "gcvs": "RR"}, {"VSX": "RRAB/BL", "GCVS": "RR"}),
        ({"spicy_id": -1, "spicy_class": "Unknown"}, {}),
        ({"spicy_id": 93722, "spicy_class": "ClassII"}, {"SPICY": "source 93722, ClassII"}),
        (
            {"symbiotic": "V367 Peg,cataclysmic_variables"},
            {"Symbiotic and cataclysmic": "V367 Peg, cataclysmic variables"},
        ),
        (
            {"mangrove__HyperLEDA_name": "3087223", "mangrove__lum_dist": "172.0069"},
            {"Mangrove": "host PGC 3087223 at 172 Mpc"},
        ),
        ({"mangrove__HyperLEDA_name": "None", "mangrove__2MASS_name": "None", "mangrove__lum_dist": "None"}, {}),
        (
            {"candidate__ssnamenr": "57609", "candidate__ssdistnr": 1.0, "roid": 3},
            {"MPC": "57609, predicted 1″ away", "Fink": "known object of the Minor Planet Center"},
        ),
        ({"ssnamenr": "null", "ssdistnr": -999.0, "roid": 0, "tracklet": "None"}, {}),
        ({"candidate__distpsnr1": -999.0, "candidate__sgscore1": 0.5}, {}),
        (
            {"candidate__distpsnr1": 0.57, "candidate__sgscore1": 0.98},
            {"Pan-STARRS 1": "0.6″ away, star-galaxy score 0.98 (1 is a star)"},
        ),
        ({"candidate__distnr": 2.0, "candidate__magnr": 17.25}, {"Reference image": "2.0″ away, 17.25 mag"}),
        ({"candidate__neargaia": 300.0, "candidate__maggaia": 16.97}, {}),
    ],
)
def test_a_catalogue_says_it_in_words_or_nothing(values: dict[str, Any], expected: dict[str, str]) -> None:
    assert said(**values) == expected


def test_a_catalogue_that_did_not_answer_is_no_match() -> None:
    assert said(cdsxmatch="Fail 503") == {"SIMBAD": "could not be asked when the alert was processed (Fail 503)"}


def test_matches_come_by_group() -> None:
    values = {"vsx": "M", "cdsxmatch": "Mira", "x4lac": "4FGL J2108.7-0250", "gcvs": "M"}
    groups = [match.group for match in cross_matches(values)]
    assert groups == [Group.KNOWN, Group.STARS, Group.STARS, Group.GALAXIES]


def test_all_simbad_types_of_the_real_archive_have_words(real_alerts: Path) -> None:
    found = set()
    for file in (real_alerts / "archive" / "science").rglob("*.parquet"):
        if "cdsxmatch" in pq.read_schema(file).names:
            found |= set(pq.ParquetFile(file).read(["cdsxmatch"])["cdsxmatch"].to_pylist())
    assert len(found) > 100
    assert {name for name in found if name and not in_words(name)} == {"Unknown", "Fail", "Fail 500", "Fail 503"}
