"""Request: which alerts, what of them, how many that would be; then Test or Submit."""

from __future__ import annotations

import streamlit as st

from backend.alert_schema import survey
from backend.errors import QuicklookError
from views.components.class_picker import class_picker
from views.components.condition_editor import condition_editor
from views.components.content_picker import content_picker
from views.components.draft import drafted_request, example_request, fill_draft, keep_draft, restore_draft
from views.components.estimate_panel import estimate_panel, no_estimate
from views.components.night_range import night_range
from views.components.request_file_box import request_file_box
from views.components.session import transfers
from views.components.statistics_box import statistics_box
from views.components.submission import submission

its_survey = survey("ztf")
archive = transfers().archive_nights()
restore_draft()

left, right = st.columns([5, 3], gap="large")
with left:
    st.title("Request a transfer")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{its_survey.label} alerts, from the archive to a topic of your own.")
        example = example_request(archive)
        if example is not None:
            bulb = ":material/lightbulb:"
            st.button("Show an example", icon=bulb, type="tertiary", on_click=fill_draft, args=[example])
        file_box = st.container(width="content")
    nights = night_range(archive, its_survey.first_night)
    class_picker(transfers().class_counts(nights) if nights else {})
    conditions_hold = condition_editor(its_survey)
    content_is_chosen = content_picker(its_survey, transfers().content_sizes(nights) if nights else {})
keep_draft()

request = drafted_request(its_survey.name, nights) if nights and content_is_chosen else None
with file_box:
    request_file_box(request)

with right, st.container(key="estimate", border=True):
    st.subheader("Estimate", anchor=False)
    estimate, reason = None, ""
    if nights is None:
        reason = "Choose the nights."
    elif not content_is_chosen:
        reason = "Choose the fields to send."
    elif not conditions_hold:
        reason = "A condition is refused; the line below it says why."
    elif request is not None:
        try:
            estimate = transfers().estimate(request)
        except QuicklookError as error:
            reason = str(error)
    if estimate is not None and archive.is_known:
        estimate_panel(estimate)
    else:
        no_estimate(reason or "There is no estimate yet.")
    submission(request, estimate if archive.is_known else None, reason)
    statistics_box(archive)
