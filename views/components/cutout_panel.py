"""The three stamps of an alert."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from backend.cutouts import PIXEL_SCALE_ARCSEC, read_stamp, stretch, stretch_difference
from backend.errors import QuicklookError
from views.components.wording import plain

DIFFERENCE = "Difference"
NO_VALUE_RGB = (214, 96, 77)
_ENLARGED = 4


def cutout_panel(stamps: Mapping[str, bytes | None]) -> None:
    """Science, template and difference side by side.

    Parameters
    ----------
    stamps
        Label -> gzipped FITS; None where the alert has no stamp.
    """
    has_gaps, size = False, None
    for place, (label, packed) in zip(st.columns(len(stamps)), stamps.items(), strict=True):
        with place:
            if packed is None:
                st.caption(f"{label}: none")
                continue
            try:
                pixels = read_stamp(packed)
            except QuicklookError as error:
                st.caption(plain(f"{label}: {error}"))
                continue
            brightness = stretch_difference(pixels) if label == DIFFERENCE else stretch(pixels)
            st.image(_picture(brightness), caption=label, width="stretch", alt=f"{label} stamp")
            has_gaps, size = has_gaps or bool(np.isnan(pixels).any()), pixels.shape
    if size:
        facts = [f"{size[1]} × {size[0]} pixels, {size[1] * PIXEL_SCALE_ARCSEC:.0f}″ wide", "asinh stretch"]
        st.caption(" · ".join([*facts, "pixels without a value are red"] if has_gaps else facts))


def _picture(brightness: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Grey, enlarged without smoothing, the first row below; red where there is no value."""
    missing = np.isnan(brightness)
    grey = (np.nan_to_num(brightness) * 255).astype(np.uint8)
    picture = np.stack([grey] * 3, axis=-1)
    picture[missing] = NO_VALUE_RGB
    return np.kron(picture[::-1], np.ones((_ENLARGED, _ENLARGED, 1), dtype=np.uint8))
