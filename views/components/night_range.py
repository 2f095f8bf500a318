"""Choosing consecutive nights, on a calendar that ends where the archive does."""

from __future__ import annotations

from datetime import UTC, date, datetime

import streamlit as st

from backend.models import ArchiveNights
from backend.nights import NightRange
from views.components.draft import NIGHTS, clamped
from views.components.wording import counted

_NAMED = 4


def night_range(archive: ArchiveNights, first_night: date) -> NightRange | None:
    """The chosen nights, both ends included; None while the choice is half done.

    Parameters
    ----------
    archive
        The nights with data, when they are known.
    first_night
        Of the survey, for an archive that nobody has counted.
    """
    today = datetime.now(UTC).date()
    first, last = (archive.nights[0], archive.nights[-1]) if archive.nights else (first_night, today)
    st.session_state[NIGHTS] = clamped(tuple(st.session_state[NIGHTS]), first, last) or (last, last)
    chosen = st.date_input("Nights", key=NIGHTS, min_value=first, max_value=last, format="YYYY-MM-DD")
    if not isinstance(chosen, tuple) or len(chosen) != 2:
        st.caption("Choose the last night as well; the same night twice is one night.")
        return None
    nights = NightRange(start=min(chosen), stop=max(chosen))
    st.caption(_said_of(nights, archive))
    return nights


def _said_of(nights: NightRange, archive: ArchiveNights) -> str:
    every = nights.nights()
    text = counted(len(every), "night")
    if not archive.is_known:
        return text
    present = set(archive.nights)
    without = [str(night) for night in every if night not in present]
    if not without:
        return f"{text}, all with data"
    more = f" and {len(without) - _NAMED:,} more" if len(without) > _NAMED else ""
    return f"{text} · {len(without):,} without data: {', '.join(without[:_NAMED])}{more}"
