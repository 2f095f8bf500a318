"""Which alert of the object is looked at: from the address, and steps through all of them in time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import streamlit as st

from backend.light_curve import BANDS, JD_OF_MJD_0
from backend.stored_columns import JD_OF_UNIX_EPOCH, NO_MAGNITUDE
from views.components.wording import plain, time_text

CANDID = "candid"
"""In the address; without it, the last alert."""
_LAST_MJD = 200_000
"""In the year 2406; what is later, or before the year 1858, is no time of an alert."""


def alert_steps(alerts: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Buttons to the first, the earlier, the later and the last alert, and what is known of the chosen one.

    Parameters
    ----------
    alerts
        Of one object, in order of time; at least one.

    Returns
    -------
    Mapping
        The chosen alert.
    """
    number, last = _place_in_address(alerts), len(alerts) - 1
    if last:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _step("First", alerts[0], number == 0, ":material/first_page:", "Shift+E", "left")
            _step("Earlier", alerts[max(number - 1, 0)], number == 0, ":material/chevron_left:", "E", "left")
            _step("Later", alerts[min(number + 1, last)], number == last, ":material/chevron_right:", "L", "right")
            _step("Last", alerts[last], number == last, ":material/last_page:", "Shift+L", "right")
    alert = alerts[number]
    st.markdown(plain(" · ".join([f"Alert {number + 1:,} of {len(alerts):,}", *_facts(alert)])))
    mjd = mjd_of(alert)
    st.caption(plain(" · ".join([*([f"MJD {mjd:.5f}"] if mjd is not None else []), f"candid {alert['candid']}"])))
    return alert


def mjd_of(alert: Mapping[str, Any]) -> float | None:
    """When it was observed (UTC, days); None when the content does not tell."""
    jd = _number(alert.get("jd"))
    return jd - JD_OF_MJD_0 if jd is not None and 0 < jd - JD_OF_MJD_0 < _LAST_MJD else None


def forget_alert() -> None:
    """Let the address name no alert: for another object."""
    st.query_params.pop(CANDID, None)


def _place_in_address(alerts: Sequence[Mapping[str, Any]]) -> int:
    named = st.query_params.get(CANDID)
    found = next((number for number, alert in enumerate(alerts) if str(alert["candid"]) == named), None)
    if found is None:
        forget_alert()
    return len(alerts) - 1 if found is None else found


def _step(
    label: str,
    alert: Mapping[str, Any],
    is_there: bool,
    icon: str,
    shortcut: str,
    side: Literal["left", "right"],
) -> None:
    st.button(
        label,
        key=f"alert_{label}",
        icon=icon,
        icon_position=side,
        disabled=is_there,
        shortcut=shortcut,
        on_click=_go,
        args=[str(alert["candid"])],
    )


def _go(candid: str) -> None:
    st.query_params[CANDID] = candid


def _facts(alert: Mapping[str, Any]) -> list[str]:
    """``2024-09-02 03:11 UTC``, ``r``, ``18.42 ± 0.05 mag``; what the alert does not tell is left out."""
    mjd, band = mjd_of(alert), BANDS.get(alert.get("fid") or 0)
    facts = []
    if mjd is not None:
        seconds = (mjd + JD_OF_MJD_0 - JD_OF_UNIX_EPOCH) * 86_400
        facts.append(f"{time_text(datetime.fromtimestamp(seconds, UTC))} UTC")
    if band:
        facts.append(band)
    magnitude, error = _magnitude(alert.get("magpsf")), _magnitude(alert.get("sigmapsf"))
    if magnitude is not None:
        facts.append(f"{magnitude:.2f} ± {error:.2f} mag" if error is not None else f"{magnitude:.2f} mag")
    return facts


def _magnitude(value: Any) -> float | None:
    number = _number(value)
    return number if number is not None and number > NO_MAGNITUDE else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
