"""Inspect: one object's light curve, cutouts, scores and coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from backend.alert_queries import AlertQueries
from backend.alert_schema import survey
from backend.alert_values import alert_values
from backend.models import Content, TransferRequest
from backend.sky_position import SkyPosition
from views.components.alert_facts import alert_facts
from views.components.alert_steps import alert_steps, mjd_of
from views.components.cutout_panel import cutout_panel
from views.components.light_curve_panel import light_curve_panel
from views.components.missing_part import missing_part
from views.components.navigation import BROWSE, go_to
from views.components.object_alerts import object_alerts, object_light_curve
from views.components.object_title import object_title
from views.components.session import reader_of
from views.components.style import SIDE_BY_SIDE
from views.components.transfer_choice import transfer_choice

STAMPS = {"Science": "cutoutScience", "Template": "cutoutTemplate", "Difference": "cutoutDifference"}


def inspect(queries: AlertQueries, object_id: str, request: TransferRequest | None) -> None:
    """The whole page of an object."""
    alerts, place = object_alerts(queries, object_id)
    if place is None:
        st.caption("This object is not among the alerts that were read of this transfer.")
        return
    object_title(object_id, alerts, place, _position(alerts[-1]))
    with st.container(key=f"{SIDE_BY_SIDE}_look"):
        left, right = st.columns([3, 2], gap="large")
    with right:
        alert = alert_steps(alerts)
    with left:
        light_curve_panel(object_id, object_light_curve(queries, object_id), mjd_of(alert))
        if not queries.has_history:
            sentence = "This content has no history: earlier detections and upper limits are not here."
            missing_part(sentence, object_id, request, Content.MEDIUM)
    with right:
        if queries.has_stamps(tuple(STAMPS.values())):
            found = queries.stamps_of(alert["candid"], tuple(STAMPS.values()))
            cutout_panel({label: found.get(name) for label, name in STAMPS.items()})
        else:
            missing_part("This content has no cutouts.", object_id, request, Content.FULL)
    values = alert_values(queries, alert["candid"])
    alert_facts(values, survey(request.survey if request else "ztf"), _position(alert))


def _position(alert: Mapping[str, Any]) -> SkyPosition | None:
    """None where the content has none, or something that is no place on the sky."""
    ra_deg, dec_deg = alert.get("ra"), alert.get("dec")
    if ra_deg is None or dec_deg is None or not (0 <= ra_deg <= 360 and abs(dec_deg) <= 90):
        return None
    return SkyPosition(ra_deg, dec_deg)


if choice := transfer_choice():
    its_queries = AlertQueries(reader_of(choice.name).store)
    wanted = st.query_params.get("object") or its_queries.first_object()
    if wanted is None:
        st.caption("No alert of this transfer was read yet.")
        if st.button("Read them", type="primary", icon=":material/table_rows:"):
            go_to(BROWSE, transfer=choice.name)
    else:
        st.query_params["object"] = wanted
        inspect(its_queries, wanted, choice.transfer.request if choice.transfer else None)
