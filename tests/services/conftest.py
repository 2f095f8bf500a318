"""Real servers for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stack.embedded import EmbeddedStack
from tests.support.stack import running_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    """Kafka and Livy for all tests of the session; the jars are fetched when they are missing."""
    with running_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running
