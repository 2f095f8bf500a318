"""Stamps of an alert: from gzipped FITS as the survey sends them to pixels, and to what an eye can see."""

from __future__ import annotations

import io
import warnings
import zlib
from enum import StrEnum

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning
from astropy.visualization import AsinhStretch, BaseStretch, LinearStretch, LogStretch, PercentileInterval
from numpy.typing import NDArray

from backend.errors import QuicklookError

PIXEL_SCALE_ARCSEC = 1.012
"""Of ZTF's camera."""
MAX_STAMP_BYTES = 16_000_000
"""A stamp has some 20 KB; more than this is not one, whatever its header says."""
STANDARD_PERCENT = 99.0
_GZIP = 16 + zlib.MAX_WBITS
_FITS_ERRORS = (OSError, ValueError, TypeError, KeyError, IndexError, fits.VerifyError)
"""What astropy raises on bytes that are not FITS."""


class Stretch(StrEnum):
    """How brightness grows with the pixel's value."""

    ASINH = "asinh"
    LINEAR = "linear"
    LOG = "log"


_CURVES: dict[Stretch, BaseStretch] = {
    Stretch.ASINH: AsinhStretch(0.1),
    Stretch.LINEAR: LinearStretch(),
    Stretch.LOG: LogStretch(1000),
}


def read_stamp(packed: bytes) -> NDArray[np.float32]:
    """The pixels of a stamp.

    ZTF's stamps have no world coordinates (their headers hold SIMPLE, BITPIX, NAXIS and BUNIT), but they are cut from
    images that are mirrored: north is towards the first row and east towards the first column. In real alerts of one
    exposure ``ra`` and ``dec`` both fall by 1.01 arcsec a pixel of ``xpos`` and ``ypos``, turned by a degree at most;
    https://github.com/Caltech-IPAC/firefly/pull/824 says the same of the images.

    Parameters
    ----------
    packed
        A FITS file of one image, gzipped or not.

    Returns
    -------
    ndarray
        Rows and columns as FITS has them, and so for ZTF rows from north to south, columns from east to west: drawn
        from the upper left corner, north is up and east to the left. NaN where the survey has no value.

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


def stretch(
    stamp: NDArray[np.float32], curve: Stretch = Stretch.ASINH, percent: float = STANDARD_PERCENT
) -> NDArray[np.float32]:
    """Brightness from 0 to 1 between two percentiles.

    Parameters
    ----------
    percent
        Share of the pixels between black and white; as many are darker as are brighter.

    Returns
    -------
    ndarray
        NaN where the stamp has no value; all 0 where it has one value only.
    """
    if not np.isfinite(stamp).any():
        return np.full_like(stamp, np.nan)
    seen = _seen(stamp)
    low, high = PercentileInterval(percent).get_limits(seen)
    return _curved((seen - low) / (high - low) if high > low else seen * 0, curve)


def stretch_difference(
    stamp: NDArray[np.float32], curve: Stretch = Stretch.ASINH, percent: float = STANDARD_PERCENT
) -> NDArray[np.float32]:
    """Brightness of a difference image: 0.5 where nothing changed, so that fainter is darker and brighter is lighter.

    Parameters
    ----------
    percent
        Share of the pixels that differ less from the median than black and white do.

    Returns
    -------
    ndarray
        NaN where the stamp has no value.
    """
    if not np.isfinite(stamp).any():
        return np.full_like(stamp, np.nan)
    seen = _seen(stamp)
    change = seen - np.nanmedian(seen)
    largest = np.nanpercentile(np.abs(change), percent)
    scaled = change / largest if largest > 0 else change * 0
    return np.asarray(0.5 + np.sign(scaled) * _curved(np.abs(scaled), curve) / 2, dtype=np.float32)


def _seen(stamp: NDArray[np.float32]) -> NDArray[np.float64]:
    """NaN for all that is no finite value; in double precision, so that nothing overflows."""
    return np.where(np.isfinite(stamp), stamp, np.nan).astype(np.float64)


def _curved(scaled: NDArray[np.floating], curve: Stretch) -> NDArray[np.float32]:
    return np.asarray(_CURVES[curve](np.clip(scaled, 0, 1), clip=False), dtype=np.float32)


def _unpacked(packed: bytes) -> bytes:
    if packed[:2] != b"\x1f\x8b":
        return packed
    unpacked = zlib.decompressobj(_GZIP).decompress(packed, MAX_STAMP_BYTES)
    if len(unpacked) == MAX_STAMP_BYTES:
        raise QuicklookError("This cutout is larger than a stamp can be.")
    return unpacked
