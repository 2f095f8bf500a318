"""A request in the address of the page: the link to copy, and the request of a link that was opened."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from backend.errors import InvalidRequest
from backend.models import TransferRequest
from backend.request_link import link_text, request_in_link
from views.components.draft import fill_draft
from views.components.problems import show_problem
from views.components.wording import plain

_PARAMETER = "request"
_OPENED = "opened_link"


def open_request_link() -> None:
    """Fill the page from its address, once: what the user changes afterwards stays."""
    text = st.query_params.get(_PARAMETER)
    if not text or text == st.session_state.get(_OPENED):
        return
    st.session_state[_OPENED] = text
    try:
        fill_draft(request_in_link(text))
    except InvalidRequest as error:
        show_problem(error)


def request_link(request: TransferRequest) -> None:
    """The link, to copy."""
    try:
        query = urlencode({_PARAMETER: link_text(request)})
    except InvalidRequest as error:
        st.caption(plain(error))
        return
    page = urlsplit(st.context.url or "")
    st.code(urlunsplit((page.scheme, page.netloc, page.path or "/", query, "")), language=None)
