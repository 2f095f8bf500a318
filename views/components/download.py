"""Downloading what was read, as Parquet: prepared on demand, with its size said before."""

from __future__ import annotations

import streamlit as st

from backend.alert_export import PartitionBy
from backend.parquet_download import LARGEST_DOWNLOAD_BYTES, ParquetDownload, fetch_command, parquet_download
from backend.reading import AlertReader
from views.components.problems import problems_shown
from views.components.session import transfers
from views.components.wording import counted, size_text

_LAYOUTS: dict[str, PartitionBy | None] = {
    "One file": None,
    "Folders by time": "time",
    "Folders by class": "finkclass",
    "Folders by TNS type": "tnsclass",
}
_READY = "download_ready"


def download(reader: AlertReader) -> None:
    """The menu; nothing is written before the user asks for it."""
    stored = reader.store.counts.distinct
    with st.popover("Download", icon=":material/download:", disabled=not stored):
        layout = st.radio("Parquet", list(_LAYOUTS), key="download_layout")
        partition_by = _LAYOUTS[layout]
        state = (reader.topic, partition_by, stored)
        ready: tuple[object, ParquetDownload] | None = st.session_state.get(_READY)
        if ready and ready[0] == state:
            _offer(ready[1])
        elif st.button(f"Prepare {counted(stored, 'alert')}", icon=":material/inventory_2:"):
            with problems_shown(), st.spinner("Writing …"):
                made = parquet_download(reader, partition_by, transfers().request_of(reader.topic))
                st.session_state[_READY] = (state, made)
                st.rerun()
        st.caption(f"Up to {size_text(LARGEST_DOWNLOAD_BYTES)} here. Larger ones, and on a server:")
        st.code(fetch_command(reader.topic, partition_by), language="bash", wrap_lines=True)


def _offer(made: ParquetDownload) -> None:
    st.caption(f"{counted(made.rows, 'alert')}, {size_text(len(made.data))}")
    st.download_button(
        "Save", made.data, made.name, made.mime, type="primary", icon=":material/download:", on_click="ignore"
    )
