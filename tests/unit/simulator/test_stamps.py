"""Cutouts: files that an astronomer's tools open, and that show what the alert says."""

from __future__ import annotations

import gzip
import io
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from astropy.io import fits

from simulator.archive import night_folder, simulate_archive
from simulator.stamps import POOL_SIZE, STAMP_COLUMNS, encode_stamp
from tests.unit.simulator.reading import read_night

NIGHT = date(2024, 9, 1)
ALERTS = 80


@pytest.fixture(scope="module", params=["pool", "distinct"])
def stamped(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """A small night with cutouts of either sort."""
    out = tmp_path_factory.mktemp(request.param)
    simulate_archive(out, [NIGHT], ALERTS, stamps=request.param)
    return read_night(night_folder(out, NIGHT))


def _images(alerts: pa.Table, column: str) -> np.ndarray:
    images = []
    for stamp in alerts[column].to_pylist():
        with fits.open(io.BytesIO(gzip.decompress(stamp["stampData"]))) as units:
            units.verify("exception")
            images.append(units[0].data.astype(np.float64))
    return np.array(images)


def test_stamps_are_fits_of_63_by_63_with_some_missing_pixels(stamped: pa.Table) -> None:
    for column in STAMP_COLUMNS:
        images = _images(stamped, column)
        assert images.shape == (ALERTS, 63, 63)
        missing = np.isnan(images)
        assert missing.any()
        assert missing.mean() < 0.1


def test_stamps_have_the_real_ones_size(stamped: pa.Table) -> None:
    for column in STAMP_COLUMNS:
        sizes = [len(stamp["stampData"]) for stamp in stamped[column].to_pylist()]
        assert 11_000 < np.mean(sizes) < 16_000


def test_difference_shows_the_magnitude_and_the_sign(stamped: pa.Table) -> None:
    candidates = stamped["candidate"].to_pylist()
    centre = np.nansum(_images(stamped, "cutoutDifference")[:, 28:35, 28:35], axis=(1, 2))
    bright = [row for row, candidate in enumerate(candidates) if candidate["magpsf"] < 18.5]
    assert len(bright) > 5
    for row in bright:
        is_positive = candidates[row]["isdiffpos"] in ("t", "1")
        assert (centre[row] > 0) == is_positive
    mags = np.array([candidates[row]["magpsf"] for row in bright])
    assert np.corrcoef(mags, np.log10(np.abs(centre[bright])))[0, 1] < -0.8


def test_file_names_carry_the_identifiers(stamped: pa.Table) -> None:
    first = stamped.slice(0, 1).to_pylist()[0]
    candid, pid = first["candid"], first["candidate"]["pid"]
    assert first["cutoutScience"]["fileName"] == f"candid{candid}_pid{pid}_targ_sci.fits.gz"
    assert first["cutoutTemplate"]["fileName"] == f"candid{candid}_ref.fits.gz"
    assert first["cutoutDifference"]["fileName"] == f"candid{candid}_pid{pid}_targ_refmsci.fits.gz"


def test_distinct_stamps_all_differ_and_a_pools_repeat(tmp_path: Path) -> None:
    distinct = {}
    for stamps in ("pool", "distinct"):
        simulate_archive(tmp_path / stamps, [NIGHT], 2 * POOL_SIZE, stamps=stamps)
        column = read_night(night_folder(tmp_path / stamps, NIGHT))["cutoutScience"].to_pylist()
        distinct[stamps] = len({stamp["stampData"] for stamp in column})
    assert distinct["distinct"] == 2 * POOL_SIZE
    assert 20 < distinct["pool"] <= POOL_SIZE


def test_archive_without_stamps_has_null_in_them(tmp_path: Path) -> None:
    simulate_archive(tmp_path, [NIGHT], 5, stamps="none")
    stamps = read_night(night_folder(tmp_path, NIGHT))["cutoutScience"].to_pylist()
    assert [stamp["stampData"] for stamp in stamps] == [None] * 5


def test_encoding_holds_no_clock() -> None:
    encoded = encode_stamp(np.zeros((63, 63)))
    assert encoded[4:8] == bytes(4)
