"""Request: which alerts, what of them, how many that would be; then Test or Submit."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend.alert_schema import survey
from backend.archive_estimates import SentinelCount
from backend.errors import QuicklookError
from backend.models import Estimate, TransferRequest
from backend.nights import NightRange, every_night
from views.components.class_picker import class_picker
from views.components.condition_editor import condition_editor
from views.components.content_picker import content_picker
from views.components.draft import CONDITIONS, draft_is_shown, example_request, fill_draft, keep_draft, restore_draft
from views.components.estimate_panel import estimate_panel, no_estimate
from views.components.job_size_picker import chosen_job_size, job_size_picker, time_fact
from views.components.live_typing import live_typing
from views.components.night_ranges import night_ranges
from views.components.region_form import region_form
from views.components.request_file_box import request_file_box
from views.components.request_link import open_request_link
from views.components.sample_picker import sample_picker
from views.components.session import transfers
from views.components.statistics_box import statistics_box
from views.components.submission import submission


def form(file_box: st.delta_generator.DeltaGenerator) -> tuple[TransferRequest | None, str]:
    """The request, or why it is none yet."""
    nights = night_ranges(archive, its_survey.first_night)
    every = every_night(nights.value or ())
    classes = class_picker(transfers().archive.class_counts(every), has_tns=bool(transfers().archive.tns_catalogues()))
    region = region_form()
    conditions = condition_editor(
        its_survey, transfers().archive.field_years(), lambda text: sentinels(nights.value, classes, text)
    )
    content = content_picker(its_survey, transfers().archive.content_sizes(every))
    sample = sample_picker()
    live_typing(CONDITIONS)
    keep_draft()
    problems = [part.problem for part in (nights, region, conditions, content, sample) if part.problem]
    request = None
    if not problems and nights.value and content.value:
        request = TransferRequest(
            survey=its_survey.name,
            nights=nights.value,
            classes=classes,
            region=region.value,
            conditions=conditions.value or "",
            content=content.value,
            sample=sample.value,
            job_size=chosen_job_size(),
        )
    with file_box:
        request_file_box(request)
    return request, " ".join(problems[:1])


def sentinels(nights: tuple[NightRange, ...] | None, classes: tuple[str, ...], text: str) -> Sequence[SentinelCount]:
    """How many alerts hold -999 where a condition compares it; a hint, which may be missing."""
    if not nights:
        return ()
    try:
        return transfers().archive.sentinel_counts(TransferRequest(nights=nights, classes=classes, conditions=text))
    except QuicklookError:
        return ()


def estimated(request: TransferRequest | None, problem: str) -> tuple[Estimate | None, str]:
    """The estimate, or why there is none; what the façade refuses is a problem of the request."""
    if request is None:
        return None, problem
    try:
        return transfers().archive.estimate(request), ""
    except QuicklookError as error:
        return None, str(error)


its_survey = survey("ztf")
archive = transfers().archive.nights()
open_request_link()
restore_draft()

left, right = st.columns([5, 3], gap="large")
with left:
    st.title("Request a transfer")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{its_survey.label} alerts, from the archive to a topic of your own.")
        if transfers().archive.is_simulated:
            st.caption("This sky is simulated; the setting ARCHIVE_URI leads to a real archive.")
        example = example_request(archive)
        if example is not None:
            bulb = ":material/lightbulb:"
            st.button("Show an example", icon=bulb, type="tertiary", on_click=fill_draft, args=[example])
        box = st.container(width="content")
    request, problem = form(box)

with right, st.container(key="estimate", border=True):
    st.subheader("Estimate", anchor=False)
    sizes = transfers().job_sizes
    estimate, problem = estimated(request, problem)
    if estimate is not None and archive.is_known:
        times = transfers().expected_times(request, estimate.alerts) if request and estimate.alerts else {}
        estimate_panel(estimate, time_fact(sizes, times))
    else:
        times = {}
        no_estimate(problem or "There is no estimate yet.")
    job_size_picker(sizes, times)
    submission(request, estimate if archive.is_known else None, problem)
    statistics_box(archive)
draft_is_shown()
