"""Stamps of an alert: from gzipped FITS as the survey sends them to pixels, and to what an eye can see."""

from __future__ import annotations

import io
import warnings
import zlib

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning
from numpy.typing import NDArray

from backend.errors import QuicklookError

PIXEL_SCALE_ARCSEC = 1.012
"""Of ZTF's camera."""
MAX_STAMP_BYTES = 16_000_000
"""A stamp has some 20 KB; more than this is not one, whatever its header says."""
_SOFTENING = 0.1
_GZIP = 16 + zlib.MAX_WBITS
_FITS_ERRORS = (OSError, ValueError, TypeError, KeyError, IndexError, fits.VerifyError)
"""What astropy raises on bytes that are not FITS."""


def read_stamp(packed: bytes) -> NDArray[np.float32]:
    """The pixels of a stamp.

    Parameters
    ----------
    packed
        A FITS file of one image, gzipped or not.

    Returns
    -------
    ndarray
        Rows from the bottom up, as FITS has them; NaN where the survey has no value.

    Raises
    ------
    QuicklookError
        The bytes are not a FITS image of a stamp's size.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AstropyWarning)
            with fits.open(io.BytesIO(_unpacked(packed)), memmap=False) as file:
                image = next((hdu.data for hdu in file if hdu.data is not None), None)
    except (*_FITS_ERRORS, zlib.error) as error:
        raise QuicklookError(f"This cutout is not a FITS image: {error}.") from error
    if image is None or image.ndim != 2:
        raise QuicklookError("This cutout holds no image of two dimensions.")
    return np.asarray(image, dtype=np.float32)


def stretch(stamp: NDArray[np.float32], low_percent: float = 0.5, high_percent: float = 99.5) -> NDArray[np.float32]:
    """Brightness from 0 to 1: asinh between two percentiles, so that faint and bright show together.

    Parameters
    ----------
    low_percent, high_percent
        Share of the pixels that are darker than black, and than white.

    Returns
    -------
    ndarray
        NaN where the stamp has no value; all 0 where it has one value only.
    """
    seen = stamp[np.isfinite(stamp)]
    if not seen.size:
        return np.full_like(stamp, np.nan)
    low, high = np.percentile(seen, [low_percent, high_percent])
    if high <= low:
        return np.where(np.isfinite(stamp), np.float32(0), np.float32(np.nan))
    scaled = np.clip((np.where(np.isfinite(stamp), stamp, np.nan) - low) / (high - low), 0, 1)
    return _asinh(scaled)


def stretch_difference(stamp: NDArray[np.float32], high_percent: float = 99.5) -> NDArray[np.float32]:
    """Brightness of a difference image: 0.5 where nothing changed, so that fainter is darker and brighter is lighter.

    Parameters
    ----------
    high_percent
        Share of the pixels that differ less from the median than black and white do.

    Returns
    -------
    ndarray
        NaN where the stamp has no value.
    """
    seen = stamp[np.isfinite(stamp)]
    if not seen.size:
        return np.full_like(stamp, np.nan)
    change = np.where(np.isfinite(stamp), stamp, np.nan) - np.median(seen)
    largest = np.percentile(np.abs(change[np.isfinite(change)]), high_percent)
    scaled = np.clip(change / largest, -1, 1) if largest > 0 else change * 0
    return np.asarray(0.5 + np.sign(scaled) * _asinh(np.abs(scaled)) / 2, dtype=np.float32)


def _asinh(scaled: NDArray[np.floating]) -> NDArray[np.float32]:
    """From 0 to 1 and steep at 0."""
    return np.asarray(np.arcsinh(scaled / _SOFTENING) / np.arcsinh(1 / _SOFTENING), dtype=np.float32)


def _unpacked(packed: bytes) -> bytes:
    if packed[:2] != b"\x1f\x8b":
        return packed
    unpacked = zlib.decompressobj(_GZIP).decompress(packed, MAX_STAMP_BYTES)
    if len(unpacked) == MAX_STAMP_BYTES:
        raise QuicklookError("This cutout is larger than a stamp can be.")
    return unpacked
