"""The way between pages, while a part of the old one still refreshes by itself."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st

from views.components import navigation
from views.components.navigation import BROWSE, MONITOR, REQUEST, begin_page, go_to, leave_old_page


class Visit:
    """A session, and the pages that its browser asks for.

    Streamlit itself cannot be had to ask for the old page at a chosen moment: this stands where it tells which page
    a run is of, and where it is sent to another.
    """

    def __init__(self) -> None:
        self.run_of = REQUEST
        self.session_state: dict[str, Any] = {}
        self.sent_to: list[tuple[str, dict[str, str]]] = []

    def switch_page(self, page: str, query_params: dict[str, str]) -> None:
        """Note it; the run after it is begun by the test."""
        self.sent_to.append((page, query_params))

    def draw(self, page: str) -> None:
        """The whole page is drawn."""
        self.run_of = page
        begin_page()

    def refresh(self, page: str) -> list[tuple[str, dict[str, str]]]:
        """A part asks to be drawn again, as one of this page; where that leads."""
        self.run_of = page
        self.sent_to.clear()
        leave_old_page()
        return self.sent_to


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Begins on Request."""
    visit = Visit()
    monkeypatch.setattr(st, "session_state", visit.session_state)
    monkeypatch.setattr(st, "switch_page", visit.switch_page)
    monkeypatch.setattr(navigation, "_page_of_this_run", lambda: visit.run_of)
    visit.draw(REQUEST)
    return visit


def test_a_part_of_the_page_that_is_open_stays_there(visit: Visit) -> None:
    assert visit.refresh(REQUEST) == []
    go_to(MONITOR, transfer="7")
    visit.draw(MONITOR)
    assert visit.refresh(MONITOR) == []


def test_a_late_part_of_the_old_page_leads_to_the_one_that_was_opened(visit: Visit) -> None:
    go_to(MONITOR, transfer="7")
    visit.draw(MONITOR)
    assert visit.refresh(REQUEST) == [(MONITOR, {"transfer": "7"})]


def test_so_it_does_after_the_new_page_was_drawn_again(visit: Visit) -> None:
    go_to(MONITOR, transfer="7")
    visit.draw(MONITOR)
    visit.draw(MONITOR)
    assert visit.refresh(REQUEST) == [(MONITOR, {"transfer": "7"})]


def test_where_the_menu_opened_another_page_it_does_not_lead_back(visit: Visit) -> None:
    go_to(MONITOR, transfer="7")
    visit.draw(MONITOR)
    visit.draw(BROWSE)
    assert visit.refresh(MONITOR) == []
    visit.draw(REQUEST)
    assert visit.refresh(BROWSE) == []
