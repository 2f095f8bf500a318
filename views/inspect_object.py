"""Inspect: one object's light curve, cutouts, scores and coordinates."""

from __future__ import annotations

import streamlit as st

from backend.alert_queries import AlertQueries
from backend.alert_schema import survey
from backend.light_curve import light_curve
from backend.models import Content, TransferRequest
from backend.sky_position import SkyPosition
from views.components.alert_facts import alert_facts
from views.components.cutout_panel import cutout_panel
from views.components.light_curve_panel import light_curve_panel
from views.components.missing_part import missing_part
from views.components.navigation import BROWSE, go_to
from views.components.object_title import object_title
from views.components.session import reader_of
from views.components.transfer_choice import transfer_choice

STAMPS = {"Science": "cutoutScience", "Template": "cutoutTemplate", "Difference": "cutoutDifference"}


def inspect(queries: AlertQueries, object_id: str, request: TransferRequest | None) -> None:
    """The whole page of an object."""
    alerts = queries.alerts_of(object_id)
    if not alerts:
        st.caption("This object is not among the alerts that were read of this transfer.")
        return
    last = alerts[-1]
    has_position = last.get("ra") is not None and last.get("dec") is not None
    position = SkyPosition(last["ra"], last["dec"]) if has_position else None
    object_title(object_id, alerts, queries.place(object_id), position)
    left, right = st.columns([3, 2], gap="large")
    with left:
        light_curve_panel(object_id, light_curve(queries.visits_of(object_id)))
        if not queries.has_history:
            sentence = "This content has no history: earlier detections and upper limits are not here."
            missing_part(sentence, object_id, request, Content.MEDIUM)
    with right:
        number = st.pagination(len(alerts), default=len(alerts), key=f"alert_of_{object_id}") if len(alerts) > 1 else 1
        alert = alerts[number - 1]
        st.caption(f"Alert {number} of {len(alerts)}, candid {alert['candid']}")
        if queries.has_stamps(tuple(STAMPS.values())):
            found = queries.stamps_of(alert["candid"], tuple(STAMPS.values()))
            cutout_panel({label: found.get(name) for label, name in STAMPS.items()})
        else:
            missing_part("This content has no cutouts.", object_id, request, Content.FULL)
    alert_facts(alert, survey(request.survey if request else "ztf"), position)


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
