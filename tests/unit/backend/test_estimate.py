"""Estimates from counts that are handed in."""

from __future__ import annotations

from datetime import date

import pytest

from backend.alert_classes import wanted_classes
from backend.estimate import counts_by_label, estimate, mean_sizes
from backend.models import ArchiveNights, Content, Estimate, NightClass

FIRST, SECOND, THIRD = date(2024, 9, 1), date(2024, 9, 2), date(2024, 9, 3)
UPDATED = "2026-01-01T00:00:00Z"
KNOWN = ArchiveNights.model_validate({"nights": [FIRST, SECOND], "updated_at": UPDATED})


def _row(night: date, finkclass: str, tnsclass: str, alerts: int) -> NightClass:
    sizes = {Content.LIGHTCURVE: 1_000, Content.MEDIUM: 13_000, Content.CUTOUTS: 40_000, Content.FULL: 53_000}
    return NightClass(night, finkclass, tnsclass, alerts, {content: each * alerts for content, each in sizes.items()})


ROWS = (
    _row(FIRST, "RRLyr", "Unknown", 10),
    _row(FIRST, "SN candidate", "(TNS) SN Ia", 2),
    _row(FIRST, "Unknown", "(TNS) SN Ia", 1),
    _row(SECOND, "Unknown", "Unknown", 20),
)


def _estimate(
    *labels: str, content: Content | tuple[str, ...] = Content.LIGHTCURVE, has_conditions: bool = False
) -> Estimate:
    nights = (FIRST, SECOND, THIRD)
    return estimate(ROWS, nights, KNOWN, wanted_classes(labels), content, has_conditions=has_conditions)


def test_no_class_means_all_and_a_night_without_data_is_named() -> None:
    found = _estimate()
    assert (found.alerts, found.alerts_of_nights, found.size_bytes) == (33, 33, 33_000)
    assert found.nights_without_data == (THIRD,)
    assert found.is_exact


def test_an_alert_of_two_chosen_classes_is_counted_once() -> None:
    assert _estimate("(Fink) SN candidate", "(TNS) SN Ia").alerts == 3


def test_conditions_make_it_an_upper_bound() -> None:
    assert not _estimate("(SIMBAD) RRLyr", has_conditions=True).is_exact


def test_without_statistics_nothing_is_claimed() -> None:
    found = estimate((), (FIRST,), ArchiveNights(), wanted_classes(()), Content.FULL, has_conditions=False)
    assert found.nights_unknown == (FIRST,)
    assert found.nights_without_data == ()
    assert not found.is_exact


@pytest.mark.parametrize(
    ("fields", "least_bytes", "most_bytes"),
    [
        (("candid", "candidate.jd"), 10, 30),
        (("candid", "cutoutScience"), 13_000, 14_000),
        (("candid", "prv_candidates"), 10_000, 13_000),
    ],
)
def test_fields_by_hand_are_as_large_as_their_parts(fields: tuple[str, ...], least_bytes: int, most_bytes: int) -> None:
    assert least_bytes <= _estimate(content=fields).size_bytes / 33 <= most_bytes


def test_labels_are_as_a_user_chooses_them_the_most_frequent_first() -> None:
    assert counts_by_label(ROWS) == {"Unknown": 21, "(SIMBAD) RRLyr": 10, "(TNS) SN Ia": 3, "(Fink) SN candidate": 2}


def test_mean_sizes_are_of_one_alert() -> None:
    assert mean_sizes(ROWS)[Content.FULL] == 53_000
    assert mean_sizes(()) == {}
