"""In which years a field is there, and how that is said."""

from __future__ import annotations

import pytest

from backend.field_years import FieldYears

YEARS = FieldYears(
    years=(2019, 2020, 2022, 2023), absent={"mulens": (2019, 2020), "lc.mean": (2020,), "new": (2019, 2020, 2022, 2023)}
)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("candid", "2019 – 2023"),
        ("mulens", "2022 – 2023"),
        ("mulens.inside", "2022 – 2023"),
        ("lc.mean", "2019, 2022 – 2023"),
        ("lc", "2019 – 2023"),
        ("new", "no year"),
    ],
)
def test_years_in_a_row_of_the_archive_are_one_range(path: str, words: str) -> None:
    assert YEARS.in_words(path) == words


def test_nothing_is_said_of_an_archive_that_nobody_has_looked_at() -> None:
    assert FieldYears().in_words("candid") == ""
