"""Which object the page is about, the way to its neighbours, and what others know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import streamlit as st

from backend.alert_queries import ObjectPlace
from backend.light_curve import JD_OF_MJD_0
from backend.object_pages import fink_url, tns_url_by_name
from backend.sky_position import SkyPosition
from views.components.alert_filter import class_label
from views.components.alert_steps import forget_alert
from views.components.mark_box import mark_box
from views.components.wording import counted, plain


def object_title(
    object_id: str, alerts: Sequence[Mapping[str, Any]], place: ObjectPlace, position: SkyPosition | None
) -> None:
    """Name, class, alerts, buttons to the previous and the next object of the transfer, and links to other pages."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(plain(object_id), anchor=False, width="content")
        st.space("stretch")
        mark_box(object_id)
        _step("Previous", "P", place.previous, ":material/chevron_left:", "left")
        _step("Next", "N", place.next, ":material/chevron_right:", "right")
        for label, url in _links(object_id, alerts[-1], position).items():
            st.link_button(label, url, icon=":material/open_in_new:", type="tertiary")
    st.caption(plain(_facts(alerts, place)))


def _links(object_id: str, alert: Mapping[str, Any], position: SkyPosition | None) -> dict[str, str]:
    links = {"SIMBAD": position.simbad_url, "TNS": position.tns_url} if position else {}
    if by_name := tns_url_by_name(alert):
        links["TNS"] = by_name
    return {**links, "Fink": fink_url(object_id)}


def _step(label: str, shortcut: str, object_id: str | None, icon: str, side: Literal["left", "right"]) -> None:
    st.button(
        label,
        icon=icon,
        icon_position=side,
        disabled=object_id is None,
        help=plain(object_id) if object_id else None,
        key=f"step_{label}",
        shortcut=shortcut,
        on_click=_go,
        args=[object_id],
    )


def _go(object_id: str) -> None:
    st.query_params["object"] = object_id
    forget_alert()


def _facts(alerts: Sequence[Mapping[str, Any]], place: ObjectPlace) -> str:
    last = alerts[-1]
    classes = [last.get("finkclass"), last.get("tnsclass")]
    named = [class_label(name) for name in classes if name and name != "Unknown"] or ["Unknown"]
    times = [alert["jd"] for alert in alerts if alert.get("jd")]
    span = f"MJD {min(times) - JD_OF_MJD_0:.2f} – {max(times) - JD_OF_MJD_0:.2f}" if times else ""
    parts = (*named, counted(len(alerts), "alert"), span, f"object {place.number:,} of {place.objects:,}")
    return " · ".join(part for part in parts if part)
