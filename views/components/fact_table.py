"""A small table of facts with a bar where a number has a scale: text of a page, for eyes and for screen readers."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import streamlit as st

_STYLE = """
<style>
.quicklook-facts { border-collapse: collapse; width: 100%; font-size: 0.92rem; line-height: 1.35; }
.quicklook-facts caption { text-align: left; opacity: 0.65; font-size: 0.85rem; padding: 0.5rem 0 0.1rem; }
.quicklook-facts th, .quicklook-facts td {
  text-align: left; vertical-align: baseline; font-weight: inherit; padding: 0.16rem 0.9rem 0.16rem 0;
  border: none; overflow-wrap: anywhere;
}
.quicklook-facts th {
  width: 1%; min-width: 8.5rem; max-width: 16rem; font-weight: 600;
  white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
}
.quicklook-facts td.value { width: 1%; white-space: nowrap; font-variant-numeric: tabular-nums; }
.quicklook-facts td.meaning { opacity: 0.75; }
.quicklook-bar {
  display: inline-block; width: 4rem; height: 0.5rem; margin-left: 0.5rem; border-radius: 0.25rem;
  background: rgba(128, 128, 128, 0.28);
}
.quicklook-bar span { display: block; height: 100%; border-radius: inherit; background: currentColor; opacity: 0.6; }
</style>
"""


class Fact(NamedTuple):
    """One line.

    Parameters
    ----------
    share
        Length of the bar beside the value, from 0 to 1; None for no bar.
    """

    name: str
    value: str
    meaning: str = ""
    share: float | None = None


def fact_table(caption: str, facts: Sequence[Fact]) -> None:
    """Draw the facts; all text is shown as it is, whatever signs it has."""
    lines = "".join(_line(fact) for fact in facts)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    st.html(f'{_STYLE}<table class="quicklook-facts">{title}<tbody>{lines}</tbody></table>')


def _line(fact: Fact) -> str:
    bar = ""
    if fact.share is not None:
        bar = f'<span class="quicklook-bar" aria-hidden="true"><span style="width:{fact.share:.0%}"></span></span>'
    if not fact.meaning and fact.share is None:
        return f'<tr><th scope="row">{escape(fact.name)}</th><td colspan="2">{escape(fact.value)}</td></tr>'
    return (
        f'<tr><th scope="row">{escape(fact.name)}</th><td class="value">{escape(fact.value)}{bar}</td>'
        f'<td class="meaning">{escape(fact.meaning)}</td></tr>'
    )
