"""Labels of classes: one for all spellings of a SIMBAD type, and the values that they stand for."""

from __future__ import annotations

import pytest

from backend.alert_classes import (
    FINK_CLASSES,
    class_choices,
    label_of,
    other_spellings,
    tns_labels,
    wanted_classes,
)
from backend.errors import InvalidRequest
from backend.simbad_types import newest_spelling, spellings


@pytest.mark.parametrize(
    "names",
    [
        ("Candidate_YSO", "YSO_Candidate"),
        ("RRLyr", "RRLyrae"),
        ("EB*", "EclBin"),
        ("Candidate_EB*", "EB*_Candidate", "EclBin_Candidate"),
        ("Seyfert_1", "Seyfert1"),
        ("Blue", "blue"),
        ("QSO",),
        ("no type of SIMBAD's",),
    ],
)
def test_all_spellings_of_a_type_are_one_choice(names: tuple[str, ...]) -> None:
    for name in names:
        assert spellings(name) == names
        assert newest_spelling(name) == names[-1]
        assert label_of(name) == f"(SIMBAD) {names[-1]}"
        assert wanted_classes((f"(SIMBAD) {name}",)) == (names, ())
        assert set(other_spellings(f"(SIMBAD) {name}")) == set(names) - {name}


def test_values_of_the_class_rule_have_finks_labels() -> None:
    assert label_of("Unknown") == "Unknown"
    assert [label_of(name) for name in FINK_CLASSES] == [f"(Fink) {name}" for name in FINK_CLASSES]
    assert other_spellings("(Fink) SN candidate") == ()


def test_choices_are_what_the_archive_has() -> None:
    choices = class_choices(("RRLyr", "RRLyrae", "QSO", "Unknown", "Tracklet"), ("Unknown", "(TNS) SN Ia", "(TNS) New"))
    assert choices[:9] == (*(f"(Fink) {name}" for name in FINK_CLASSES), "Unknown")
    assert choices[9:] == ("(SIMBAD) QSO", "(SIMBAD) RRLyrae", "(TNS) New", "(TNS) SN Ia")
    assert tns_labels(("Unknown",)) == ()


def test_chosen_spellings_of_one_type_are_asked_for_once() -> None:
    wanted = wanted_classes(("(SIMBAD) RRLyr", "(SIMBAD) RRLyrae", "Unknown", "(TNS) SN Ia", "(TNS) SN Ia"))
    assert wanted == (("RRLyr", "RRLyrae", "Unknown"), ("(TNS) SN Ia",))


@pytest.mark.parametrize(
    ("label", "near"),
    [
        ("(SIMBAD) SN candidate", r"\(Fink\) SN candidate"),
        ("(SIMBAD) Unknown", "Unknown"),
        ("(SIMBAD) ", ""),
        ("(TNS) SN Iaa", r"\(TNS\) SN Ia"),
        ("kilonova candidate", r"\(Fink\) Kilonova candidate"),
    ],
)
def test_what_is_no_label_is_refused_with_the_nearest(label: str, near: str) -> None:
    with pytest.raises(InvalidRequest, match=f"no class.*{near}"):
        wanted_classes((label,))


def test_a_type_that_is_new_to_us_can_be_chosen_where_the_archive_has_it() -> None:
    with pytest.raises(InvalidRequest):
        wanted_classes(("(TNS) SN Ixx",))
    assert wanted_classes(("(TNS) SN Ixx",), known=("(TNS) SN Ixx",)) == ((), ("(TNS) SN Ixx",))
