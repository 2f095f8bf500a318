"""The whole way of a scientist through the real product, in a real browser: from the nights to a data frame."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from simulator.small_sky import NIGHTS
from tests.browser.pages import (
    cells,
    choose_classes,
    choose_content,
    choose_nights,
    download_prepared,
    number_in,
    select_first_row,
    settle,
    tab_to,
    wait_for_estimates,
    write_conditions,
)
from tests.browser.witness import Witness

pytestmark = pytest.mark.timeout(900)  # the first test waits for the product to start

FIRST, LAST = NIGHTS[-2], NIGHTS[-1]
SUPERNOVAE, RR_LYRAE = "(Fink) SN candidate", "(SIMBAD) RRLyrae, RRLyr"
CONDITION, FAINTEST_MAG = "candidate.magpsf < 20;", 20.0
WRONG = "candidate.magpfs < 20;"
COMPLETED_S = 180.0
STAMPS = ("Science", "Template", "Difference")


def test_from_two_nights_to_a_data_frame(context: BrowserContext, witness: Witness, tmp_path: Path) -> None:
    page = context.new_page()
    page.goto("/")
    wait_for_estimates(page)

    choose_nights(page, FIRST, LAST)
    expect(page.get_by_text("2 nights, all with data", exact=True)).to_be_visible()
    settle(page)  # the classes below still have the numbers of the night before
    of_both_classes = choose_classes(page, "Classes", [SUPERNOVAE, RR_LYRAE])
    estimate = page.get_by_test_id("stMetricValue")
    expect(estimate).to_have_text(f"{of_both_classes:,} alerts")
    write_conditions(page, CONDITION)
    expect(page.get_by_text(re.compile(r"between [\d,]+ and [\d,]+"))).to_be_visible()
    choose_content(page, "Full")
    page.get_by_role("button", name="Submit", exact=True).click()

    published = complete_transfer(page, witness)
    assert 0 < published <= of_both_classes

    look = page.get_by_role("button", name="Look at the alerts")
    expect(look).to_have_count(1)  # when the job has just ended, that of the run before may still be there
    look.click()
    expect(page.get_by_role("heading", name="Browse")).to_be_visible()
    expect(page.get_by_text(f"{published:,} alerts, complete.", exact=True)).to_be_visible()
    expect(cells(page).first).to_have_text(re.compile(r"^ZTF\d\d[a-z]{7}$"))
    data = pd.read_parquet(download_prepared(page, tmp_path))
    check_alerts(data, published)

    supernovae = int((data["finkclass"] == "SN candidate").sum())
    assert choose_classes(page, "Class", [SUPERNOVAE]) == supernovae
    expect(page.get_by_text(f"{supernovae:,} alerts match.", exact=True)).to_be_visible()
    witness.look(page)

    select_first_row(page)
    check_object(page, data)
    witness.assert_clean()


def test_a_wrong_field_is_named_and_nothing_can_be_submitted(context: BrowserContext, witness: Witness) -> None:
    page = context.new_page()
    page.goto("/")
    submit = page.get_by_role("button", name="Submit", exact=True)
    conditions = page.get_by_role("textbox", name="Conditions")
    expect(submit).to_be_enabled()
    conditions.click()
    page.keyboard.type(WRONG)  # and nothing else: the verdict comes while it is typed
    expect(page.get_by_text("Line 1, column 1: there is no field candidate.magpfs.")).to_be_visible()
    expect(page.get_by_text("Did you mean candidate.magpsf?")).to_be_visible()
    expect(submit).to_be_disabled()
    expect(conditions).to_have_value(WRONG)
    expect(conditions).to_be_focused()
    expect(page.get_by_role("button", name="Test with 10")).to_be_disabled()
    write_conditions(page, CONDITION)
    expect(submit).to_be_enabled()
    witness.assert_clean()


def test_a_keyboard_is_enough(context: BrowserContext, witness: Witness) -> None:
    page = context.new_page()
    page.goto("/")
    wait_for_estimates(page)
    tab_to(page, page.get_by_role("textbox", name="Conditions"))
    page.keyboard.type(CONDITION)
    expect(page.get_by_text(re.compile(r"between [\d,]+ and [\d,]+"))).to_be_visible()
    tab_to(page, page.get_by_role("radio", name="Lightcurve"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.get_by_role("radio", name="Medium")).to_be_checked()
    expect(page.get_by_text("Everything but the cutouts")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Test with 10"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Transfers")).to_be_visible()
    expect(page.get_by_text("test of 10 alerts")).to_be_visible()
    witness.assert_clean()


def test_every_page_can_be_opened_by_its_address(context: BrowserContext, witness: Witness) -> None:
    page = context.new_page()
    for address, sign in (
        ("/", page.get_by_role("heading", name="Request a transfer")),
        ("/monitor", page.get_by_role("heading", name="Transfers")),
        ("/browse", page.get_by_role("heading", name="Browse")),
        ("/inspect", page.get_by_role("combobox", name="Transfer")),
    ):
        page.goto(address)
        expect(sign).to_be_visible()
        settle(page)
        witness.look(page)
    witness.assert_clean()


def complete_transfer(page: Page, witness: Witness) -> int:
    """Watch the transfer until it is complete; give what its receipt says that it published."""
    expect(page.get_by_role("heading", name="Transfers")).to_be_visible()
    expect(page.locator("p").get_by_text(re.compile("QUEUED|EXECUTING"))).to_be_visible()  # the table says it too
    witness.look(page)
    expect(page.locator("p").get_by_text("COMPLETED")).to_be_visible(timeout=COMPLETED_S * 1000)
    receipt = page.get_by_text(re.compile(r"[\d,]+ alerts? published · 2 nights read"))
    expect(receipt).to_be_visible()
    return number_in(receipt.inner_text(), r"([\d,]+) alerts? published")


def check_alerts(data: pd.DataFrame, published: int) -> None:
    """As many as were published, each once, all as the request asked."""
    assert len(data) == published
    assert data["candid"].is_unique
    assert set(data["finkclass"]) == {"SN candidate", "RRLyr", "RRLyrae"}  # one choice, both spellings
    measured = pd.json_normalize(data["candidate"].tolist())
    assert (measured["magpsf"] < FAINTEST_MAG).all()
    assert set(measured["jd"].map(night_of)) == {FIRST, LAST}


def check_object(page: Page, data: pd.DataFrame) -> None:
    """The page of a supernova: its name, light curve and stamps."""
    title = page.get_by_role("heading", level=1)
    expect(title).to_have_text(re.compile(r"^ZTF\d\d[a-z]{7}$"))
    object_id = title.inner_text()
    assert set(data.loc[data["objectId"] == object_id, "finkclass"]) == {"SN candidate"}
    chart = page.get_by_test_id("stVegaLiteChart")
    expect(chart.get_by_text("difference magnitude (mag)")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^[1-9]\d* detections?\b"))).to_be_visible()
    for stamp in STAMPS:
        picture = page.get_by_role("img", name=f"{stamp} stamp")
        expect(picture).to_be_visible()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("image => image.naturalWidth") > 0
    assert f"object={object_id}" in page.url


def night_of(jd: float) -> date:
    """The night of a Julian date: its day in UTC."""
    return date.fromordinal(int(jd - 1_721_424.5))
