"""From some alerts of objects to a request for all alerts of these objects."""

from __future__ import annotations

import streamlit as st

from backend.alert_filter import AlertFilter
from backend.models import Content, Transfer, TransferRequest
from backend.nights import NightRange
from backend.object_list import ObjectList
from backend.region import MAX_OBJECTS, Region
from views.components.draft import fill_draft
from views.components.navigation import REQUEST, go_to
from views.components.session import transfers
from views.components.wording import counted


def request_all_of(objects: ObjectList, chosen: AlertFilter, found: int, transfer: Transfer | None) -> None:
    """A button that opens Request with the objects, in all nights of the archive."""
    archive = transfers().archive.nights()
    if not archive.nights:
        return
    label = "Request all alerts of these objects" if found > 1 else "Request all alerts of this object"
    is_too_much = found > MAX_OBJECTS
    why = f"At most {counted(MAX_OBJECTS, 'object')} at once: narrow them down." if is_too_much else None
    if st.button(label, icon=":material/add:", type="tertiary", disabled=is_too_much, help=why):
        its = transfer.request if transfer else None
        fill_draft(
            TransferRequest(
                survey=its.survey if its else "ztf",
                nights=(NightRange(start=archive.nights[0], stop=archive.nights[-1]),),
                region=Region(objects=objects.names(chosen, MAX_OBJECTS)),
                content=its.content if its else Content.LIGHTCURVE,
            )
        )
        go_to(REQUEST)
