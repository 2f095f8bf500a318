"""The dashboard: its pages, and what is said on all of them."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from views.components.navigation import PAGES, begin_page
from views.components.problems import problems_shown
from views.components.services import page_health, require_services
from views.components.style import apply_style

# A material icon would be fetched from a font service.
ICON = Path(__file__).with_name("views") / "icon.svg"
st.set_page_config(page_title="Alert Quicklook", page_icon=ICON.read_text(encoding="utf-8"), layout="wide")
apply_style()
page = st.navigation([st.Page(**each) for each in PAGES], position="top")
begin_page()
require_services()
page_health()
with problems_shown():
    page.run()
