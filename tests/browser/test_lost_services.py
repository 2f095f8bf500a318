"""A server crashes while the pages are open: each says so, stays usable, and goes on by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.launched import LaunchedProduct
from tests.browser.pages import alert_about, choose_content, settle, wait_for_estimates
from tests.browser.witness import Witness

pytestmark = pytest.mark.timeout(900)  # the first test waits for the product to start

SAID_WITHIN_S = 10.0
BACK_WITHIN_S = 90.0
ADDRESSES = ("/", "/monitor", "/browse", "/inspect")


@pytest.mark.parametrize("server", ["Kafka", "Livy"])
def test_each_page_names_a_lost_server_and_recovers(
    context: BrowserContext, product: LaunchedProduct, witness: Witness, server: str
) -> None:
    pages = {address: open_page(context, address) for address in ADDRESSES}
    wait_for_estimates(pages["/"])  # the job that counts would be lost with its server
    with product.killed(server):
        for page in pages.values():
            expect(alert_about(page, server).first).to_be_visible(timeout=SAID_WITHIN_S * 1000)
        use(pages["/"], server)
        for page in pages.values():
            witness.look(page)
    for page in pages.values():
        expect(alert_about(page, server)).to_have_count(0, timeout=BACK_WITHIN_S * 1000)
    assert f"{server} answers again" in product.output
    witness.assert_clean()


def open_page(context: BrowserContext, address: str) -> Page:
    """A tab of its own, drawn to the end."""
    page = context.new_page()
    page.goto(address)
    expect(page.get_by_role("link", name="Inspect")).to_be_visible()
    settle(page)
    return page


def use(page: Page, server: str) -> None:
    """What needs no server works; what needs one says which."""
    choose_content(page, "Medium")
    expect(page.get_by_text("Everything but the cutouts")).to_be_visible()
    page.get_by_role("button", name="Test with 10").click()
    expect(alert_about(page, server).nth(1)).to_be_visible()
    expect(page.get_by_role("heading", name="Request a transfer")).to_be_visible()
