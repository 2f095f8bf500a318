"""Writing conditions: with a verdict for each, examples, and the list of fields."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from backend.alert_schema import Origin, Survey
from backend.conditions import Verdict, check_conditions
from views.components.draft import CONDITIONS
from views.components.wording import plain

EXAMPLES = {
    "Fainter than 19.5 mag": "candidate.magpsf > 19.5;",
    "More than 2″ from the next source of the reference image": "candidate.distnr > 2;",
    "Deep-learning real-bogus score above 0.9": "candidate.drb > 0.9;",
    "Likely a supernova Ia": "rf_snia_vs_nonia > 0.5;\nsnn_snia_vs_nonia > 0.5;",
    "Brightened a lot beside a source": (
        "(candidate.magnr - candidate.magpsf) < -4 * (LOG10(candidate.distnr) + 0.2);"
    ),
}
_HEIGHT_PX = 110


def condition_editor(survey: Survey) -> bool:
    """Whether every condition may run; the text itself is in the draft."""
    text = st.text_area(
        "Conditions",
        key=CONDITIONS,
        height=_HEIGHT_PX,
        placeholder="candidate.magpsf > 19.5;",
        help="SQL predicates on any field of the full alert, one per line, each ending with ;. All must hold.",
    )
    with st.container(horizontal=True, gap="small"):
        st.menu_button("Examples", list(EXAMPLES), key="condition_example", on_click=_add_example, type="tertiary")
        with st.popover("Fields", type="tertiary", width="content"):
            st.caption("Search with the magnifying glass of the table.")
            st.dataframe(_field_table(survey.name, survey), hide_index=True, height=420, width=720)
    verdicts = check_conditions(text or "", survey)
    with st.container(gap="xxsmall"):
        for verdict in verdicts:
            _show(verdict)
    return all(verdict.accepted for verdict in verdicts)


def _show(verdict: Verdict) -> None:
    if verdict.accepted:
        st.caption(f":material/check: {plain(' '.join(verdict.text.split()))}")
    else:
        st.caption(f":red[:material/close: {plain(_sentence(verdict.message))}]")


def _add_example() -> None:
    example = EXAMPLES[st.session_state["condition_example"]]
    present = (st.session_state.get(CONDITIONS) or "").rstrip()
    if present and not present.endswith(";"):
        present += ";"
    st.session_state[CONDITIONS] = f"{present}\n{example}".lstrip()


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:]


@st.cache_data(show_spinner=False)
def _field_table(_name: str, _survey: Survey) -> pd.DataFrame:
    usable = (field for field in _survey.fields.values() if field.origin is not Origin.OLDER and not field.in_list)
    return pd.DataFrame(
        [(field.path, field.type, field.unit, field.description) for field in usable],
        columns=["field", "type", "unit", "meaning"],
    )
