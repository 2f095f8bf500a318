"""Stamps: the pixels come back, damage is said, what has no value stays visible."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy.io import fits

from backend import cutouts
from backend.cutouts import PIXEL_SCALE_ARCSEC, Stretch, read_stamp, stretch, stretch_difference
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


@pytest.mark.parametrize("curve", list(Stretch))
def test_each_curve_keeps_order_and_ends(curve: Stretch) -> None:
    pixels = np.linspace(-3, 7, 63 * 63, dtype=np.float32).reshape(63, 63)
    brightness = stretch(pixels, curve, 100)
    assert (brightness[0, 0], brightness[-1, -1]) == (0.0, 1.0)
    assert (np.diff(brightness.ravel()) >= 0).all()
    difference = stretch_difference(pixels, curve, 100)
    assert np.allclose(difference, 1 - difference[::-1, ::-1], atol=1e-6)


def test_linear_is_linear_and_the_others_lift_the_faint() -> None:
    pixels = np.linspace(0, 1, 101, dtype=np.float32).reshape(1, 101)
    linear, asinh, log = (stretch(pixels, curve, 100)[0] for curve in (Stretch.LINEAR, Stretch.ASINH, Stretch.LOG))
    assert np.allclose(linear, pixels[0], atol=1e-6)
    assert (linear[1:-1] < asinh[1:-1]).all()
    assert (asinh[1:-1] < log[1:-1]).all()


def test_limits_hold_the_share_of_pixels_that_was_asked_for() -> None:
    pixels = np.random.default_rng(3).normal(0, 1, (100, 100)).astype(np.float32)
    for percent in (90.0, 99.0):
        brightness = stretch(pixels, Stretch.LINEAR, percent)
        difference = stretch_difference(pixels, Stretch.LINEAR, percent)
        for seen in (brightness, difference):
            inside = ((seen > 0) & (seen < 1)).mean()
            assert inside == pytest.approx(percent / 100, abs=0.001)
        assert (brightness == 0).mean() == pytest.approx((brightness == 1).mean(), abs=0.001)


def real_stamps(archive: Path) -> Iterator[tuple[dict[str, Any], dict[str, bytes]]]:
    """Detection and stamps of each real alert that has any; some are damaged at the edge of the detector."""
    columns = ["candidate", "cutoutScience", "cutoutTemplate", "cutoutDifference"]
    for file in sorted(archive.rglob("*.parquet")):
        if set(columns) <= set(pq.read_schema(file).names):
            for row in pq.ParquetFile(file).read(columns).to_pylist():
                found = {name: row[name]["stampData"] for name in columns[1:] if row[name] and row[name]["stampData"]}
                if found:
                    yield row["candidate"], found


def test_pixels_of_real_stamps_are_those_that_astropy_reads(real_alerts: Path) -> None:
    read = 0
    for _, stamps in real_stamps(real_alerts / "archive"):
        for packed_stamp in stamps.values():
            with fits.open(io.BytesIO(gzip.decompress(packed_stamp)), ignore_missing_simple=True) as units:
                assert np.array_equal(read_stamp(packed_stamp), units[0].data, equal_nan=True)
            read += 1
    assert read > 1000


def test_in_real_stamps_the_sky_has_north_up_and_east_to_the_left(real_alerts: Path) -> None:
    """The nearest source of the reference image shines where its coordinates say, and not at its mirror images."""
    wins = {(1, 1): 0, (1, -1): 0, (-1, 1): 0, (-1, -1): 0}
    for detection, stamps in real_stamps(real_alerts / "archive"):
        template = read_stamp(stamps["cutoutTemplate"]) if "cutoutTemplate" in stamps else np.zeros((0, 0))
        east, north = offset_pixels(detection)
        if template.shape != (63, 63) or not (3 < abs(east) < 25 and 3 < abs(north) < 25):
            continue
        light = {
            (up, left): np.nanmean(around(template, row=31 - up * north, column=31 - left * east)) for up, left in wins
        }
        wins[max(light, key=lambda turn: np.nan_to_num(light[turn], nan=-np.inf))] += 1
    assert sum(wins.values()) > 10
    assert wins[1, 1] > 0.7 * sum(wins.values()), wins


def offset_pixels(detection: dict[str, Any]) -> tuple[float, float]:
    """From the alert to the nearest source of the reference image, to the east and to the north."""
    per_degree = 3600 / PIXEL_SCALE_ARCSEC
    east = (detection["ranr"] - detection["ra"]) * np.cos(np.radians(detection["dec"])) * per_degree
    return float(east), float((detection["decnr"] - detection["dec"]) * per_degree)


def around(stamp: np.ndarray, row: float, column: float) -> np.ndarray:
    rows, columns = np.indices(stamp.shape)
    return stamp[np.hypot(rows - row, columns - column) < 2]


def test_real_exposures_are_mirrored_as_the_reading_says(real_alerts: Path) -> None:
    exposures: dict[tuple[float, int], dict[int, dict[str, Any]]] = {}
    for detection, _ in real_stamps(real_alerts / "archive"):
        exposures.setdefault((detection["jd"], detection["rcid"]), {})[detection["candid"]] = detection
    checked = 0
    for detections in (list(each.values()) for each in exposures.values() if len(each) > 2):
        places = np.array([(each["xpos"], each["ypos"], 1) for each in detections])
        cosine = np.cos(np.radians(np.mean([each["dec"] for each in detections])))
        sky = np.array([(each["ra"] * cosine, each["dec"]) for each in detections]) * 3600
        (east_by_x, north_by_x), (east_by_y, north_by_y) = np.linalg.lstsq(places, sky, rcond=None)[0][:2]
        assert (east_by_x, north_by_y) == pytest.approx((-PIXEL_SCALE_ARCSEC, -PIXEL_SCALE_ARCSEC), abs=0.01)
        assert (north_by_x, east_by_y) == pytest.approx((0, 0), abs=0.03)
        checked += 1
    assert checked > 1
