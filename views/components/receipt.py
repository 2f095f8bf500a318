"""What a transfer's job says that it published."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from backend.listed import listed
from backend.nights import NightRange, nights_text
from backend.receipt import ColumnDrift, Receipt
from views.components.wording import counted, plain, size_text

_HEIGHT_PX = 300


def receipt_facts(receipt: Receipt) -> None:
    """Published, nights with and without data, everything that should be there and is not, and the schema's drift."""
    facts = [f"{counted(receipt.published, 'alert')} published", f"{counted(len(receipt.nights_used), 'night')} read"]
    if receipt.nights_missing:
        facts.append(f"{len(receipt.nights_missing):,} without data: {listed(receipt.nights_missing)}")
    if receipt.cores:
        facts.append(counted(receipt.cores, "core"))
    if receipt.tns_catalogue:
        facts.append(f"TNS catalogue {receipt.tns_catalogue}")
    st.caption(plain(" · ".join(facts)))
    if receipt.note:
        st.info(plain(receipt.note), icon=":material/info:")
    if receipt.gaps:
        st.warning(plain(f"Completed, {_gaps(receipt)}."), icon=":material/warning:")
    if receipt.drift:
        with st.expander(
            f"{counted(len(receipt.drift), 'column')} are different in these nights", icon=":material/history:"
        ):
            _drift(receipt.drift)


def _gaps(receipt: Receipt) -> str:
    parts = []
    if receipt.files_unreadable:
        files = [f"{each.file} ({each.reason})" for each in receipt.files_unreadable]
        parts.append(f"{counted(len(files), 'file')} unreadable: {listed(files)}")
    if receipt.too_large:
        alerts = [f"{each.candid} ({size_text(each.size_bytes)})" for each in receipt.too_large]
        parts.append(f"{counted(len(alerts), 'alert')} larger than a message may be: {listed(alerts)}")
    return "; ".join(parts)


def _drift(drift: Sequence[ColumnDrift]) -> None:
    rows = [(each.column, what, nights_text(nights)) for each in drift for what, nights in _changes(each)]
    st.dataframe(
        pd.DataFrame(rows, columns=["column", "what was done", "nights"]),
        hide_index=True,
        height=min(_HEIGHT_PX, 36 * (len(rows) + 1)),
        column_config={"nights": st.column_config.TextColumn(width="large")},
    )
    st.caption("A column that a night does not have is sent as null; one of another type is converted, or null.")


def _changes(drift: ColumnDrift) -> list[tuple[str, Sequence[NightRange]]]:
    absent = [("absent, sent as null", drift.absent)] if drift.absent else []
    return [*absent, *drift.converted.items()]
