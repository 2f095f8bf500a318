"""What went wrong, in a sentence, with what to do next; the rest of the page stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from backend.errors import QuicklookError, TransferFailed
from views.components.wording import plain


@contextmanager
def problems_shown() -> Iterator[None]:
    """Show what the backend raises; everything else is a defect and surfaces."""
    try:
        yield
    except QuicklookError as error:
        show_problem(error)


def show_refusal(sentence: str, icon: str = "") -> None:
    """Why something in a form cannot be, small and red below it."""
    # Not a caption, which is paled: red on white would no longer be read with ease.
    st.markdown(f":small[:red[{icon} {plain(sentence)}]]" if icon else f":small[:red[{plain(sentence)}]]")


def show_problem(error: QuicklookError) -> None:
    """The sentence, the hint, and the end of the job's log where there is one."""
    st.error("  \n".join(plain(part) for part in (error.message, error.hint) if part), icon=":material/error:")
    if isinstance(error, TransferFailed) and error.log_tail:
        with st.expander("End of the job's log"):
            st.code("\n".join(error.log_tail), language=None)
