"""Estimates from statistics that are handed in."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from backend.alert_classes import wanted_classes
from backend.class_nights import no_class_nights
from backend.estimate import OTHERS, Looked, counts_by_label, estimate, mean_sizes
from backend.models import ArchiveNights, Bounds, Content, Estimate
from backend.sample import Sample
from tests.support.class_nights import Entry, class_nights

FIRST, SECOND, THIRD = date(2024, 9, 1), date(2024, 9, 2), date(2024, 9, 3)
UPDATED = "2026-01-01T00:00:00Z"
KNOWN = ArchiveNights.model_validate({"nights": [FIRST, SECOND], "updated_at": UPDATED})
ROWS = class_nights(
    Entry(FIRST, "RRLyr", "Unknown", 10),
    Entry(FIRST, "SN candidate", "(TNS) SN Ia", 2),
    Entry(FIRST, "Unknown", "(TNS) SN Ia", 1),
    Entry(SECOND, "Unknown", "Unknown", 20),
)
SAMPLED = class_nights(
    Entry(FIRST, "RRLyr", "Unknown", 1_000, 100),
    Entry(FIRST, "SN candidate", "Unknown", 7, 7),
    Entry(SECOND, "RRLyr", "Unknown", 500, 50),
)
NIGHTS = (FIRST, SECOND, THIRD)


def _estimate(*labels: str, content: Content | tuple[str, ...] = Content.LIGHTCURVE) -> Estimate:
    return estimate(ROWS, NIGHTS, KNOWN, wanted_classes(labels), content)


def _looked(*matching: int, sample: Sample | None = None, not_counted: tuple[str, ...] = ()) -> Estimate:
    looked = Looked(np.array(matching), not_counted=not_counted)
    return estimate(SAMPLED, NIGHTS, KNOWN, wanted_classes(()), Content.LIGHTCURVE, looked, sample)


def test_no_class_means_all_and_a_night_without_data_is_named() -> None:
    found = _estimate()
    assert (found.alerts, found.alerts_of_nights, found.size_bytes) == (33, 33, 33_000)
    assert found.nights_without_data == (THIRD,)
    assert found.is_exact
    assert found.bounds is None


def test_an_alert_of_two_chosen_classes_is_counted_once() -> None:
    assert _estimate("(Fink) SN candidate", "(TNS) SN Ia").alerts == 3


def test_without_statistics_nothing_is_claimed() -> None:
    found = estimate(no_class_nights(), (FIRST,), ArchiveNights(), wanted_classes(()), Content.FULL)
    assert found.nights_unknown == (FIRST,)
    assert found.nights_without_data == ()
    assert not found.is_exact
    assert found.counts == ()


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


def test_each_row_stands_for_the_alerts_of_its_class_and_night() -> None:
    found = _looked(20, 3, 5)
    assert found.alerts == 200 + 3 + 50
    assert [(c.night, c.finkclass, c.alerts) for c in found.counts] == [
        (FIRST, "RRLyr", 200),
        (FIRST, "SN candidate", 3),
        (SECOND, "RRLyr", 50),
    ]
    assert found.bounds is not None
    assert 28 <= found.bounds.lowest < 253 < found.bounds.highest < 400
    assert (found.sample_rows, found.matching_rows, found.is_exact) == (157, 28, False)


def test_classes_that_are_wholly_in_the_sample_are_exact() -> None:
    sn = wanted_classes(("(Fink) SN candidate",))
    found = estimate(SAMPLED, NIGHTS, KNOWN, sn, Content.LIGHTCURVE, Looked(np.array([3])))
    assert (found.alerts, found.bounds, found.is_exact) == (3, None, True)


def test_nothing_seen_gives_an_upper_bound_and_its_size() -> None:
    found = _looked(0, 0, 0)
    assert (found.alerts, found.size_bytes, found.counts) == (0, 0, ())
    assert found.bounds is not None
    assert (found.bounds.lowest, 20 < found.bounds.highest < 40) == (0, True)
    assert found.most_bytes == 1_000 * found.bounds.highest


def test_what_is_not_counted_makes_the_number_an_upper_bound() -> None:
    history = ("Line 1 is not counted: prv_candidates is history.",)
    found = _looked(20, 3, 5, not_counted=history)
    assert (found.alerts, found.not_counted) == (253, history)
    assert found.bounds is not None
    assert found.bounds.lowest == 0
    nothing_else = estimate(ROWS, NIGHTS, KNOWN, wanted_classes(()), Content.FULL, Looked(not_counted=history))
    assert (nothing_else.alerts, nothing_else.bounds) == (33, Bounds(lowest=0, highest=33))
    assert not nothing_else.is_exact


@pytest.mark.parametrize(
    ("sample", "alerts"),
    [
        (Sample(max_alerts=12), 12),
        (Sample(max_alerts=10_000), 33),
        (Sample(fraction=0.1), 3),
        (Sample(per_class=5), 5 + 2 + 5),
    ],
)
def test_a_sub_sample_of_a_known_number_is_exact(sample: Sample, alerts: int) -> None:
    found = estimate(ROWS, NIGHTS, KNOWN, wanted_classes(()), Content.LIGHTCURVE, Looked(), sample)
    assert (found.alerts, found.is_exact) == (alerts, True)
    assert sum(each.alerts for each in found.counts) == alerts
    assert found.size_bytes == 1_000 * alerts


def test_a_sub_sample_of_an_estimated_number_has_its_interval() -> None:
    whole, tenth = _looked(20, 3, 5), _looked(20, 3, 5, sample=Sample(fraction=0.1))
    assert whole.bounds is not None
    assert tenth.bounds is not None
    assert tenth.bounds.highest == round(0.1 * whole.bounds.highest)
    surely_enough = _looked(20, 3, 5, sample=Sample(max_alerts=20))
    assert (surely_enough.alerts, surely_enough.is_exact) == (20, True)


def test_counts_of_very_many_classes_are_few_and_add_up() -> None:
    nights = [FIRST + timedelta(days=n) for n in range(40)]
    many = class_nights(*(Entry(night, f"class {n}", "Unknown", n + 1) for night in nights for n in range(200)))
    found = estimate(many, nights, KNOWN, wanted_classes(()), Content.LIGHTCURVE)
    assert sum(each.alerts for each in found.counts) == found.alerts == 40 * 200 * 201 // 2
    assert {"class 199", OTHERS} < {each.finkclass for each in found.counts}
    assert len(found.counts) <= 5_000 + len(nights)


def test_labels_are_as_a_user_chooses_them_the_most_frequent_first() -> None:
    assert counts_by_label(ROWS) == {"Unknown": 21, "(SIMBAD) RRLyrae": 10, "(TNS) SN Ia": 3, "(Fink) SN candidate": 2}


def test_mean_sizes_are_of_one_alert() -> None:
    assert mean_sizes(ROWS)[Content.FULL] == 53_000
    assert mean_sizes(no_class_nights()) == {}
