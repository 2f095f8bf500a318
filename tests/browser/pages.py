"""The pages as a user handles them: by their labels, and by what they say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

COUNTED_S = 300.0
"""Until a new archive is counted, which the page sees by itself."""
MOST_TRIES = 3
MOST_TABS = 100
"""More than any page has."""
ROW_PX = 33
"""Of a table, which is a picture to the browser; its header is a row too."""


def wait_for_estimates(page: Page) -> None:
    """Wait on the Request page until the archive's statistics are there."""
    expect(page.get_by_role("button", name="Show an example")).to_be_visible(timeout=COUNTED_S * 1000)


def choose_nights(page: Page, first: date, last: date) -> None:
    """Type both nights into the calendar's field."""
    for end, night in (("start", first), ("end", last)):
        field = page.get_by_role("group", name=f"Nights {end} date")
        field.get_by_role("spinbutton", name="year").click()
        page.keyboard.type(f"{night:%Y%m%d}")  # the cursor moves on from year to month to day
    page.keyboard.press("Escape")


def choose_classes(page: Page, label: str, names: Sequence[str]) -> int:
    """Choose among the options of a field of classes; give their number of alerts, which each has behind its name.

    What was chosen while the field got new numbers is lost with the old field: then it is chosen again.
    """
    field = page.get_by_role("combobox", name=label)
    box = page.get_by_test_id("stMultiSelect").filter(has=field)
    alerts: dict[str, int] = {}
    for _ in range(MOST_TRIES):
        for name in (each for each in names if each not in box.inner_text()):
            field.click()
            field.fill(name)
            option = page.get_by_role("option", name=f"{name} ·")
            alerts[name] = int(option.inner_text().rsplit("·", 1)[-1].replace(",", ""))
            option.click()
        page.keyboard.press("Escape")
        settle(page)
        if all(name in box.inner_text() for name in names):
            return sum(alerts.values())
    raise AssertionError(f"{label} does not keep {names}: {box.inner_text()}")


def write_conditions(page: Page, text: str) -> None:
    """Replace the conditions."""
    field = page.get_by_role("textbox", name="Conditions")
    field.fill(text)
    field.press("Control+Enter")


def choose_content(page: Page, name: str) -> None:
    """Choose by the label, which has the measured size behind the name."""
    option = page.get_by_role("radio", name=name)
    option.click()
    expect(option).to_be_checked()


def tab_to(page: Page, wanted: Locator) -> None:
    """Go on with the Tab key until this has the keyboard."""
    for _ in range(MOST_TABS):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"The Tab key does not lead to {wanted}.")


def cells(page: Page) -> Locator:
    """The cells of the first table, as a screen reader has them; the browser sees a picture."""
    table = page.get_by_test_id("stDataFrame").first
    return table.get_by_role("gridcell", include_hidden=True)


def settle(page: Page) -> None:
    """Wait until the page is drawn to the end: nothing runs, nothing is a grey place-holder."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


def select_first_row(page: Page) -> None:
    """Tick the box at the beginning of the first row of the first table."""
    expect(cells(page).first).to_be_attached()
    settle(page)
    page.get_by_test_id("stDataFrame").first.click(position={"x": ROW_PX / 2, "y": 1.5 * ROW_PX})


def alert_about(page: Page, service: str) -> Locator:
    """What the page says of a service, in a box that asks for attention."""
    return page.get_by_role("alert").filter(has_text=service)


def download_prepared(page: Page, folder: Path, which: re.Pattern[str] | None = None) -> Path:
    """The file that the user gets; ``which`` alerts are in it, where there is a choice."""
    menu = page.get_by_role("button", name="Download", exact=True)
    expect(menu).to_have_count(1)  # while the last alerts arrive, the menu of the run before may still be there
    menu.click()
    if which is not None:
        page.get_by_test_id("stPopoverBody").get_by_text(which).click()
    page.get_by_role("button", name=re.compile("^Prepare ")).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Save", exact=True).click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    page.keyboard.press("Escape")
    return file


def number_in(text: str, pattern: str) -> int:
    """The number that the group of the pattern holds."""
    found = re.search(pattern, text)
    assert found, text
    return int(found[1].replace(",", ""))
