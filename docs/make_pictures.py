"""The pictures of README and docs, taken from a running dashboard: ``python -m docs.make_pictures http://127.0.0.1:8501``.

Each page, light and dark, wide and narrow, as ``docs/pictures/<page>-<scheme>-<width>.png``. A transfer of full alerts
of the last two nights is made for them.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.chromium import ARGUMENTS, NONE_FOUND, find_chromium
from tests.browser.pages import cells, choose_classes, choose_content, select_first_row, settle, write_conditions

PICTURES = Path(__file__).with_name("pictures")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS_PX = (1440, 800)
HEIGHT_PX = 900
TALLEST_PX = 1400
"""A page that is longer is cut: a picture in a text is not scrolled."""
LARGEST_BYTES = 300_000
ANSWER_S, COMPLETED_S = 30.0, 240.0
CLASSES = ("(Fink) SN candidate", "(Fink) Early SN Ia candidate", "(SIMBAD) RRLyrae, RRLyr")
CONDITION = "candidate.magpsf < 20;"
SUPERNOVA = "(Fink) Early SN Ia candidate"


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the transfer, then the pictures; 1 where there is no browser or a picture is too large."""
    parser = argparse.ArgumentParser(prog="python -m docs.make_pictures", description=__doc__)
    parser.add_argument("url", help="address of a running dashboard")
    url = str(parser.parse_args(arguments).url).rstrip("/")
    path = find_chromium()
    if path is None:
        print(NONE_FOUND, file=sys.stderr)
        return 1
    PICTURES.mkdir(exist_ok=True)
    expect.set_options(timeout=ANSWER_S * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS])
        transfer, supernova = prepare(browser, url)
        made = [
            take(browser, url, transfer, supernova, name, scheme, width)
            for name in PAGES
            for scheme in SCHEMES
            for width in WIDTHS_PX
        ]
        browser.close()
    too_large = [file.name for file in made if file.stat().st_size > LARGEST_BYTES]
    for file in made:
        print(f"{file.stat().st_size / 1000:4.0f} kB  {file}")
    if too_large:
        print(f"Larger than {LARGEST_BYTES / 1000:.0f} kB: {', '.join(too_large)}", file=sys.stderr)
    return 1 if too_large else 0


def prepare(browser: Browser, url: str) -> tuple[str, str]:
    """Transfer full alerts, read them; give the transfer's id and the name of a supernova with many detections."""
    page = browser.new_page(viewport={"width": WIDTHS_PX[0], "height": HEIGHT_PX})
    page.goto(url)
    fill_request(page)
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page.locator("p").get_by_text("COMPLETED")).to_be_visible(timeout=COMPLETED_S * 1000)
    look = page.get_by_role("button", name="Look at the alerts")
    expect(look).to_have_count(1)  # when the job has just ended, that of the run before may still be there
    look.click()
    expect(page.get_by_text(re.compile("alerts, complete"))).to_be_visible()
    transfer = in_address(page, "transfer")
    choose_classes(page, "Class", [SUPERNOVA])
    expect(page.get_by_text(re.compile("alerts? match"))).to_be_visible()
    select_first_row(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^ZTF"))
    supernova = in_address(page, "object")
    page.close()
    return transfer, supernova


def take(
    browser: Browser, url: str, transfer: str, supernova: str, name: str, scheme: Literal["light", "dark"], width: int
) -> Path:
    """One page as one picture."""
    context = browser.new_context(viewport={"width": width, "height": HEIGHT_PX}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{url}/{PAGES[name].format(transfer=transfer, object=supernova)}")
    SHOW[name](page)
    finish(page)
    height = page.get_by_test_id("stMainBlockContainer").evaluate("block => block.getBoundingClientRect().bottom")
    page.set_viewport_size({"width": width, "height": min(max(int(height), HEIGHT_PX), TALLEST_PX)})
    finish(page)
    file = PICTURES / f"{name}-{scheme}-{width}.png"
    page.screenshot(path=file, animations="disabled")
    context.close()
    return file


def fill_request(page: Page) -> None:
    """The example's nights, some classes, a condition, full alerts."""
    page.get_by_role("button", name="Show an example").click()
    expect(page.get_by_text("2 nights, all with data")).to_be_visible()
    choose_classes(page, "Classes", CLASSES)
    write_conditions(page, CONDITION)
    choose_content(page, "Full")
    expect(page.get_by_text(re.compile("between"))).to_be_visible()


def show_transfers(page: Page) -> None:
    """Monitor, with the receipt."""
    expect(page.get_by_text(re.compile("alerts published"))).to_be_visible()


def show_alerts(page: Page) -> None:
    """Browse, with its charts and the first rows."""
    expect(cells(page).first).to_be_attached()
    charts = page.get_by_test_id("stVegaLiteChart")
    expect(charts).to_have_count(3)
    for number in range(3):
        expect(charts.nth(number).locator("svg, canvas").first).to_be_visible()


def show_object(page: Page) -> None:
    """Inspect, with light curve and stamps."""
    expect(page.get_by_test_id("stVegaLiteChart").locator("svg, canvas").first).to_be_visible()
    expect(page.get_by_role("img", name="Difference stamp")).to_be_visible()


def finish(page: Page) -> None:
    """Wait until the page is drawn to the end and its fonts are there."""
    settle(page)
    page.evaluate("document.fonts.ready")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def in_address(page: Page, name: str) -> str:
    """What the page's address says under a name."""
    found = re.search(rf"[?&]{name}=([^&]+)", page.url)
    assert found, page.url
    return found[1]


PAGES = {
    "request": "",
    "monitor": "monitor?transfer={transfer}",
    "browse": "browse?transfer={transfer}",
    "inspect": "inspect?transfer={transfer}&object={object}",
}
SHOW = {"request": fill_request, "monitor": show_transfers, "browse": show_alerts, "inspect": show_object}

if __name__ == "__main__":
    sys.exit(main())
