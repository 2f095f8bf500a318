"""What a request may say about a sample and about the sky."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from backend.region import Region
from backend.sample import Sample


@pytest.mark.parametrize(
    "sample",
    [
        {},
        {"fraction": 0},
        {"fraction": 1},
        {"fraction": "NaN"},
        {"max_alerts": 0},
        {"per_class": -1},
        {"fraction": 0.5, "max_alerts": 3},
    ],
)
def test_a_sample_says_one_thing_that_makes_sense(sample: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate(sample)


@pytest.mark.parametrize(
    "region",
    [
        {},
        {"cone": {"ra_deg": 10, "dec_deg": 91, "radius_arcsec": 5}},
        {"cone": {"ra_deg": "NaN", "dec_deg": 9, "radius_arcsec": 5}},
        {"cone": {"ra_deg": 10, "dec_deg": 9, "radius_arcsec": 0}},
        {"rectangle": {"ra_min_deg": 1, "ra_max_deg": 2, "dec_min_deg": 4, "dec_max_deg": 3}},
        {"positions": {"ra_dec_deg": [], "radius_arcsec": 2}},
        {"positions": {"ra_dec_deg": [[1, 2]] * 1001, "radius_arcsec": 2}},
        {"objects": ["ZTF' OR 1=1 --"]},
        {"objects": [f"ZTF{n}" for n in range(10_001)]},
        {"objects": ["ZTF18aaa"], "cone": {"ra_deg": 10, "dec_deg": 9, "radius_arcsec": 5}},
    ],
)
def test_a_region_has_one_form_within_the_sky_and_its_limits(region: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Region.model_validate(region)


def test_a_rectangle_may_go_over_zero_hours() -> None:
    over = {"ra_min_deg": 359, "ra_max_deg": 1, "dec_min_deg": -1, "dec_max_deg": 1}
    assert Region.model_validate({"rectangle": over}).rectangle is not None
