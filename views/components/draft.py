"""The request as the page has it now: kept while the user looks at other pages, filled in from elsewhere.

A draft may be half done: it is what the widgets hold, by their keys.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import streamlit as st

from backend.job_size import JobSize
from backend.models import ArchiveNights, Content, TransferRequest
from backend.nights import NightRange, Nights
from backend.region import Region
from backend.sample import Sample

NIGHTS, MORE_NIGHTS = "draft_nights", "draft_more_nights"
CLASSES = "draft_classes"
REGION = "draft_region"
CENTRE, CONE_RADIUS = "draft_centre", "draft_cone_radius"
RA_MIN, RA_MAX, DEC_MIN, DEC_MAX = "draft_ra_min", "draft_ra_max", "draft_dec_min", "draft_dec_max"
OBJECTS, POSITIONS, POSITIONS_RADIUS = "draft_objects", "draft_positions", "draft_positions_radius"
CONDITIONS = "draft_conditions"
CONTENT, FIELDS, HAND_PICKED = "draft_content", "draft_fields", "fields"
SAMPLE, FRACTION, MAX_ALERTS, PER_CLASS = "draft_sample", "draft_fraction", "draft_max_alerts", "draft_per_class"
JOB_SIZE = "draft_job_size"
EVERYWHERE, ALL = "everywhere", "all"

EXAMPLE_NIGHTS = 2
EXAMPLE_CONDITIONS = "candidate.magpsf < 19.5;"
_KEPT = "draft"
_EMPTY: dict[str, Any] = {
    NIGHTS: (),
    MORE_NIGHTS: 0,
    CLASSES: [],
    **{REGION: EVERYWHERE, CENTRE: "", CONE_RADIUS: "60", RA_MIN: "", RA_MAX: "", DEC_MIN: "", DEC_MAX: ""},
    **{OBJECTS: "", POSITIONS: "", POSITIONS_RADIUS: "5"},
    CONDITIONS: "",
    **{CONTENT: Content.LIGHTCURVE.value, FIELDS: []},
    **{SAMPLE: ALL, FRACTION: 0.1, MAX_ALERTS: 1000, PER_CLASS: 100},
    JOB_SIZE: JobSize.SMALL.value,
}
_TYPING, _UNSEEN = "draft_is_typed", "draft_is_unseen"


def night_keys(more: int) -> list[str]:
    """The keys of the calendars: one, and those of further ranges."""
    return [NIGHTS, *(f"{NIGHTS}_{n}" for n in range(1, more + 1))]


def restore_draft() -> None:
    """Give the widgets of the page what they had, before they are drawn.

    A widget forgets its value with the page, and a choice whose options have other labels now: each gets it again.
    Conditions that are being typed do not, or what was typed meanwhile would be lost.
    """
    kept = st.session_state.setdefault(_KEPT, dict(_EMPTY))
    is_typed = st.session_state.pop(_TYPING, False)
    is_new = st.session_state.get(_UNSEEN, False)
    for key, value in kept.items():
        if is_new and key != MORE_NIGHTS:  # no widget sends that one, only a click changes it
            st.session_state[key] = value
        elif not (is_typed and key == CONDITIONS):
            st.session_state[key] = st.session_state.get(key, value)


def draft_is_shown() -> None:
    """Note that the page was drawn to its end.

    Who clicks again while a request is being filled in sends what the widgets had before: that does not count yet.
    """
    st.session_state[_UNSEEN] = False


def conditions_are_typed() -> None:
    """Note that the page is drawn because conditions were typed; a callback."""
    st.session_state[_TYPING] = True


def keep_draft() -> None:
    """Remember what the widgets have, after they were drawn; one that is not drawn now keeps what it had."""
    kept = {**_EMPTY, **st.session_state[_KEPT]}
    keys = [*_EMPTY, *night_keys(st.session_state[MORE_NIGHTS])]
    st.session_state[_KEPT] = {key: st.session_state.get(key, kept.get(key)) for key in keys}


def fill_draft(request: TransferRequest) -> None:
    """Let the page show a request; from a callback, or before the page is drawn."""
    content = request.content
    is_ready_made = isinstance(content, Content)
    values = {
        **_EMPTY,
        **_night_values(request.nights),
        CLASSES: list(request.classes),
        **_region_values(request.region),
        CONDITIONS: request.conditions,
        CONTENT: content.value if isinstance(content, Content) else HAND_PICKED,
        FIELDS: [] if is_ready_made else list(content),
        **_sample_values(request.sample),
        JOB_SIZE: request.job_size.value,
    }
    for key in (*st.session_state.get(_KEPT, ()), *values):
        st.session_state.pop(key, None)
    st.session_state[_KEPT] = values
    st.session_state[_UNSEEN] = True


def example_request(archive: ArchiveNights) -> TransferRequest | None:
    """A request that works on this archive: its last nights in a row, bright alerts, light curves."""
    if not archive.nights:
        return None
    start = stop = archive.nights[-1]
    present = set(archive.nights)
    while (stop - start).days + 1 < EXAMPLE_NIGHTS and start - timedelta(days=1) in present:
        start -= timedelta(days=1)
    return TransferRequest(nights=(NightRange(start=start, stop=stop),), conditions=EXAMPLE_CONDITIONS)


def _night_values(nights: Nights) -> dict[str, Any]:
    more = len(nights) - 1
    ends = ((each.start, each.stop) for each in nights)
    return {MORE_NIGHTS: more, **dict(zip(night_keys(more), ends, strict=True))}


def _region_values(region: Region | None) -> dict[str, Any]:
    if region is None:
        return {}
    if cone := region.cone:
        return {REGION: "cone", CENTRE: _position(cone.ra_deg, cone.dec_deg), CONE_RADIUS: repr(cone.radius_arcsec)}
    if box := region.rectangle:
        ends = (box.ra_min_deg, box.ra_max_deg, box.dec_min_deg, box.dec_max_deg)
        return {REGION: "rectangle", **dict(zip((RA_MIN, RA_MAX, DEC_MIN, DEC_MAX), map(repr, ends), strict=True))}
    if listed := region.positions:
        lines = "\n".join(_position(*each) for each in listed.ra_dec_deg)
        return {REGION: "positions", POSITIONS: lines, POSITIONS_RADIUS: repr(listed.radius_arcsec)}
    return {REGION: "objects", OBJECTS: "\n".join(region.objects or ())}


def _position(ra_deg: float, dec_deg: float) -> str:
    return f"{ra_deg!r} {dec_deg!r}"


def _sample_values(sample: Sample | None) -> dict[str, Any]:
    if sample is None:
        return {}
    keys = {"fraction": FRACTION, "max_alerts": MAX_ALERTS, "per_class": PER_CLASS}
    (name, value), *_ = sample.model_dump(exclude_none=True).items()
    return {SAMPLE: name, keys[name]: value}
