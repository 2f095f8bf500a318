"""The dashboard in AppTest, on a façade that the test holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from backend.models import Content, TransferRequest
from backend.nights import NightRange
from tests.support.facade import Facade, a_facade
from views.components import session

APP = Path(__file__).resolve().parents[2] / "dashboard.py"
NIGHTS = NightRange(start=date(2024, 9, 1), stop=date(2024, 9, 3))


@pytest.fixture
def facade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Facade]:
    """The façade that the pages get."""
    held = a_facade(tmp_path)
    monkeypatch.setattr(session, "connect_transfers", lambda _settings: held)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    session.downloads.cache_clear()
    st.cache_resource.clear()
    st.cache_data.clear()
    yield held
    session.downloads().close()
    session.shelf().close()
    st.cache_resource.clear()


@pytest.fixture
def app(facade: Facade) -> AppTest:
    """The dashboard, not run yet."""
    return AppTest.from_file(str(APP), default_timeout=30)


@pytest.fixture
def full(facade: Facade) -> str:
    """Id of a transfer of full packets of all nights."""
    return facade.submit(TransferRequest(nights=NIGHTS, content=Content.FULL)).id


@pytest.fixture
def light(facade: Facade) -> str:
    """Id of a transfer that fits a flat table."""
    return facade.submit(TransferRequest(nights=NIGHTS, content=Content.LIGHTCURVE)).id
