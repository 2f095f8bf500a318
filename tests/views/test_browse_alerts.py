"""Browse: read, stop, go on; pages, filters, order; the way to an object and to a file."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.support.facade import Facade
from tests.views.looking import checked, click, labelled, labels, opened, text
from views.components.alert_table import ROWS


@pytest.fixture
def browse(app: AppTest, full: str) -> AppTest:
    """The page on a transfer whose alerts were read."""
    return click(opened(app, "browse_alerts", transfer=full), "Read")


def test_without_a_transfer_it_says_so(app: AppTest) -> None:
    opened(app, "browse_alerts")
    assert "No transfer yet." in text(app)
    click(app, "New request")
    assert app.title[0].value == "Request a transfer"


def test_an_unknown_transfer_is_explained(app: AppTest, full: str) -> None:
    opened(app, "browse_alerts", transfer="nonsense")
    assert "There is no transfer 'nonsense'" in text(app)


def test_reading_shows_alerts_and_that_they_are_complete(browse: AppTest) -> None:
    assert "450 alerts, complete." in text(browse)
    assert "Read" not in labels(browse)
    assert len(browse.dataframe[0].value) == ROWS


def test_reading_is_stopped_and_resumed(app: AppTest, facade: Facade, full: str) -> None:
    facade.is_slow = True
    click(opened(app, "browse_alerts", transfer=full), "Read")
    assert "alerts/s" in text(app)
    click(app, "Stop")
    assert "Resume" in labels(app)
    stopped_at = len(app.dataframe[0].value)
    assert stopped_at > 0
    facade.is_slow = False
    click(app, "Resume")
    assert "450 alerts, complete." in text(app)


def test_a_part_is_read_then_the_rest_then_all_again(app: AppTest, full: str) -> None:
    opened(app, "browse_alerts", transfer=full)
    checked(app.number_input(key="part_limit").set_value(120).run())
    click(app, "Read this part")
    assert "120 alerts. Click a name to open the object, a heading to sort." in text(app)
    click(app, "Resume")
    assert "450 alerts, complete." in text(app)
    click(app, "Read all again")
    assert "450 alerts, complete." in text(app)


def test_a_store_of_ones_own_begins_empty_and_is_remembered(browse: AppTest) -> None:
    checked(browse.text_input(key="reader_name").set_value("my store").run())
    assert "Use letters, digits, - and _ for its name." in text(browse)
    assert "450 alerts, complete." in text(browse)
    checked(browse.text_input(key="reader_name").set_value("lena").run())
    assert browse.query_params["reader"] == "lena"
    assert "Nothing was read yet." in text(browse)
    click(browse, "Read")
    assert "450 alerts, complete." in text(browse)


def test_pages_follow_the_address(browse: AppTest) -> None:
    first = set(browse.dataframe[0].value["candid"])
    checked(browse.pagination[0].set_value(9).run())
    assert browse.query_params["page"] == "9"
    last = set(browse.dataframe[0].value["candid"])
    assert len(last) == ROWS
    assert not first & last


@pytest.mark.parametrize("page", ["999999999999", "-1", "x", "0", "10"])
def test_a_wrong_page_in_the_address_is_a_page(browse: AppTest, page: str) -> None:
    browse.query_params["page"] = page
    assert len(checked(browse.run()).dataframe[0].value) == ROWS


def test_filters_narrow_and_are_cleared(browse: AppTest) -> None:
    checked(browse.pagination[0].set_value(9).run())
    checked(labelled(browse.multiselect, "Class").select("QSO").run())
    found = browse.dataframe[0].value
    assert set(found["finkclass"]) == {"QSO"}
    assert f"{len(found)} alerts match." in text(browse)
    checked(labelled(browse.button_group, "Band").set_value([1]).run())
    assert set(browse.dataframe[0].value["fid"]) == {"g"}
    click(browse, "Show all")
    assert len(browse.dataframe[0].value) == ROWS
    assert "450 alerts." in text(browse)


def test_a_magnitude_range_leaves_out_the_rest(browse: AppTest) -> None:
    checked(browse.slider[0].set_value((17.0, 18.0)).run())
    magnitudes = browse.dataframe[0].value["magpsf"]
    assert magnitudes.between(17.0, 18.0).all()
    assert len(magnitudes) > 0


def test_a_magnitude_range_that_was_left_alone_grows_with_the_alerts(app: AppTest, facade: Facade, full: str) -> None:
    facade.is_slow = True
    click(opened(app, "browse_alerts", transfer=full), "Read")
    click(app, "Stop")
    facade.is_slow = False
    click(app, "Resume")
    assert "450 alerts. Click a name to open the object, a heading to sort." in text(app)


def test_order_is_that_of_all_alerts_not_of_the_page(browse: AppTest) -> None:
    checked(browse.selectbox(key="table_sort").set_value("magpsf").run())
    bright = browse.dataframe[0].value["magpsf"].max()
    checked(browse.pagination[0].set_value(2).run())
    assert browse.dataframe[0].value["magpsf"].min() >= bright


def test_identifiers_are_exact(browse: AppTest, facade: Facade) -> None:
    shown = browse.dataframe[0].value["candid"]
    assert set(shown) <= {str(candid) for candid in facade.archive.table["candid"].to_pylist()}


def test_services_that_do_not_answer_leave_the_stored_alerts_in_reach(browse: AppTest, facade: Facade) -> None:
    facade.down["Kafka"] = "Kafka does not answer. Start it with make run."
    checked(browse.run())
    assert "Kafka does not answer." in text(browse)
    assert len(browse.dataframe[0].value) == ROWS
