"""Markup in alerts, notes, addresses and requests is text on every page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.launched import LaunchedProduct
from tests.browser.pages import cells, choose_classes, settle, wait_for_estimates, write_conditions
from tests.browser.witness import Witness
from tests.support.alert_records import encoded
from tests.support.published_topic import PublishedTopic
from tests.support.variable_stars import CUTOUTS, SCHEMA, VISITS, variable_stars

pytestmark = pytest.mark.timeout(900)  # the first test waits for the product to start

PLANTED = '<img src=x onerror="window.planted=1"> **b** [l](http://x.org) $x$ :red[r] `c` &lt;'
CLASS, OBJECT, NOTE = (f"{what} {PLANTED}" for what in ("class", "object", "note"))
TOOK_EFFECT = """() => [window.planted, ...Array.from(document.querySelectorAll(
    'img[src="x"], a[href^="http://x.org"], .katex, p strong, span[style*="color: red"]'),
    e => e.outerHTML)].join(" ").trim()"""
"""Of what was planted, what is more than text."""


@pytest.fixture
def topic(product: LaunchedProduct) -> Iterator[PublishedTopic]:
    """A transfer of one object with markup in everything that is text."""
    published = PublishedTopic(product.kafka_servers, SCHEMA)
    published.publish_schema()
    for _, alert in zip(range(VISITS), variable_stars(), strict=False):
        stamps = {name: {**alert[name], "fileName": PLANTED} for name in CUTOUTS}
        hostile = {**alert, **stamps, "objectId": OBJECT, "finkclass": CLASS, "tnsclass": CLASS}
        published.publish_raw(encoded([hostile], SCHEMA)[0])
    published.publish_receipt(VISITS)
    yield published
    published.delete()


def test_of_an_alert(context: BrowserContext, topic: PublishedTopic, witness: Witness) -> None:
    page = context.new_page()
    page.goto(f"/browse?transfer={topic.name}")
    page.get_by_role("button", name="Read", exact=True).click()
    expect(page.get_by_text(f"{VISITS} alerts, complete.", exact=True)).to_be_visible()
    expect(cells(page).first).to_have_text(OBJECT)
    choose_classes(page, "Class", [f"(SIMBAD) {CLASS}"])
    look(page, witness)
    page.get_by_text("Objects", exact=True).click()
    expect(page.get_by_text(f"1 object with {VISITS} alerts")).to_be_visible()
    expect(cells(page).first).to_have_text(OBJECT)
    look(page, witness)

    page.goto(f"/inspect?transfer={topic.name}")
    expect(page.get_by_role("heading", level=1)).to_have_text(as_shown(OBJECT))
    expect(page.get_by_text(as_shown(CLASS)).first).to_be_visible()
    page.get_by_role("button", name="Note").click()
    page.get_by_role("textbox", name="Note").fill(NOTE)
    page.get_by_role("textbox", name="Note").press("Control+Enter")
    expect(page.get_by_role("textbox", name="Note")).to_have_value(NOTE)
    look(page, witness)

    page.goto(f"/monitor?transfer={PLANTED}")
    look(page, witness)
    page.goto(f"/browse?transfer={topic.name}&class={PLANTED}&name={PLANTED}")
    look(page, witness)
    witness.assert_clean()


def test_of_a_request(context: BrowserContext, witness: Witness) -> None:
    page = context.new_page()
    page.goto("/")
    wait_for_estimates(page)
    write_conditions(page, f"candidate.{PLANTED} > 1;")
    expect(page.get_by_text(re.compile("Line 1, column"))).to_be_visible()
    look(page, witness)
    write_conditions(page, f"objectId != '{PLANTED}';")
    test = page.get_by_role("button", name="Test with 10")
    expect(test).to_be_enabled()
    look(page, witness)
    test.click()
    expect(page.get_by_role("heading", name="Transfers")).to_be_visible()
    expect(page.get_by_text(as_shown(f"objectId != '{PLANTED}'"))).to_be_visible()
    look(page, witness)
    witness.assert_clean()


def as_shown(text: str) -> re.Pattern[str]:
    """The text; between two of its signs there may be one without width, that keeps it from being a link."""
    return re.compile("\u2060?".join(map(re.escape, text)))


def look(page: Page, witness: Witness) -> None:
    """Nothing of what was planted did a thing."""
    settle(page)
    witness.look(page)
    assert page.evaluate(TOOK_EFFECT) == ""
