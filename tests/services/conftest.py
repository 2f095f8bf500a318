"""Real servers for the tests of this folder, and the command line on them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.config import Settings
from simulator.archive import simulate_archive
from stack.embedded import EmbeddedStack
from tests.support.archives import SIMULATED_NIGHTS
from tests.support.command_line import CommandLine
from tests.support.stack import running_stack
from tests.support.transfers import settings_on

ALERTS_PER_NIGHT = 150
REQUEST = """\
survey: ztf
nights: {start: 2024-09-01, stop: 2024-09-02}
content: lightcurve
"""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    """Kafka and Livy for all tests of the session; the jars are fetched when they are missing."""
    with running_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of two nights."""
    folder = tmp_path_factory.mktemp("archive")
    simulate_archive(folder, SIMULATED_NIGHTS, ALERTS_PER_NIGHT, 5)
    return folder


@pytest.fixture(scope="session")
def settings(stack: EmbeddedStack, archive: Path) -> Settings:
    """What the command line finds by itself: the stack that runs under DATA_DIR."""
    return settings_on(stack, stack.settings.data_dir, archive)


@pytest.fixture(scope="session")
def quicklook(settings: Settings) -> CommandLine:
    """The command line, where one transfer runs at a time."""
    return CommandLine(DATA_DIR=str(settings.data_dir), ARCHIVE_URI=str(settings.archive_uri), MAX_RUNNING_BATCHES="1")


@pytest.fixture(scope="session")
def request_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A request for both nights."""
    file = tmp_path_factory.mktemp("requests") / "both nights.yml"
    file.write_text(REQUEST)
    return file
