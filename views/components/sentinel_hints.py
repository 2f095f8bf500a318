"""The survey writes -999 where there is no value: conditions take it as a number, the user is told and may choose."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from backend.archive_estimates import SentinelCount
from backend.condition_sentinels import SENTINEL, without_sentinel
from backend.conditions import Condition
from views.components.draft import CONDITIONS
from views.components.wording import counted, plain

CountSentinels = Callable[[str], Sequence[SentinelCount]]


def sentinel_hints(text: str, condition: Condition, counts: Sequence[SentinelCount]) -> None:
    """How many alerts fulfil this condition by such a number, with a button that leaves them out.

    Parameters
    ----------
    text
        All conditions, as typed.
    counts
        Of all conditions of the text.
    """
    place = (condition.line, condition.column)
    for each in counts:
        if (each.condition.line, each.condition.column) == place:
            with st.container(horizontal=True, vertical_alignment="center"):
                holds = counted(each.alerts, "alert holds", "alerts hold")
                st.caption(f":orange[{holds} {SENTINEL} in {plain(each.path)} here]", width="content")
                st.button(
                    "Leave them out",
                    key=f"no_sentinel_{place}_{each.path}",
                    type="tertiary",
                    on_click=_leave_out,
                    args=[text, each],
                )


def _leave_out(text: str, count: SentinelCount) -> None:
    st.session_state[CONDITIONS] = without_sentinel(text, count.condition, count.path)
