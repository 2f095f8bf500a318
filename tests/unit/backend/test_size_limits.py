"""Size limits: asked about above one, refused above another."""

from __future__ import annotations

import pytest

from backend.models import Estimate
from backend.size_limits import SizeLimits, size_text

LIMITS = SizeLimits(confirm_bytes=10**9, largest_bytes=5 * 10**11)


def of_size(size_bytes: int, *not_counted: str) -> Estimate:
    return Estimate(alerts=10, alerts_of_nights=10, size_bytes=size_bytes, not_counted=not_counted)


@pytest.mark.parametrize(("size_bytes", "asks"), [(0, False), (10**9, False), (10**9 + 1, True)])
def test_it_asks_above_the_first(size_bytes: int, asks: bool) -> None:
    assert LIMITS.asks(of_size(size_bytes)) is asks


def test_it_refuses_above_the_second() -> None:
    assert LIMITS.refusal(of_size(5 * 10**11)) == ""
    assert LIMITS.refusal(of_size(6 * 10**11)) == "It would bring some 600 GB; more than 500 GB is refused."


def test_what_is_not_counted_makes_it_a_bound() -> None:
    assert "up to 600 GB" in LIMITS.refusal(of_size(6 * 10**11, "prv_candidates is history"))


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 B"), (999.6, "1 kB"), (17_400_000, "17.4 MB"), (999_600_000, "1 GB"), (5e11, "500 GB"), (3e13, "30 TB")],
)
def test_sizes_are_three_digits_and_a_unit(size_bytes: float, text: str) -> None:
    assert size_text(size_bytes) == text
