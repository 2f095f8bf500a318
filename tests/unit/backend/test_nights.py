"""Ranges of nights."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from pydantic import ValidationError

from backend.models import TransferRequest
from backend.nights import NightRange, every_night, nights_text

FIRST = date(2024, 9, 1)
NIGHTS = tuple(FIRST + timedelta(days=n) for n in range(40))


def a_range(start: int, stop: int) -> NightRange:
    return NightRange(start=NIGHTS[start], stop=NIGHTS[stop])


def test_a_single_range_may_stand_for_a_list() -> None:
    one = {"start": "2024-09-01", "stop": "2024-09-02"}
    assert TransferRequest.model_validate({"nights": one}) == TransferRequest.model_validate({"nights": [one]})


def test_nights_of_overlapping_ranges_come_once_and_in_order() -> None:
    assert every_night([a_range(5, 6), a_range(0, 2), a_range(2, 3)]) == (*NIGHTS[:4], *NIGHTS[5:7])


@pytest.mark.parametrize("nights", [[], {"start": "2024-09-02", "stop": "2024-09-01"}, {"start": "2024-09-02"}])
def test_no_range_a_reversed_and_a_half_one_are_refused(nights: object) -> None:
    with pytest.raises(ValidationError):
        TransferRequest.model_validate({"nights": nights})


def test_ranges_are_read_as_people_write_them() -> None:
    assert nights_text([a_range(0, 4), a_range(9, 9)]) == "2024-09-01 – 2024-09-05, 2024-09-10"


def test_a_mistyped_year_is_refused_before_its_nights_are_written_out() -> None:
    with pytest.raises(ValidationError, match="these are 738,765 nights"):
        TransferRequest.model_validate({"nights": {"start": "0002-01-01", "stop": "2024-09-01"}})
