"""What a scientist does with alerts that were read: narrow in charts, fold, step, mark, take the selection away."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.launched import LaunchedProduct
from tests.browser.pages import MOST_TRIES, ROW_PX, cells, choose_classes, download_prepared, number_in, settle
from tests.browser.witness import Witness
from tests.support.alert_records import encoded
from tests.support.published_topic import PARTITIONS, PublishedTopic
from tests.support.variable_stars import (
    ALERTS,
    PERIOD_D,
    SCHEMA,
    STAR,
    SUPERNOVA,
    VISITS,
    crowd,
    object_name,
    variable_stars,
)

pytestmark = pytest.mark.timeout(900)  # the first test waits for the product to start

STARS = "(SIMBAD) RRLyr"
NOTE = "a lovely <b>Blazhko</b> effect"
FAINTEST_MAG = 19.0
MOST_STEPS = 200
NIGHT_BARS, SKY = 0, 2
SEEN_S = 5.0
"""Until what was drawn is in the address."""
ENCODED_AT_ONCE = 50_000
READ_S = 300.0
"""Until a million alerts are read, on a machine that may do other things as well."""
NAME_X_PX = 3 * ROW_PX
"""Where the name stands in a row, behind the box that selects it."""


@pytest.fixture(params=[ALERTS, pytest.param(1_000_000, marks=pytest.mark.soak)])
def transfer(product: LaunchedProduct, request: pytest.FixtureRequest) -> Iterator[tuple[PublishedTopic, int]]:
    """Alerts of variable stars, alone or in a crowd of others, on the product's Kafka; and how many there are."""
    alerts: int = request.param
    published = PublishedTopic(product.kafka_servers, SCHEMA)
    published.publish_schema()
    records = chain(variable_stars(), crowd(alerts - ALERTS))
    while some := list(islice(records, ENCODED_AT_ONCE)):
        for number, value in enumerate(encoded(some, SCHEMA)):
            published.publish_raw(value, number % PARTITIONS, flush=number + 1 == len(some))
    published.publish_receipt(alerts)
    yield published, alerts
    published.delete()


def test_from_a_map_of_the_sky_to_a_folded_light_curve(
    context: BrowserContext, transfer: tuple[PublishedTopic, int], witness: Witness, tmp_path: Path
) -> None:
    topic, alerts = transfer
    page = context.new_page()
    page.goto(f"/browse?transfer={topic.name}")
    page.get_by_role("button", name="Read", exact=True).click()
    expect(page.get_by_text(f"{alerts:,} alerts, complete.", exact=True)).to_be_visible(timeout=READ_S * 1000)
    witness.look(page)

    for name in (object_name(0), object_name(-(-alerts // VISITS) - 1)):  # up, then down, over all pages
        settle(page)
        header = {"x": NAME_X_PX, "y": 0.5 * ROW_PX}
        page.get_by_test_id("stDataFrame").first.click(position=header)
        expect(cells(page).first).to_have_text(name)
    stars = choose_classes(page, "Class", [STARS])
    expect(page.get_by_text(f"{stars:,} alerts match.", exact=True)).to_be_visible()
    draw_faint_end(page, FAINTEST_MAG)
    bright = sum(np.float32(alert["magpsf"]) <= FAINTEST_MAG for alert in alerts_of_stars())
    expect(page.get_by_text(f"{bright:,} alerts match.", exact=True)).to_be_visible()
    draw(page, SKY, (0.3, 0.05), (0.7, 0.55), told="map")
    in_the_map = matching(page, fewer_than=bright)
    draw(page, NIGHT_BARS, (0.35, 0.1), (0.8, 0.5), told="nights")
    matching(page, fewer_than=in_the_map)
    witness.look(page)

    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_text(re.compile(rf"^{alerts:,} alerts\. Click a name"))).to_be_visible()
    settle(page)
    choose_classes(page, "Class", [STARS])
    page.get_by_text("Objects", exact=True).click()
    expect(page.get_by_text(re.compile(r"^30 objects with [\d,]+ alerts match\.$"))).to_be_visible()
    settle(page)
    page.get_by_role("combobox", name="Sort objects by").click()
    page.get_by_role("option", name="Sorted by brightest").click()
    name = brightest_star()
    expect(cells(page).first).to_have_text(name)
    settle(page)
    witness.look(page)
    page.get_by_test_id("stDataFrame").first.click(position={"x": NAME_X_PX, "y": 1.5 * ROW_PX})
    expect(page.get_by_role("heading", level=1)).to_have_text(name)

    page.get_by_text("Fold", exact=True).click()
    page.get_by_role("button", name="Suggest a period").click()
    suggested = page.get_by_text(re.compile(r"Suggested: [\d.]+ days"))
    expect(suggested).to_be_visible()
    found = re.search(r"Suggested: ([\d.]+) days", suggested.inner_text())
    assert found
    assert float(found[1]) == pytest.approx(PERIOD_D, rel=0.01)
    witness.look(page)

    expect(page.get_by_text(re.compile(r"^Alert 40 of 40 "))).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_text(re.compile(r"^Alert 39 of 40 "))).to_be_visible()
    assert "candid=" in page.url
    marked = page.get_by_role("button", name="Marked")
    if not marked.count():  # with another number of alerts, the star was marked before
        page.get_by_role("button", name="Mark").click()
    expect(marked).to_be_visible()
    page.get_by_role("button", name="Note").click()
    page.get_by_role("textbox", name="Note").fill(NOTE)
    page.get_by_role("textbox", name="Note").press("Control+Enter")
    settle(page)
    page.keyboard.press("Escape")
    expect(marked).to_be_visible()
    witness.look(page)
    page.goto(page.url)  # where the box was never opened
    expect(page.get_by_text(re.compile(r"^Alert 39 of 40 "))).to_be_visible()
    settle(page)
    page.keyboard.press("l")
    expect(page.get_by_text(re.compile(r"^Alert 40 of 40 "))).to_be_visible()
    page.get_by_role("button", name="Note").click()
    expect(page.get_by_role("textbox", name="Note")).to_have_value(NOTE)
    page.keyboard.press("Escape")

    page.get_by_role("link", name="Browse").click()
    expect(page.get_by_text(re.compile(rf"^{alerts:,} alerts\. Click a name"))).to_be_visible()
    page.get_by_text("Marked objects only").click()
    expect(page.get_by_text(re.compile(r"^1 object with 40 alerts match\.$|^40 alerts match\.$"))).to_be_visible()
    file = download_prepared(page, tmp_path, which=re.compile("^What matches"))
    table = pq.read_table(file)
    assert set(table["objectId"].to_pylist()) == {name}
    assert table.num_rows == 40
    assert SUPERNOVA not in table["finkclass"].to_pylist()
    noted = json.loads(table.schema.metadata[b"alert_quicklook.marks"])
    assert noted == [{"objectId": name, "marked": True, "note": NOTE}]
    witness.assert_clean()


def brightest_star() -> str:
    """The object that is the first of all stars, when they are sorted by brightness."""
    return str(min(alerts_of_stars(), key=lambda alert: alert["magpsf"])["objectId"])


def alerts_of_stars() -> list[dict[str, Any]]:
    """As they were published."""
    return [alert for alert in variable_stars() if alert["finkclass"] == STAR]


def draw_faint_end(page: Page, faintest_mag: float) -> None:
    """Take the faint end of the magnitudes to the left until it stands there."""
    end = page.get_by_role("slider", name="Magnitude").last
    end.focus()
    for _ in range(MOST_STEPS):
        if float(end.input_value()) <= faintest_mag:
            return
        page.keyboard.press("ArrowLeft")
    raise AssertionError(f"The faint end does not reach {faintest_mag}.")


def charts(page: Page) -> list[Locator]:
    """The three of the overview."""
    settle(page)
    found = page.get_by_test_id("stVegaLiteChart").filter(visible=True)  # Streamlit hides some of before for a while
    expect(found).to_have_count(3)
    for number in range(3):
        expect(found.nth(number).locator("canvas, svg").first).to_be_visible()
    return [found.nth(number) for number in range(3)]


def draw(page: Page, number: int, begin: tuple[float, float], end: tuple[float, float], *, told: str) -> None:
    """Draw over a part of a chart until the address tells it: what meets a chart that is just drawn anew is lost."""
    for _ in range(MOST_TRIES):
        drag(page, charts(page)[number], begin, end)
        with suppress(AssertionError):
            expect(page).to_have_url(re.compile(f"[?&]{told}="), timeout=SEEN_S * 1000)
            return
    raise AssertionError(f"Nothing drawn over chart {number} is in {page.url}")


def drag(page: Page, chart: Locator, begin: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw over a part of a chart; places are parts of its width and height."""
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    for act, (across, down) in ((page.mouse.down, begin), (page.mouse.up, end)):
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"], steps=8)
        act()


def matching(page: Page, *, fewer_than: int) -> int:
    """How many alerts match, once they are fewer."""
    said = page.get_by_text(re.compile(r"^[\d,]+ alerts match\.$"))
    expect(said).not_to_have_text(f"{fewer_than:,} alerts match.")
    settle(page)
    found = number_in(said.inner_text(), r"([\d,]+) alerts match")
    assert 0 < found < fewer_than
    return found
