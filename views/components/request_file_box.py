"""A request to keep and to share: as a YAML file, or as a link."""

from __future__ import annotations

import streamlit as st

from backend.errors import QuicklookError
from backend.models import TransferRequest
from backend.request_file import LARGEST_FILE_BYTES, parse_request, write_request
from views.components.draft import fill_draft
from views.components.problems import show_problem
from views.components.request_link import request_link

_UPLOAD = "request_upload"
_PROBLEM = "request_upload_problem"
_WIDTH_PX = 420


def request_file_box(request: TransferRequest | None) -> None:
    """Save, load, link."""
    with st.popover("Save, load, share", icon=":material/description:", type="tertiary"), st.container(width=_WIDTH_PX):
        text = write_request(request) if request else ""
        st.download_button("Save", text, "request.yml", "application/yaml", disabled=not text, on_click="ignore")
        st.caption("The same file works on the command line: `python -m backend submit request.yml`")
        largest_mb = LARGEST_FILE_BYTES // 10**6
        st.file_uploader("Load a request", ["yml", "yaml"], key=_UPLOAD, on_change=_load, max_upload_size=largest_mb)
        if request:
            st.caption("Or share it as a link:")
            request_link(request)
    if problem := st.session_state.pop(_PROBLEM, None):
        show_problem(problem)


def _load() -> None:
    file = st.session_state[_UPLOAD]
    if file is None:
        return
    try:
        fill_draft(parse_request(file.getvalue().decode("utf-8", errors="replace")))
    except QuicklookError as error:
        st.session_state[_PROBLEM] = error
