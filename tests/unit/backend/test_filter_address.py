"""A filter comes back from its address as it was; an address that somebody typed does no harm."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from backend.alert_filter import EVERYTHING, AlertFilter, ValueRange
from backend.filter_address import PARAMETERS, from_address, to_address
from backend.region import Cone
from backend.sky_map import MapBox

numbers = st.floats(allow_nan=False, allow_infinity=False)
cones = st.builds(
    Cone,
    ra_deg=st.floats(0, 360),
    dec_deg=st.floats(-90, 90),
    radius_arcsec=st.floats(0, 36_000, exclude_min=True),
)
filters = st.builds(
    AlertFilter,
    classes=st.lists(st.text(min_size=1), max_size=3).map(tuple),
    bands=st.lists(st.integers(1, 3), max_size=3).map(tuple),
    brightest_mag=st.none() | numbers,
    faintest_mag=st.none() | numbers,
    object_id=st.text(max_size=5),
    nights=st.none() | st.tuples(st.dates(), st.dates()),
    cone=st.none() | cones,
    map_box=st.none() | st.builds(MapBox, numbers, numbers, numbers, numbers),
    ranges=st.lists(st.builds(ValueRange, st.text(), numbers, numbers), max_size=2).map(tuple),
)


@given(filters)
def test_a_filter_comes_back_as_it_was(chosen: AlertFilter) -> None:
    assert from_address(to_address(chosen)) == chosen


def test_everything_needs_no_words() -> None:
    assert to_address(EVERYTHING) == {}


@given(st.dictionaries(st.sampled_from(PARAMETERS), st.lists(st.text(), max_size=3)))
def test_whatever_somebody_types_is_a_filter(told: dict[str, list[str]]) -> None:
    assert isinstance(from_address(told), AlertFilter)


def test_what_is_wrong_is_passed_over_alone() -> None:
    told = {"nights": ["2024-09-01,soon"], "cone": ["1,2"], "mag": ["nan,1"], "class": ["SN candidate"], "band": ["g"]}
    assert from_address(told) == AlertFilter(classes=("SN candidate",))
    read = from_address({"nights": ["2024-09-01,2024-09-03"]})
    assert read.nights == (date(2024, 9, 1), date(2024, 9, 3))
