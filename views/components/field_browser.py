"""The fields of an alert: to look up what there is, and to take one over into the conditions."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from backend.alert_schema import Field, Origin, Survey
from backend.field_years import FieldYears
from views.components.wording import counted

_SEARCH, _TABLE = "field_search", "field_table"
_UNCOUNTED = {Origin.ARCHIVE: "today", Origin.OLDER: "earlier years only"}
"""What is known of the years before anybody has looked at the archive."""
_HEIGHT_PX, _WIDTH_PX = 380, 760


def field_browser(survey: Survey, years: FieldYears, use: Callable[[str], None]) -> None:
    """Name, type, unit, meaning and years of each field; `use` gets the path of the one that is selected."""
    wanted = st.text_input("Search in names and meanings", key=_SEARCH, type="search", live=True) or ""
    table = _table(survey.name, years, survey)
    found = table[_matches(table, wanted)].reset_index(drop=True)
    st.caption(f"{counted(len(found), 'field')}. Select a row to put its name into the conditions.")
    st.dataframe(
        found,
        hide_index=True,
        height=_HEIGHT_PX,
        width=_WIDTH_PX,
        # With other rows the table begins anew: a selection is of a row's number.
        key=f"{_TABLE}_{wanted}",
        on_select=lambda: _use_selected(found, f"{_TABLE}_{wanted}", use),
        selection_mode="single-row",
        column_config={
            "field": st.column_config.TextColumn(width="medium"),
            "meaning": st.column_config.TextColumn(width="large"),
        },
    )


def _use_selected(shown: pd.DataFrame, key: str, use: Callable[[str], None]) -> None:
    for row in st.session_state[key]["selection"]["rows"]:
        use(str(shown.at[row, "field"]))


def _matches(table: pd.DataFrame, wanted: str) -> pd.Series:
    everything = (table["field"] + " " + table["meaning"]).str.lower()
    matches = pd.Series(True, index=table.index)
    for word in wanted.lower().split():
        matches &= everything.str.contains(word, regex=False)
    return matches


@st.cache_data(show_spinner=False, hash_funcs={FieldYears: FieldYears.model_dump_json})
def _table(_name: str, years: FieldYears, _survey: Survey) -> pd.DataFrame:
    rows = [(f.path, f.type, f.unit, _years(f, years), f.description) for f in _survey.fields.values()]
    return pd.DataFrame(rows, columns=["field", "type", "unit", "in the archive", "meaning"])


def _years(field: Field, years: FieldYears) -> str:
    if field.origin is Origin.JOB:
        return "added by the transfer"
    text = years.in_words(field.path) or _UNCOUNTED[field.origin]
    return f"{text}, in a list" if field.in_list else text
