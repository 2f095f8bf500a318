"""The light curve of an object with what one does to it: other quantities and axes, quality, folding, downloads."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import streamlit as st

from backend.light_curve import LightCurve
from backend.photometry import OWN_REFERENCE_ARCSEC
from backend.shown_light_curve import (
    LightCurveChoice,
    Quantity,
    ShownCurve,
    TimeAxis,
    light_curve_csv,
    score_of,
    shown_light_curve,
)
from views.components.folding import folding
from views.components.light_curve_chart import light_curve_chart, light_curve_description, light_curve_facts

QUANTITY, TIME_AXIS, LEAST_SCORE, HIDES = "curve_quantity", "curve_time", "curve_least_score", "curve_hides_doubtful"
FOLDS = "curve_folds"
_SHORT = {Quantity.DIFFERENCE: "Difference", Quantity.APPARENT: "Apparent", Quantity.FLUX: "Flux"}
_PICTURE_WIDTH_PX = 900
_PICTURE_PPI = 144


@st.fragment
def light_curve_panel(object_id: str, curve: LightCurve, cursor_mjd: float | None = None) -> None:
    """Chart, facts and controls; only this part of the page runs again when one of them changes.

    Parameters
    ----------
    cursor_mjd
        Time of the alert that is looked at beside the chart.
    """
    if not (curve.detections or curve.upper_limits):
        st.caption("These alerts have no magnitudes: there is no light curve.")
        return
    above = st.container(gap="small")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        quantity = _quantity()
        axis = _time_axis(is_folded=bool(st.session_state.get(FOLDS)))
        least_score, hides = _quality(curve)
        folds = st.toggle("Fold", key=FOLDS, persist_state="session", help="Show phase instead of time.")
        downloads = st.popover("Download", icon=":material/download:", type="tertiary")
    period_d = folding(object_id, curve) if folds else None
    choice = LightCurveChoice(quantity, axis, least_score, hides, period_d)
    shown = shown_light_curve(curve, choice)
    with above:
        chart = light_curve_chart(shown, cursor_mjd=cursor_mjd)
        st.altair_chart(chart.properties(description=light_curve_description(shown, object_id)), width="stretch")
        st.caption(light_curve_facts(shown))
        for sentence in _warnings(shown):
            st.caption(sentence)
    with downloads:
        _downloads(object_id, shown)


def _quantity() -> Quantity:
    chosen = st.segmented_control(
        "Quantity",
        list(Quantity),
        default=Quantity.DIFFERENCE,
        required=True,
        format_func=lambda each: _SHORT[each],
        key=QUANTITY,
        label_visibility="collapsed",
        persist_state="session",
        help="Difference from the reference image in magnitudes; apparent magnitude, the reference included;"
        " or the flux of the difference, with its sign.",
    )
    return chosen or Quantity.DIFFERENCE


def _time_axis(*, is_folded: bool) -> TimeAxis:
    chosen = st.segmented_control(
        "Time",
        list(TimeAxis),
        default=TimeAxis.MJD,
        required=True,
        format_func=lambda each: "Date" if each is TimeAxis.DATE else each.value,
        key=TIME_AXIS,
        label_visibility="collapsed",
        persist_state="session",
        disabled=is_folded,
        help="While it is folded, the curve is drawn over phase." if is_folded else None,
    )
    return chosen or TimeAxis.MJD


def _quality(curve: LightCurve) -> tuple[float, bool]:
    """The least score, and whether lower ones are hidden; 0 where no detection has a score."""
    if all(score_of(each) is None for each in curve.detections):
        return 0.0, False
    with st.popover("Quality", icon=":material/verified:", type="tertiary"):
        least = st.slider(
            "Least score", 0.0, 1.0, 0.0, 0.05, key=LEAST_SCORE, persist_state="session",
            help="drb of each detection, or rb where it has no drb (a history has none). 1 is surely real.",
        )  # fmt: skip
        hides = st.toggle("Hide what is below", key=HIDES, persist_state="session")
        st.caption("What is below is pale and hollow, or hidden. Upper limits have no score and stay.")
    return least, hides


def _warnings(shown: ShownCurve) -> list[str]:
    """What one must know to read the values rightly."""
    sentences = []
    if not shown.detections and shown.without_value:
        sentences.append(
            f"None of the detections has a {shown.choice.quantity.value}: these alerts bring no sign of the difference"
            " (isdiffpos) or no reference magnitude (magnr)."
        )
    if shown.reference_arcsec is not None:
        sentences.append(
            f"The reference source is {shown.reference_arcsec:.1f}″ away, more than {OWN_REFERENCE_ARCSEC}″: it may be"
            " the host or a neighbour, whose light the apparent magnitudes then include."
        )
    return sentences


def _downloads(object_id: str, shown: ShownCurve) -> None:
    """The curve as it is shown; pictures are drawn when they are asked for."""
    name = re.sub(r"[^\w.+-]", "_", object_id) + "_light_curve"
    st.caption("The light curve as it is shown.")
    with st.container(horizontal=True, gap="small"):
        st.download_button("CSV", light_curve_csv(shown, object_id), f"{name}.csv", "text/csv", on_click="ignore")
        st.download_button("PNG", picture(shown, object_id, "png"), f"{name}.png", "image/png", on_click="ignore")
        st.download_button("SVG", picture(shown, object_id, "svg"), f"{name}.svg", "image/svg+xml", on_click="ignore")


def picture(shown: ShownCurve, title: str, kind: str) -> Callable[[], bytes]:
    """A function that draws the chart, on white."""

    def drawn() -> bytes:
        chart = light_curve_chart(shown, title).properties(width=_PICTURE_WIDTH_PX)
        file = io.BytesIO() if kind == "png" else io.StringIO()
        chart.save(file, format=kind, ppi=_PICTURE_PPI)
        content = file.getvalue()
        return content if isinstance(content, bytes) else content.encode()

    return drawn
