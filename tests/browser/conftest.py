"""A real browser, and the whole product for it to look at."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.browser.chromium import ARGUMENTS, NONE_FOUND, find_chromium
from tests.browser.launched import LaunchedProduct
from tests.browser.witness import Witness

ANSWER_S = 20.0
"""Until something that the user did must show; the machine may be busy."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; without one the test is skipped, but not under CI."""
    path = find_chromium()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(NONE_FOUND)
        pytest.skip(NONE_FOUND)
    expect.set_options(timeout=ANSWER_S * 1000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def product(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedProduct]:
    """Kafka, Livy, the small simulated sky, its statistics and the dashboard; only where there is a browser."""
    with LaunchedProduct(tmp_path_factory.mktemp("product")) as running:
        yield running


@pytest.fixture
def witness() -> Witness:
    """Notes what a page does that it must not; `Witness.assert_clean` says whether there was anything."""
    return Witness()


@pytest.fixture
def context(browser: Browser, product: LaunchedProduct, witness: Witness) -> Iterator[BrowserContext]:
    """A session of its own, whose pages are all under the witness's eyes."""
    fresh = browser.new_context(base_url=product.url, viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    fresh.set_default_timeout(ANSWER_S * 1000)
    fresh.on("page", witness.watch)
    yield fresh
    fresh.close()
