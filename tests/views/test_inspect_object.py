"""Inspect: light curve, cutouts and values of one object; what a content lacks is said."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from backend.alert_queries import AlertQueries
from backend.models import Content, TransferRequest
from tests.support.facade import Facade
from tests.views.conftest import NIGHTS
from tests.views.looking import checked, click, labels, opened, text
from views.components import session
from views.components.draft import CONTENT, OBJECTS


def read(transfer_id: str) -> AlertQueries:
    reader = session.shelf().reader(transfer_id)
    reader.start()
    return AlertQueries(reader.store)


def charts(app: AppTest) -> int:
    return len(app.get("vega_lite_chart")) + len(app.get("arrow_vega_lite_chart"))


def test_a_transfer_that_nobody_read_says_so(app: AppTest, full: str) -> None:
    opened(app, "inspect_object", transfer=full)
    assert "No alert of this transfer was read yet." in text(app)
    click(app, "Read them")
    assert app.title[0].value == "Browse"


def test_a_full_packet_has_light_curve_history_and_cutouts(app: AppTest, full: str) -> None:
    queries = read(full)
    object_id = next(
        name
        for name in sorted({row["objectId"] for row in queries.page(["objectId"], rows=450).to_dict("records")})
        if len(queries.alerts_of(name)) > 1
    )
    opened(app, "inspect_object", transfer=full, object=object_id)
    assert app.title[0].value == object_id
    assert charts(app) == 1
    assert len(app.image) == 3
    assert "63 × 63 pixels" in text(app)
    values = dict(zip(app.dataframe[0].value["name"], app.dataframe[0].value["value"], strict=True))
    alert = queries.alerts_of(object_id)[-1]
    assert values["ra, dec (deg)"] == f"{alert['ra']:.6f} {alert['dec']:+.6f}"
    assert ":" in values["ra, dec (h, deg)"]
    assert "drb" in values


def test_neighbours_are_a_click_away_and_in_the_address(app: AppTest, full: str) -> None:
    queries = read(full)
    opened(app, "inspect_object", transfer=full)
    first = queries.first_object()
    assert app.query_params["object"] == first
    assert "Previous" not in labels(app)
    click(app, "Next")
    second = queries.place(str(first)).next
    assert app.query_params["object"] == second
    assert app.title[0].value == second
    click(app, "Previous")
    assert app.title[0].value == first


@pytest.mark.parametrize(
    ("content", "missing", "brought_by"),
    [
        (Content.LIGHTCURVE, ("no history", "no cutouts"), Content.FULL),
        (Content.MEDIUM, ("no cutouts",), Content.FULL),
        (Content.CUTOUTS, ("no history",), Content.MEDIUM),
    ],
)
def test_what_a_content_lacks_is_said_and_can_be_requested(
    app: AppTest, facade: Facade, content: Content, missing: tuple[str, ...], brought_by: Content
) -> None:
    transfer = facade.submit(TransferRequest(nights=NIGHTS, content=content))
    object_id = read(transfer.id).first_object()
    opened(app, "inspect_object", transfer=transfer.id)
    for part in ("no history", "no cutouts"):
        assert (f"This content has {part}" in text(app)) == (part in missing)
    click(app, f"Request {brought_by.value.capitalize()} for this object")
    assert app.text_area(key=OBJECTS).value == object_id
    assert app.button_group(key=CONTENT).value == brought_by.value


def test_fields_without_measurements_leave_a_usable_page(app: AppTest, facade: Facade) -> None:
    transfer = facade.submit(TransferRequest(nights=NIGHTS, content=("objectId", "cdsxmatch")))
    read(transfer.id)
    opened(app, "inspect_object", transfer=transfer.id)
    assert "there is no light curve" in text(app)


def test_fields_without_names_are_explained(app: AppTest, facade: Facade) -> None:
    transfer = facade.submit(TransferRequest(nights=NIGHTS, content=("cdsxmatch",)))
    read(transfer.id)
    opened(app, "inspect_object", transfer=transfer.id, object="ZTF24aaaaaab")
    assert "The alerts of this transfer have no objectId." in text(app)


def test_an_object_that_is_not_there_is_said(app: AppTest, full: str) -> None:
    read(full)
    opened(app, "inspect_object", transfer=full, object="<b>ZTF</b>")
    assert "This object is not among the alerts" in text(app)


def test_damaged_cutouts_are_said_in_their_place(app: AppTest, full: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read(full)
    monkeypatch.setattr(AlertQueries, "stamps_of", lambda *_: {"cutoutScience": b"nonsense"})
    opened(app, "inspect_object", transfer=full)
    said = text(app)
    assert "Science: This cutout is not a FITS image" in said
    assert "Template: none" in said
    checked(app.run())
