"""The little that the theme cannot say."""

from __future__ import annotations

import streamlit as st

_STYLE = """
<style>
.stMainBlockContainer { padding-top: 4.5rem; padding-bottom: 3rem; max-width: 1500px; }
@media (min-width: 900px) {
  .stColumn:has(.st-key-estimate) { align-self: flex-start; position: sticky; top: 4.5rem; }
}
</style>
"""


def apply_style() -> None:
    """Call once a run, before anything is drawn."""
    st.html(_STYLE)
