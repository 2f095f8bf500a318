"""Stamps: the pixels come back, damage is said, what has no value stays visible."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pytest
from astropy.io import fits

from backend import cutouts
from backend.cutouts import read_stamp, stretch, stretch_difference
from backend.errors import QuicklookError


def packed(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    fits.PrimaryHDU(pixels).writeto(file)
    return gzip.compress(file.getvalue())


def a_stamp() -> np.ndarray:
    pixels = np.random.default_rng(1).normal(100, 5, (63, 63)).astype(np.float32)
    pixels[30:33, 30:33] += 5_000
    pixels[0, :10] = np.nan
    return pixels


def test_pixels_come_back_with_their_gaps() -> None:
    pixels = a_stamp()
    for data in (packed(pixels), gzip.decompress(packed(pixels))):
        read = read_stamp(data)
        assert read.dtype == np.float32
        assert np.array_equal(read, pixels, equal_nan=True)


@pytest.mark.parametrize(
    "damaged",
    [b"", b"nonsense", b"\x1f\x8bnonsense", packed(a_stamp())[:500], gzip.compress(b"not FITS at all")],
    ids=["empty", "text", "bad gzip", "cut off", "gzipped text"],
)
def test_what_is_no_stamp_is_said(damaged: bytes) -> None:
    with pytest.raises(QuicklookError, match="This cutout"):
        read_stamp(damaged)


def test_an_image_of_other_dimensions_is_refused() -> None:
    with pytest.raises(QuicklookError, match="two dimensions"):
        read_stamp(packed(np.zeros((2, 3, 4), dtype=np.float32)))


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutouts, "MAX_STAMP_BYTES", 10_000)
    with pytest.raises(QuicklookError, match="larger than a stamp"):
        read_stamp(gzip.compress(bytes(1_000_000)))


def test_a_stretch_keeps_order_range_and_gaps() -> None:
    pixels = a_stamp()
    brightness = stretch(pixels)
    assert np.array_equal(np.isnan(brightness), np.isnan(pixels))
    assert (np.nanmin(brightness), np.nanmax(brightness)) == (0.0, 1.0)
    order = np.argsort(pixels, axis=None)
    assert (np.diff(brightness.ravel()[order][:-10]) >= 0).all()


def test_a_difference_is_grey_where_nothing_changed() -> None:
    pixels = np.random.default_rng(2).normal(0, 1, (63, 63)).astype(np.float32)
    pixels[10:14, 10:14], pixels[50:54, 50:54], pixels[0, 0] = 500, -500, np.nan
    brightness = stretch_difference(pixels)
    assert np.nanmedian(brightness) == pytest.approx(0.5, abs=0.01)
    assert (brightness[12, 12], brightness[52, 52]) == (1.0, 0.0)
    assert np.isnan(brightness[0, 0])


@pytest.mark.parametrize("value", [0.0, 7.0, np.nan])
def test_a_flat_stamp_has_no_contrast_and_no_error(value: float) -> None:
    flat = np.full((63, 63), value, dtype=np.float32)
    for brightness in (stretch(flat), stretch_difference(flat)):
        assert len(np.unique(brightness)) == 1
