"""What the command line prints of estimates."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from backend.models import Estimate
from backend.report import print_estimate

FIRST = date(2019, 11, 1)


@pytest.mark.parametrize(
    ("nights", "said"),
    [
        (1, "no data    1 night: 2019-11-01\n"),
        (6, "no data    6 nights: 2019-11-01, 2019-11-02, 2019-11-03, 2019-11-04, 2019-11-05, 2019-11-06\n"),
        (
            2_275,
            "no data    2,275 nights: 2019-11-01, 2019-11-02, 2019-11-03, 2019-11-04, 2019-11-05, 2019-11-06 and "
            "2,269 more\n",
        ),
    ],
)
def test_of_many_nights_without_data_the_first_are_named(
    nights: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    without = tuple(FIRST + timedelta(days=day) for day in range(nights))
    print_estimate(Estimate(alerts=3, size_bytes=3, alerts_of_nights=3, nights_without_data=without), {})
    assert capsys.readouterr().out.endswith(said)
