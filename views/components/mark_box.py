"""A mark and a note on an object, kept when they change; and the way to all of them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from backend.errors import QuicklookError
from backend.object_marks import MAX_NOTE, marks_csv
from views.components.problems import show_refusal
from views.components.session import marks, transfers

_PROBLEM = "mark_problem"


def mark_box(object_id: str) -> None:
    """A mark and a note of the user who runs the dashboard."""
    noted = marks().of(transfers().user, object_id)
    note = f"note_{object_id}"
    st.button(
        "Marked" if noted.is_marked else "Mark",
        icon=":material/bookmark_check:" if noted.is_marked else ":material/bookmark:",
        type="tertiary",
        shortcut="M",
        key="mark",
        on_click=_keep_mark,
        args=[object_id, not noted.is_marked],
    )
    icon = ":material/edit_note:" if noted.note else ":material/note_add:"
    with st.popover("Note", icon=icon, type="tertiary", width="content"):
        st.text_area(
            "Note",
            noted.note,  # not through the session: a browser that has not opened the box would show an empty one
            key=note,
            max_chars=MAX_NOTE,
            placeholder="What you want to remember of this object",
            on_change=_keep_note,
            args=[object_id, note],
        )
        st.caption("Kept for you, in the metadata of what you download, and in Notes as CSV beside the table.")
    if problem := st.session_state.pop(_PROBLEM, ""):
        show_refusal(problem)


def marked_objects() -> tuple[str, ...]:
    """The objects that the user has marked."""
    return tuple(each.object_id for each in marks().of_user(transfers().user) if each.is_marked)


def marks_download() -> None:
    """All notes as a file, where there are any."""
    noted = marks().of_user(transfers().user)
    if noted:
        st.download_button(
            "Notes as CSV",
            lambda: marks_csv(noted),
            file_name="notes.csv",
            mime="text/csv",
            icon=":material/edit_note:",
            type="tertiary",
            on_click="ignore",
        )


def _keep_mark(object_id: str, is_marked: bool) -> None:
    _keep(object_id, is_marked=is_marked)


def _keep_note(object_id: str, key: str) -> None:
    _keep(object_id, note=str(st.session_state.get(key) or ""))


def _keep(object_id: str, **part: Any) -> None:
    try:
        marks().note(transfers().user, object_id, **part)
    except QuicklookError as error:
        st.session_state[_PROBLEM] = str(error)
