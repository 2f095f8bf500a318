"""What the store has of the object on the page, asked for once: a step to its next alert changes nothing of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import streamlit as st

from backend.alert_queries import AlertQueries, ObjectPlace
from backend.light_curve import LightCurve, light_curve

_OBJECTS = 20


class ObjectAlerts(NamedTuple):
    """What was found; the place is None where there is no alert."""

    alerts: list[dict[str, Any]]
    place: ObjectPlace | None


def object_alerts(queries: AlertQueries, object_id: str) -> ObjectAlerts:
    """The alerts in order of time, and where the object stands among all."""
    return _found(queries, queries.held, object_id)


def object_light_curve(queries: AlertQueries, object_id: str) -> LightCurve:
    """Its light curve, from its alerts and their history."""
    return _light_curve(queries, queries.held, object_id)


@st.cache_data(show_spinner=False, max_entries=_OBJECTS)
def _found(_queries: AlertQueries, held: tuple[str, int], object_id: str) -> ObjectAlerts:
    alerts = _queries.alerts_of(object_id)
    return ObjectAlerts(alerts, _queries.place(object_id) if alerts else None)


@st.cache_data(show_spinner=False, max_entries=_OBJECTS)
def _light_curve(_queries: AlertQueries, held: tuple[str, int], object_id: str) -> LightCurve:
    return light_curve(_queries.visits_of(object_id))
