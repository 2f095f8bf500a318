"""Writing conditions: with a verdict for each while they are typed, examples, and the fields."""

from __future__ import annotations

import streamlit as st

from backend.alert_schema import Survey
from backend.conditions import Verdict, check_conditions
from backend.field_years import FieldYears
from views.components.condition_examples import EXAMPLES
from views.components.draft import CONDITIONS, conditions_are_typed
from views.components.entry import Entry
from views.components.field_browser import field_browser
from views.components.problems import show_refusal
from views.components.sentinel_hints import CountSentinels, sentinel_hints
from views.components.wording import plain

_HEIGHT_PX = 130
_REFUSED = "A condition is refused; the line below it says why."


def condition_editor(survey: Survey, years: FieldYears, count_sentinels: CountSentinels) -> Entry[str]:
    """The conditions, when every one of them may run.

    Parameters
    ----------
    years
        Those in which the archive has each field.
    count_sentinels
        Tells how many alerts hold -999 where a condition of a text compares it; asked only when all are accepted.
    """
    text = st.text_area(
        "Conditions",
        key=CONDITIONS,
        height=_HEIGHT_PX,
        placeholder="candidate.magpsf > 19.5;",
        on_change=conditions_are_typed,
        help="SQL predicates on any field of the full alert, one per line, each ending with ;. All must hold.",
    )
    verdicts = check_conditions(text or "", survey)
    with st.container(horizontal=True, gap="small"):
        st.menu_button("Examples", list(EXAMPLES), key="condition_example", on_click=_add_example, type="tertiary")
        with st.popover("Fields", type="tertiary", width="content"):
            field_browser(survey, years, _add_field)
        _what_runs(verdicts)
    are_accepted = all(verdict.accepted for verdict in verdicts)
    sentinels = count_sentinels(text) if text and are_accepted else ()
    with st.container(gap="xxsmall"):
        for verdict in verdicts:
            _show(verdict)
            if verdict.condition:
                sentinel_hints(text or "", verdict.condition, sentinels)
    return Entry(text or "") if are_accepted else Entry(None, _REFUSED)


def _what_runs(verdicts: tuple[Verdict, ...]) -> None:
    conditions = [verdict.condition for verdict in verdicts if verdict.condition]
    if not conditions:
        return
    with st.popover("What runs", type="tertiary", width="content"):
        st.caption("Written anew from what was read. No value (null, NaN) never satisfies a comparison.")
        st.code("\nAND ".join(each.spark_sql for each in conditions), language="sql", wrap_lines=True)


def _show(verdict: Verdict) -> None:
    if verdict.accepted:
        st.caption(f":material/check: {plain(' '.join(verdict.text.split()))}")
    else:
        show_refusal(_sentence(verdict.message), ":material/close:")


def _add_example() -> None:
    present = (st.session_state.get(CONDITIONS) or "").rstrip()
    if present and not present.endswith(";"):
        present += ";"
    st.session_state[CONDITIONS] = f"{present}\n{EXAMPLES[st.session_state['condition_example']]}".lstrip()


def _add_field(path: str) -> None:
    present = st.session_state.get(CONDITIONS) or ""
    begins = not present or present[-1].isspace() or present.endswith("(")
    gap = "" if begins else "\n" if present.endswith(";") else " "
    st.session_state[CONDITIONS] = f"{present}{gap}{path}"


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:]
