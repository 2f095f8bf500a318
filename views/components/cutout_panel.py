"""The three stamps of an alert, and how they are shown: the same for all three, and for the next alert."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from backend.cutouts import PIXEL_SCALE_ARCSEC, STANDARD_PERCENT, Stretch, read_stamp, stretch, stretch_difference
from backend.errors import QuicklookError
from views.components.stamp_picture import BAR_ARCSEC, stamp_picture
from views.components.wording import plain

DIFFERENCE = "Difference"
PERCENTS = (90.0, 95.0, 98.0, STANDARD_PERCENT, 99.5, 100.0)
STRETCH, PERCENT = "stamp_stretch", "stamp_percent"


def cutout_panel(stamps: Mapping[str, bytes | None]) -> None:
    """Science, template and difference side by side, north up and east to the left.

    Parameters
    ----------
    stamps
        Label -> gzipped FITS; None where the alert has no stamp.
    """
    places = st.columns(len(stamps), gap="small")
    curve, percent = _controls()
    seen: list[NDArray[np.float32]] = []
    for place, (label, packed) in zip(places, stamps.items(), strict=True):
        with place:
            if packed is None:
                st.caption(f"{label}: none")
                continue
            try:
                pixels = read_stamp(packed)
            except QuicklookError as error:
                st.caption(plain(f"{label}: {error}"))
                continue
            show = stretch_difference if label == DIFFERENCE else stretch
            picture = stamp_picture(show(pixels, curve, percent))
            st.image(picture, caption=label, width="stretch", alt=f"{label} stamp, north up, east to the left")
            seen.append(pixels)
    if seen:
        st.caption(plain(_facts(seen)))


def _controls() -> tuple[Stretch, float]:
    with st.container(horizontal=True, vertical_alignment="center"):
        curve = st.segmented_control(
            "Stretch",
            list(Stretch),
            default=Stretch.ASINH,
            required=True,
            key=STRETCH,
            persist_state="session",
            label_visibility="collapsed",
            width="content",
        )
        percent = st.selectbox(
            "Limits",
            PERCENTS,
            index=PERCENTS.index(STANDARD_PERCENT),
            format_func=lambda share: f"{share:g} % of the pixels",
            key=PERCENT,
            persist_state="session",
            label_visibility="collapsed",
            help="So many lie between black and white. In the difference both are as far from the middle.",
            width=180,
        )
    return Stretch(curve or Stretch.ASINH), percent or STANDARD_PERCENT


def _facts(seen: list[NDArray[np.float32]]) -> str:
    rows, columns = seen[0].shape
    facts = [f"{columns} × {rows} pixels, {columns * PIXEL_SCALE_ARCSEC:.0f}″ wide", f"bar {BAR_ARCSEC}″"]
    if rows != columns:
        facts.append("cut off at the edge of the detector, so that the alert is not in the middle")
    if any(np.isnan(pixels).any() for pixels in seen):
        facts.append("pixels without a value are red")
    return " · ".join(facts)
