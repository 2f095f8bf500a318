"""Positions, radii and lists as people paste them; where something is wrong, the line is named."""

from __future__ import annotations

import contextlib

import pytest
from astropy.coordinates import SkyCoord
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import InvalidRequest
from backend.region import MAX_OBJECTS, MAX_POSITIONS
from backend.region_text import (
    parse_declination,
    parse_objects,
    parse_position,
    parse_positions,
    parse_radius_arcsec,
    parse_right_ascension,
)

POSITION = (123.45679166666667, -12.345666666666666)


@pytest.mark.parametrize(
    "text",
    [
        "08:13:49.63 -12:20:44.4",
        "08:13:49.63, -12:20:44.4",
        "08 13 49.63 -12 20 44.4",
        "8h13m49.63s -12d20m44.4s",
        "8h13m49.63s-12d20m44.4s",
        "8h 13m 49.63s -12° 20′ 44.4″",
        "8h13m49.63s −12°20'44.4\"",
        "123d27m24.45s -12d20m44.4s",
        "123.45679166666667\t-12.345666666666666",
        '"123.45679166666667","-12.345666666666666"',
        "123.45679166666667° -12.345666666666666 deg",
    ],
)
def test_one_position_in_many_spellings(text: str) -> None:
    assert parse_position(text) == pytest.approx(POSITION, abs=1e-12)


@given(st.floats(0, 359.99), st.floats(-89.99, 89.99))
def test_what_astropy_writes_is_read(ra_deg: float, dec_deg: float) -> None:
    place = SkyCoord(ra_deg, dec_deg, unit="deg")
    for options in ({"sep": ":"}, {"sep": " "}, {}):
        text = place.to_string("hmsdms", precision=8, **options)
        assert parse_position(text) == pytest.approx((ra_deg, dec_deg), abs=1e-9)


@pytest.mark.parametrize(
    ("text", "dec_deg"), [("-00:30:00", -0.5), ("-0 30", -0.5), ("+12d30m", 12.5), ("−5", -5.0), ("1e1", 10.0)]
)
def test_the_sign_of_a_declination_is_that_of_all_its_parts(text: str, dec_deg: float) -> None:
    assert parse_declination(text) == dec_deg


@pytest.mark.parametrize(
    ("text", "radius_arcsec"),
    [
        ("5", 5),
        ('5"', 5),
        ("5''", 5),
        ("2'", 120),
        ("2 arcmin", 120),
        ("1.5 deg", 5400),
        ("1°", 3600),
        (".5 ARCSEC", 0.5),
    ],
)
def test_a_radius_may_have_a_unit(text: str, radius_arcsec: float) -> None:
    assert parse_radius_arcsec(text) == pytest.approx(radius_arcsec)


@pytest.mark.parametrize(
    ("parse", "text", "said"),
    [
        (parse_right_ascension, "361", "right ascension '361' does not lie between 0 and 360"),
        (parse_right_ascension, "25:00:00", "does not lie between 0 and 360"),
        (parse_right_ascension, "nan", "'nan' is no right ascension"),
        (parse_declination, "90.1", "does not lie between -90 and 90"),
        (parse_declination, "12h30m", "is given in hours"),
        (parse_declination, "10:60:00", "has 60 minutes or more"),
        (parse_declination, "10:59:60", "has 60 seconds or more"),
        (parse_position, "123.4", "'123.4' is no position"),
        (parse_position, "M 31", "'M' is no right ascension"),
        (parse_radius_arcsec, "0", "is not more than 0"),
        (parse_radius_arcsec, "5 pc", "'5 pc' is no radius"),
        (parse_radius_arcsec, "", "'' is no radius"),
        (parse_objects, "# nothing\n\n", "holds no object"),
        (parse_objects, "ZTF18aaa\n\nZTF18aab, b$d\n", r"Line 3: 'b\$d' is no object's name"),
        (parse_positions, " \n", "holds no position"),
        (parse_positions, "ra,dec\n1,2\n# x\n\n3", "Line 5: '3' is no position"),
        (parse_positions, "1 2\n1 2 3", "Line 2: '1 2 3' is no position"),
        (parse_positions, "1 2\n10 -91", "Line 2: The declination '-91'"),
        (parse_positions, "1 2\nra,dec", "Line 2: 'ra' is no right ascension"),
    ],
)
def test_what_is_wrong_is_said(parse, text: str, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said) as raised:
        parse(text)
    assert raised.value.hint


def test_lists_keep_their_order_and_hold_each_entry_once() -> None:
    text = "objectId\n'ZTF18aab', \"ZTF18aaa\"; ZTF18aab\n# ZTF18zzz\n[ZTF18aac]\r\n"
    assert parse_objects(text) == ("ZTF18aab", "ZTF18aaa", "ZTF18aac")
    assert parse_positions("RA Dec\n3, 4\n1 2\n# 5 6\n3.0 4.0\n") == ((3.0, 4.0), (1.0, 2.0))


def test_lists_may_be_as_long_as_a_request_allows_and_no_longer() -> None:
    objects = [f"ZTF{number}" for number in range(MAX_OBJECTS + 1)]
    assert len(parse_objects("\n".join(objects[:-1]))) == MAX_OBJECTS
    with pytest.raises(InvalidRequest, match="Line 10001: there are more than 10,000 objects"):
        parse_objects("\n".join(objects))
    positions = [f"{number / 10} 5" for number in range(MAX_POSITIONS + 1)]
    assert len(parse_positions("\n".join(positions[:-1]))) == MAX_POSITIONS
    with pytest.raises(InvalidRequest, match="Line 1001: there are more than 1,000 positions"):
        parse_positions("\n".join(positions))


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (parse_positions, parse_objects, parse_radius_arcsec, parse_position):
        with contextlib.suppress(InvalidRequest):
            parse(text)
