"""Services that do not answer: named on every page, which stays usable and recovers by itself."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from backend.config import Settings
from backend.errors import ServiceUnavailable
from backend.transfers import Transfers
from tests.support.facade import Facade
from tests.views.conftest import APP
from tests.views.looking import checked, opened, text
from views.components import session

PAGES = ("request_transfer", "monitor_transfers", "browse_alerts", "inspect_object")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("service", ["Livy", "Kafka", "the archive"])
def test_a_dead_service_is_named_on_every_page_and_recovers(
    app: AppTest, facade: Facade, full: str, page: str, service: str
) -> None:
    facade.down[service] = f"{service} does not answer. Start it with make run."
    opened(app, page, transfer=full)
    assert [each.value.replace("\\", "") for each in app.warning] == [facade.down[service]]
    assert app.title or app.caption
    facade.down.clear()
    assert not checked(app.run()).warning


def test_nothing_is_said_while_all_answer(app: AppTest) -> None:
    checked(app.run())
    assert not app.warning
    assert not app.error


def test_without_a_stack_it_says_how_to_start_one_and_goes_on(facade: Facade, monkeypatch: pytest.MonkeyPatch) -> None:
    running = session.connect_transfers

    def no_stack(_settings: Settings) -> Transfers:
        raise ServiceUnavailable("Kafka", "No address of Kafka is known.")

    monkeypatch.setattr(session, "connect_transfers", no_stack)
    st.cache_resource.clear()
    app = checked(AppTest.from_file(str(APP), default_timeout=30).run())
    assert "No address of Kafka is known." in text(app)
    assert "Start it with `make run`" in text(app)
    assert not app.title
    monkeypatch.setattr(session, "connect_transfers", running)
    assert checked(app.run()).title[0].value == "Request a transfer"


def test_other_addresses_replace_the_connection(facade: Facade, full: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVY_URL", "http://127.0.0.1:1")
    first = session.shelf()
    reader = first.reader(full)
    assert session.shelf() is first
    monkeypatch.setenv("LIVY_URL", "http://127.0.0.1:2")
    assert session.shelf() is not first
    assert session.shelf().reader(full) is not reader


def test_a_stack_that_is_gone_leaves_the_connection(facade: Facade, monkeypatch: pytest.MonkeyPatch) -> None:
    before = session.transfers()

    def no_stack(_settings: Settings) -> Transfers:
        raise ServiceUnavailable("Kafka", "No address of Kafka is known.")

    monkeypatch.setattr(session, "connect_transfers", no_stack)
    monkeypatch.setenv("LIVY_URL", "http://127.0.0.1:3")
    assert session.transfers() is before
