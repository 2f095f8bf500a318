"""Choosing how much of the cluster the job asks for, with the time that it would take."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import streamlit as st

from backend.expected_time import ExpectedTime
from backend.job_size import JobResources, JobSize
from views.components.draft import JOB_SIZE
from views.components.wording import counted, span_text

_LABELS = {JobSize.SMALL: "Small", JobSize.LARGE: "Large"}


def chosen_job_size() -> JobSize:
    """What is chosen now, also before the choice is drawn."""
    return JobSize(st.session_state[JOB_SIZE] or JobSize.SMALL)


def job_size_picker(sizes: Mapping[JobSize, JobResources], times: Mapping[JobSize, ExpectedTime]) -> None:
    """Small or large; nothing where both ask for the same.

    Parameters
    ----------
    sizes
        What each asks the cluster for.
    times
        How long each would take, where that is known.
    """
    if len(set(sizes.values())) == 1:
        return
    labels = dict(_LABELS) if _are_alike(sizes, times) else {size: _with_time(size, times) for size in sizes}
    st.segmented_control(
        "Size of the job",
        [size.value for size in sizes],
        key=JOB_SIZE,
        format_func=lambda value: labels[JobSize(value)],
        required=True,
        wrap=True,
        help=_meaning(sizes),
    )


def time_fact(sizes: Mapping[JobSize, JobResources], times: Mapping[JobSize, ExpectedTime]) -> str:
    """The time, where all sizes take the same; else empty, and the choice says it."""
    if not _are_alike(sizes, times):
        return ""
    either = ", small or large" if len(set(sizes.values())) > 1 else ""
    return f"{time_text(times[JobSize.SMALL])}{either}"


def time_text(expected: ExpectedTime) -> str:
    """``about 3 min``, ``at best 40 s``."""
    return f"{expected.bound} {span_text(timedelta(seconds=expected.seconds))}"


def _are_alike(sizes: Mapping[JobSize, JobResources], times: Mapping[JobSize, ExpectedTime]) -> bool:
    return set(times) == set(sizes) and len(set(times.values())) == 1


def _with_time(size: JobSize, times: Mapping[JobSize, ExpectedTime]) -> str:
    return f"{_LABELS[size]} · {time_text(times[size])}" if size in times else _LABELS[size]


def _meaning(sizes: Mapping[JobSize, JobResources]) -> str:
    small, large = (counted(sizes[size].executors, "executor") for size in (JobSize.SMALL, JobSize.LARGE))
    more = "Times come from past transfers; “at best” and “at most” where none had as many cores."
    return f"A small job asks the cluster for {small}, a large one for {large}. {more}"
