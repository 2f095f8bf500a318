"""One stamp as a picture: its pixels, north and east, and a bar that tells its scale."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.cutouts import PIXEL_SCALE_ARCSEC

NO_VALUE_RGB = (214, 96, 77)
BAR_ARCSEC = 10
_SIDE_PX = 630
"""As a picture has it that is looked at alone; a page shows it smaller."""
_MARGIN, _ARROW, _HEAD, _TEXT = 3.5, 6.5, 1.6, 4.6
"""In pixels of the stamp."""


def stamp_picture(brightness: NDArray[np.float32]) -> str:
    """SVG with each pixel as a square, the first row above; red where there is no value.

    The marks are white with a dark edge, so that they can be read on black and on white.

    Parameters
    ----------
    brightness
        From 0 to 1, rows from north to south and columns from east to west.
    """
    rows, columns = brightness.shape
    pixels = base64.b64encode(_png(brightness)).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {columns} {rows}" '
        f'width="{_SIDE_PX}" height="{_SIDE_PX * rows / columns:.0f}">'
        f'<image width="{columns}" height="{rows}" preserveAspectRatio="none" style="image-rendering:pixelated" '
        f'href="data:image/png;base64,{pixels}"/>'
        f"{_mark(_scale_bar(rows), 1.9, '#000000')}{_mark(_scale_bar(rows), 0.8, '#ffffff')}"
        f"{_mark(_compass(columns, rows), 1.9, '#000000')}{_mark(_compass(columns, rows), 0.8, '#ffffff')}"
        f"{_text(_MARGIN, rows - _MARGIN - 2, f'{BAR_ARCSEC}″', 'start')}"
        f"{_text(columns - _MARGIN - 0.2, rows - _MARGIN - _ARROW - 1.6, 'N', 'middle')}"
        f"{_text(columns - _MARGIN - _ARROW - 2.8, rows - _MARGIN + 1.6, 'E', 'middle')}"
        "</svg>"
    )


def _png(brightness: NDArray[np.float32]) -> bytes:
    missing = np.isnan(brightness)
    grey = (np.nan_to_num(brightness) * 255).astype(np.uint8)
    colours = np.stack([grey] * 3, axis=-1)
    colours[missing] = NO_VALUE_RGB
    file = io.BytesIO()
    Image.fromarray(colours).save(file, format="png")
    return file.getvalue()


def _scale_bar(rows: int) -> str:
    """Below, on the left."""
    return f"M{_MARGIN} {rows - _MARGIN}h{BAR_ARCSEC / PIXEL_SCALE_ARCSEC:.3f}"


def _compass(columns: int, rows: int) -> str:
    """Below, on the right: two arrows from one corner, north up and east to the left."""
    x, y = columns - _MARGIN, rows - _MARGIN
    north = f"M{x} {y}v{-_ARROW}m{-_HEAD} {_HEAD}l{_HEAD} {-_HEAD}l{_HEAD} {_HEAD}"
    east = f"M{x} {y}h{-_ARROW}m{_HEAD} {-_HEAD}l{-_HEAD} {_HEAD}l{_HEAD} {_HEAD}"
    return north + east


def _mark(path: str, width: float, colour: str) -> str:
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-family="sans-serif" font-size="{_TEXT}" '
        f'font-weight="600" fill="#ffffff" stroke="#000000" stroke-width="1" paint-order="stroke">{words}</text>'
    )
