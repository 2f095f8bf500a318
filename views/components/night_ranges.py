"""Choosing nights: a range of consecutive ones, or several ranges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import streamlit as st

from backend.models import ArchiveNights
from backend.nights import MAX_RANGES, NightRange, every_night
from views.components.draft import MORE_NIGHTS, night_keys
from views.components.entry import Entry
from views.components.problems import show_refusal
from views.components.wording import counted

WEEK = timedelta(days=7)
_NAMED = 4
_STAND_IN = "stand_in_for_the_last_night"
_EARLIEST, _LATEST = date(1990, 1, 1), date(2099, 12, 31)
"""Of the calendar. It reports nothing of a night outside its limits; we do, so that they are wider than the archive."""


def night_ranges(archive: ArchiveNights, first_night: date) -> Entry[tuple[NightRange, ...]]:
    """The chosen ranges, both ends included.

    Parameters
    ----------
    archive
        The nights with data, when they are known.
    first_night
        Of the survey, for an archive that nobody has counted.
    """
    keys = night_keys(st.session_state[MORE_NIGHTS])
    ranges = [_one_range(number, key, archive, first_night) for number, key in enumerate(keys)]
    problem = next((each.problem for each in ranges if each.problem), "")
    chosen = tuple(each.value for each in ranges if each.value)
    with st.container(horizontal=True, vertical_alignment="center"):
        if not problem:
            st.caption(_said_of(chosen, archive), width="content")
        if len(keys) < MAX_RANGES:
            st.button("Another range", icon=":material/add:", type="tertiary", on_click=_add_range)
        if archive.nights:
            st.button(
                "Last week",
                icon=":material/date_range:",
                type="tertiary",
                help=f"The last {WEEK.days} days of the archive, until {archive.nights[-1]}",
                on_click=_choose_last_week,
                args=[archive.nights],
            )
    return Entry(None, problem) if problem else Entry(chosen)


def _one_range(number: int, key: str, archive: ArchiveNights, first_night: date) -> Entry[NightRange]:
    today = datetime.now(UTC).date()
    st.session_state[key] = _chosen_or_proposed(tuple(st.session_state.get(key) or ()), archive, today)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ends = st.date_input(
            "Nights" if number == 0 else f"Nights, range {number + 1}",
            key=key,
            min_value=_EARLIEST,
            max_value=_LATEST,
            format="YYYY-MM-DD",
            label_visibility="visible" if number == 0 else "collapsed",
        )
        if st.session_state[MORE_NIGHTS]:
            name = f"Remove range {number + 1}"
            st.button("", icon=":material/close:", key=f"remove_{key}", help=name, on_click=_remove, args=[number])
    problem = _problem(ends if isinstance(ends, tuple) else (), archive, first_night, today)
    if problem:
        show_refusal(problem)
        return Entry(None, problem)
    return Entry(NightRange(start=ends[0], stop=ends[1]))


def _chosen_or_proposed(ends: tuple[date, ...], archive: ArchiveNights, today: date) -> tuple[date, ...]:
    """What was chosen, else the archive's last night; before anybody has counted it, today stands for that."""
    if not archive.nights:
        st.session_state[_STAND_IN] = (today, today)
        return ends or (today, today)
    if not ends or ends == st.session_state.get(_STAND_IN):
        return archive.nights[-1], archive.nights[-1]
    return ends


def _problem(ends: Sequence[date], archive: ArchiveNights, first_night: date, today: date) -> str:
    if len(ends) != 2:
        return "Choose the last night as well; the same night twice is one night."
    start, stop = ends
    if stop < start:
        return f"The last night, {stop}, lies before the first, {start}."
    if stop > today:
        return f"The night {stop} has not come yet; today is {today}."
    if start < first_night:
        return f"The night {start} lies before the archive's first, {first_night}."
    if archive.nights and (stop < archive.nights[0] or start > archive.nights[-1]):
        first, last = archive.nights[0], archive.nights[-1]
        return f"The archive has nights from {first} to {last}, as last counted; none of them is chosen here."
    return ""


def _choose_last_week(nights: Sequence[date]) -> None:
    st.session_state[MORE_NIGHTS] = 0
    (key,) = night_keys(0)
    st.session_state[key] = (max(nights[0], nights[-1] - WEEK + timedelta(days=1)), nights[-1])


def _add_range() -> None:
    more = st.session_state[MORE_NIGHTS] + 1
    st.session_state[MORE_NIGHTS] = more
    before, added = night_keys(more)[-2:]
    st.session_state[added] = tuple(st.session_state[before])[:1] * 2


def _remove(number: int) -> None:
    more = st.session_state[MORE_NIGHTS]
    ranges = [st.session_state[key] for key in night_keys(more)]
    del ranges[number]
    st.session_state[MORE_NIGHTS] = more - 1
    for key, ends in zip(night_keys(more - 1), ranges, strict=True):
        st.session_state[key] = ends


def _said_of(ranges: Sequence[NightRange], archive: ArchiveNights) -> str:
    every = every_night(ranges)
    text = counted(len(every), "night")
    if not archive.is_known:
        return text
    present = set(archive.nights)
    without = [str(night) for night in every if night not in present]
    if not without:
        return f"{text}, all with data"
    more = f" and {len(without) - _NAMED:,} more" if len(without) > _NAMED else ""
    return f"{text} · {len(without):,} without data: {', '.join(without[:_NAMED])}{more}"
