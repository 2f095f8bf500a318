"""The little that the theme cannot say."""

from __future__ import annotations

import streamlit as st

_STYLE = """
<style>
.quicklook-save {
  display: inline-flex; align-items: center; min-height: 2.5rem; padding: 0 0.9rem; border-radius: 0.4rem;
  background: %(accent)s; color: %(on_accent)s !important; text-decoration: none;
}
.quicklook-save:hover { filter: brightness(0.9); }
.quicklook-save:focus-visible { outline: 2px solid %(accent)s; outline-offset: 2px; }
/* What would search, save or sort the page of a table alone, and not all that matches: */
[class*="st-key-page_of_"] [aria-label="Search"], [class*="st-key-page_of_"] [aria-label="Download as CSV"],
body:has([class*="st-key-page_of_"]) [aria-label="Dataframe column menu"]
  > :is(:nth-child(2), :nth-child(3), :nth-child(4)) {
  display: none;
}
.stMainBlockContainer { padding-top: 4.5rem; padding-bottom: 3rem; max-width: 1500px; }
@media (min-width: 900px) {
  .stColumn:has(.st-key-estimate) { align-self: flex-start; position: sticky; top: 4.5rem; }
}
@media (max-width: 1000px) {
  [class*="st-key-side_by_side"] > div > .stHorizontalBlock { flex-wrap: wrap; }
  [class*="st-key-side_by_side"] > div > .stHorizontalBlock > .stColumn { min-width: 100%%; }
}
</style>
"""

SIDE_BY_SIDE = "side_by_side"
"""Beginning of the key of a container whose columns stand one below the other on a narrow screen."""


def apply_style() -> None:
    """Call once a run, before anything is drawn."""
    is_dark = st.context.theme.type == "dark"
    accent = st.get_option("theme.dark.primaryColor" if is_dark else "theme.light.primaryColor")
    st.html(_STYLE % {"accent": accent, "on_accent": "#10181e" if is_dark else "#ffffff"})
