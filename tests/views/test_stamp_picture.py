"""A stamp as a picture: which pixel lies where, and what the marks say."""

from __future__ import annotations

import base64
import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from backend.cutouts import PIXEL_SCALE_ARCSEC, Stretch, read_stamp, stretch
from tests.unit.backend.test_cutouts import packed
from views.components.stamp_picture import NO_VALUE_RGB, stamp_picture

SVG = "{http://www.w3.org/2000/svg}"


def pixels_of(picture: str) -> np.ndarray:
    """As a browser draws them, from the upper left corner."""
    image = ET.fromstring(picture).find(f"{SVG}image")
    assert image is not None
    packed_png = base64.b64decode(image.attrib["href"].removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(packed_png)))


def test_what_is_north_east_in_the_sky_is_above_on_the_left() -> None:
    """ZTF writes the northernmost row first, and the easternmost column first."""
    stamp = np.zeros((63, 63), dtype=np.float32)
    stamp[5, 12] = 100  # 26 rows to the north and 19 columns to the east of the middle
    stamp[60, 40:] = np.nan
    seen = pixels_of(stamp_picture(stretch(read_stamp(packed(stamp)), Stretch.LINEAR, 100)))
    assert seen.shape == (63, 63, 3)
    assert tuple(np.argwhere(seen[..., 0] == 255)[0]) == (5, 12)
    assert (seen[60, 40:] == NO_VALUE_RGB).all()
    assert (seen[:5] == 0).all()


def test_the_bar_is_ten_arcsec_long_in_the_scale_of_the_pixels() -> None:
    drawn = ET.fromstring(stamp_picture(np.zeros((63, 63), dtype=np.float32)))
    bar = drawn.findall(f"{SVG}path")[0].attrib["d"]
    assert float(bar.partition("h")[2]) * PIXEL_SCALE_ARCSEC == pytest.approx(10, abs=0.01)
    assert [text.text for text in drawn.findall(f"{SVG}text")] == ["10″", "N", "E"]


def test_north_is_marked_above_and_east_to_the_left() -> None:
    corner, north, east = (
        [float(text.attrib[axis]) for axis in ("x", "y")]
        for text in ET.fromstring(stamp_picture(np.zeros((63, 63), dtype=np.float32))).findall(f"{SVG}text")
    )
    assert north[1] < east[1]
    assert east[0] < north[0]
    assert corner[0] < east[0]


def test_a_stamp_that_was_cut_off_keeps_its_scale() -> None:
    drawn = ET.fromstring(stamp_picture(np.zeros((48, 63), dtype=np.float32)))
    assert drawn.attrib["viewBox"] == "0 0 63 48"
    assert float(drawn.attrib["width"]) / 63 == pytest.approx(float(drawn.attrib["height"]) / 48)
