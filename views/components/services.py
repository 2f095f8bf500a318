"""Whether the services answer: said on every page while one does not, and not at all otherwise."""

from __future__ import annotations

import streamlit as st

from backend.errors import InvalidSettings, ServiceUnavailable
from views.components.navigation import leave_old_page
from views.components.problems import problems_shown, show_problem
from views.components.session import transfers
from views.components.wording import plain

LOOK_S = 2
_RETRY_S = 3
_PROBLEMS = "services_with_problems"
_WHOLE_PAGE = "whole_page_is_drawn"


def require_services() -> None:
    """Stop the page with a sentence while nothing runs or can, and go on by itself when it does."""
    try:
        transfers()
    except (ServiceUnavailable, InvalidSettings) as error:
        show_problem(error)
        start = "Start it with `make run`. " if isinstance(error, ServiceUnavailable) else ""
        st.caption(f"{start}This page goes on by itself as soon as it is there.")
        _wait_for_services()
        st.stop()


@st.fragment(run_every=LOOK_S)
def service_health() -> None:
    """Name each service that does not answer; when it is back, let the page know."""
    leave_old_page()
    with problems_shown():
        problems = {each.service: each.problem for each in transfers().health() if not each.is_healthy}
        for service, problem in problems.items():
            name = service[:1].upper() + service[1:]
            sentence = problem if problem.lower().startswith(service.lower()) else f"{name}: {problem}"
            st.warning(plain(sentence), icon=":material/cloud_off:")
        before = st.session_state.get(_PROBLEMS, set())
        st.session_state[_PROBLEMS] = set(problems)
        if before - set(problems) and not st.session_state.get(_WHOLE_PAGE):
            st.rerun()


def page_health() -> None:
    """The same, when the whole page is drawn: to draw it again would lose the click that it is drawn for."""
    st.session_state[_WHOLE_PAGE] = True
    service_health()
    st.session_state[_WHOLE_PAGE] = False


@st.fragment(run_every=_RETRY_S)
def _wait_for_services() -> None:
    try:
        transfers()
    except (ServiceUnavailable, InvalidSettings):
        return
    st.rerun()
