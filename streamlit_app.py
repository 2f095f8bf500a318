"""What ``streamlit run`` serves: the dashboard, and the route that its downloads take."""

from __future__ import annotations

from streamlit.starlette import App

from views.components.session import downloads
from views.download_route import download_route, sweeping

app = App("dashboard.py", routes=[download_route(downloads)], lifespan=sweeping(downloads))
