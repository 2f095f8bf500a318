"""Browse: what narrows, where it is kept, objects instead of alerts, marks."""

from __future__ import annotations

from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from backend.alert_filter import AlertFilter
from tests.support.facade import Facade
from tests.views.looking import checked, click, labelled, labels, opened, text
from views.components import session
from views.components.table_pages import ROWS


@pytest.fixture
def browse(app: AppTest, light: str) -> AppTest:
    """The page on a transfer of light alerts that were read."""
    return click(opened(app, "browse_alerts", transfer=light), "Read")


def shown(app: AppTest):
    """The page of the table."""
    return app.dataframe[0].value


def view(app: AppTest, name: str) -> AppTest:
    return checked(app.button_group(key="browse_view").set_value(name).run())


def test_an_address_brings_its_filter(app: AppTest, light: str) -> None:
    click(opened(app, "browse_alerts", transfer=light), "Read")
    everything = set(shown(app)["candid"])
    again = AppTest.from_file(app._script_path, default_timeout=30)
    opened(again, "browse_alerts", transfer=light, band="2", mag="17.0,19.0", nights="2024-09-01,2024-09-02")
    found = shown(again)
    assert set(found["fid"]) == {"r"}
    assert found["magpsf"].between(17.0, 19.0).all()
    assert {moment.date() for moment in found["observed"]} <= {date(2024, 9, 1), date(2024, 9, 2)}
    assert len(found) > 0
    assert everything
    assert "alerts match." in text(again)


@pytest.mark.parametrize("wrong", ["x", "1,,,2,", "2024-13-01,soon", "%", "nan,nan,nan,nan"])
def test_an_address_that_nobody_understands_shows_all(app: AppTest, light: str, wrong: str) -> None:
    click(opened(app, "browse_alerts", transfer=light), "Read")
    again = AppTest.from_file(app._script_path, default_timeout=30)
    opened(again, "browse_alerts", transfer=light, mag=wrong, nights=wrong, cone=wrong, map=wrong, range=wrong)
    assert "450 alerts. Click a name" in text(again)


def test_the_address_tells_the_filter_and_forgets_it(browse: AppTest) -> None:
    checked(labelled(browse.multiselect, "Class").select("QSO").run())
    checked(labelled(browse.text_input, "Object").set_value("ZTF24").run())
    assert (browse.query_params["class"], browse.query_params["name"]) == ("QSO", "ZTF24")
    click(browse, "Show all")
    assert not {"class", "name"} & set(browse.query_params)


def test_the_filter_is_there_again_after_an_object_was_looked_at(browse: AppTest, light: str) -> None:
    checked(labelled(browse.multiselect, "Class").select("QSO").run())
    matching = len(shown(browse))
    browse.switch_page("views/inspect_object.py")
    checked(browse.run())
    browse.switch_page("views/browse_alerts.py")
    browse.query_params.clear()
    checked(browse.run())
    assert set(shown(browse)["finkclass"]) == {"QSO"}
    assert len(shown(browse)) == matching


def test_a_cone_finds_what_is_near(browse: AppTest) -> None:
    place = shown(checked(browse.multiselect(key="table_columns").set_value(["ra", "dec"]).run())).iloc[0]
    checked(labelled(browse.text_input, "Around").set_value(f"{place['ra']} {place['dec']}").run())
    assert place["objectId"] in set(shown(browse)["objectId"])
    assert len(shown(browse)) < ROWS
    checked(labelled(browse.text_input, "Around").set_value("somewhere").run())
    assert "450 alerts. Click a name" in text(browse)
    assert "somewhere" in text(browse)


def test_objects_are_counted_instead_of_alerts(browse: AppTest, facade: Facade) -> None:
    names = facade.archive.table["objectId"].to_pylist()
    view(browse, "Objects")
    assert f"{len(set(names)):,} objects with 450 alerts" in text(browse)
    first = shown(browse).iloc[0]
    most = max(set(names), key=lambda name: (names.count(name), [-ord(sign) for sign in name]))
    assert (first["objectId"], first["alerts"]) == (most, names.count(most))
    checked(browse.selectbox(key="objects_sort").set_value("brightest").run())
    assert shown(browse)["brightest"].is_monotonic_increasing  # the bright ones first
    checked(browse.toggle(key="objects_descending_brightest").set_value(True).run())
    assert shown(browse)["brightest"].is_monotonic_decreasing


def test_all_alerts_of_the_objects_are_one_click_away(browse: AppTest, facade: Facade) -> None:
    view(browse, "Objects")
    checked(labelled(browse.text_input, "Object").set_value(shown(browse)["objectId"].iloc[0]).run())
    name = shown(browse)["objectId"].iloc[0]
    click(browse, "Request all alerts of this object")
    assert browse.title[0].value == "Request a transfer"
    assert name in browse.text_area(key="draft_objects").value


def test_marked_objects_can_be_shown_alone(browse: AppTest, facade: Facade) -> None:
    assert "Notes as CSV" not in labels(browse)
    name = shown(browse)["objectId"].iloc[3]
    session.marks().note(facade.user, name, is_marked=True, note="look again")
    checked(browse.run())
    checked(labelled(browse.toggle, "Marked objects only").set_value(True).run())
    assert set(shown(browse)["objectId"]) == {name}
    session.marks().note(facade.user, name, is_marked=False, note="")
    checked(browse.run())
    assert "0 alerts match." in text(browse)
    checked(labelled(browse.toggle, "Marked objects only").set_value(False).run())
    assert "450 alerts. Click a name" in text(browse)


def test_an_object_is_marked_and_noted_where_it_is_looked_at(browse: AppTest, facade: Facade, light: str) -> None:
    name = str(shown(browse)["objectId"].iloc[0])
    opened(browse, "inspect_object", transfer=light, object=name)
    click(browse, "Mark")
    checked(browse.text_area(key=f"note_{name}").set_value("rises <b>fast</b>").run())
    noted = session.marks().of(facade.user, name)
    assert (noted.is_marked, noted.note) == (True, "rises <b>fast</b>")
    click(browse, "Marked")
    assert not session.marks().of(facade.user, name).is_marked
    assert session.marks().of(facade.user, name).note == "rises <b>fast</b>"


def test_a_cone_comes_back_as_exact_as_it_was(browse: AppTest, light: str) -> None:
    checked(labelled(browse.text_input, "Around").set_value("150.1234567 -2.7654321").run())
    browse.switch_page("views/inspect_object.py")
    checked(browse.run())
    browse.switch_page("views/browse_alerts.py")
    browse.query_params.clear()
    checked(browse.run())
    assert labelled(browse.text_input, "Around").value == "150.1234567 -2.7654321"
    assert browse.query_params["cone"] == "150.1234567,-2.7654321,60.0"


def test_limits_that_these_alerts_do_not_have_are_none(browse: AppTest) -> None:
    browse.session_state["filter_to_choose"] = AlertFilter(
        brightest_mag=3.0, faintest_mag=4.0, nights=(date(2031, 1, 1), date(2031, 1, 5))
    )
    checked(browse.run())
    assert "450 alerts. Click a name" in text(browse)


def test_a_class_that_the_browser_names_with_the_number_of_before_is_chosen(browse: AppTest) -> None:
    field = labelled(browse.multiselect, "Class")
    browse.session_state[field.key] = ["(SIMBAD) QSO · 7"]
    checked(browse.run())
    assert set(shown(browse)["finkclass"]) == {"QSO"}


def test_magnitudes_are_chosen_with_the_slider(browse: AppTest) -> None:
    bright, faint = browse.slider[0].value
    checked(browse.slider[0].set_value((bright, 19.0)).run())
    assert shown(browse)["magpsf"].max() <= 19.0
    assert browse.slider[0].value == (bright, 19.0)
    assert browse.query_params["mag"] == ",19.0"
    click(browse, "Show all")
    assert browse.slider[0].value == (bright, faint)
    assert "450 alerts. Click a name" in text(browse)


def test_nights_are_chosen_in_the_calendar(browse: AppTest) -> None:
    checked(browse.date_input[0].set_value((date(2024, 9, 2),)).run())
    assert "450 alerts. Click a name" in text(browse)
    checked(browse.date_input[0].set_value((date(2024, 9, 2), date(2024, 9, 2))).run())
    assert {moment.date() for moment in shown(browse)["observed"]} == {date(2024, 9, 2)}
    assert browse.query_params["nights"] == "2024-09-02,2024-09-02"
