"""What a transfer's job says that it published."""

from __future__ import annotations

import streamlit as st

from backend.models import Receipt
from views.components.wording import counted, plain, size_text

_NAMED = 6


def receipt_facts(receipt: Receipt) -> None:
    """Published, nights with and without data, and everything that should be there and is not."""
    facts = [f"{counted(receipt.published, 'alert')} published", f"{counted(len(receipt.nights_used), 'night')} read"]
    if receipt.nights_missing:
        facts.append(f"{len(receipt.nights_missing):,} without data: {_listed(receipt.nights_missing)}")
    st.caption(plain(" · ".join(facts)))
    if receipt.note:
        st.info(plain(receipt.note), icon=":material/info:")
    if receipt.gaps:
        st.warning(plain(f"With gaps: {_gaps(receipt)}."), icon=":material/warning:")
    if receipt.columns_absent:
        st.caption(plain(f"Absent in some of these nights: {_listed(receipt.columns_absent)}"))


def _gaps(receipt: Receipt) -> str:
    parts = []
    if receipt.files_unreadable:
        files = [f"{each.file} ({each.reason})" for each in receipt.files_unreadable]
        parts.append(f"{counted(len(files), 'file')} could not be read: {_listed(files)}")
    if receipt.too_large:
        alerts = [f"{each.candid} ({size_text(each.size_bytes)})" for each in receipt.too_large]
        parts.append(f"{counted(len(alerts), 'alert')} larger than a message may be: {_listed(alerts)}")
    return "; ".join(parts)


def _listed(items: tuple[object, ...] | list[str]) -> str:
    more = f" and {len(items) - _NAMED:,} more" if len(items) > _NAMED else ""
    return ", ".join(str(each) for each in items[:_NAMED]) + more
