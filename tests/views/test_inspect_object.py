"""Inspect: light curve, cutouts and values of one object; what a content lacks is said."""

from __future__ import annotations

import html
import re
from typing import Any

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from backend.alert_queries import AlertQueries
from backend.models import Content, TransferRequest
from tests.support.archive_double import ArchiveDouble
from tests.support.facade import Facade
from tests.views.conftest import NIGHTS
from tests.views.looking import checked, click, labels, opened, text
from views.components import session
from views.components.cutout_panel import PERCENT, STRETCH
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


def with_several_alerts(queries: AlertQueries) -> list[dict[str, Any]]:
    """The alerts of the first object that has more than two."""
    names = sorted({row["objectId"] for row in queries.page(["objectId"], rows=450).to_dict("records")})
    return next(alerts for name in names if len(alerts := queries.alerts_of(name)) > 2)


def facts(app: AppTest) -> str:
    """The tables of facts, as a browser gets them."""
    return "\n".join(each.proto.body for each in app.get("html"))


def test_a_full_packet_has_light_curve_history_and_cutouts(app: AppTest, full: str) -> None:
    queries = read(full)
    alert = with_several_alerts(queries)[-1]
    opened(app, "inspect_object", transfer=full, object=alert["objectId"])
    assert app.title[0].value == alert["objectId"]
    assert charts(app) == 1
    assert len(app.image) == 3
    assert "63 × 63 pixels" in text(app)
    degrees, sexagesimal, galactic = (each.value for each in app.code)
    assert degrees == f"{alert['ra']:.6f} {alert['dec']:+.6f}"
    assert ":" in sexagesimal
    distance = abs(float(galactic.split()[1]))
    assert f"{distance:.1f}° from the galactic plane" in text(app)
    assert '<th scope="row">drb</th>' in facts(app)
    values = dict(zip(app.dataframe[0].value["name"], app.dataframe[0].value["value"], strict=True))
    assert values["candid"] == str(alert["candid"])
    assert float(values["candidate.magpsf"]) == pytest.approx(alert["magpsf"], abs=1e-4)
    assert not {"", "-999", "nan", "None", "null"} & set(values.values())


def test_steps_lead_through_the_alerts_in_time_and_are_in_the_address(app: AppTest, full: str) -> None:
    alerts = with_several_alerts(read(full))
    count, candids = len(alerts), [str(alert["candid"]) for alert in alerts]
    opened(app, "inspect_object", transfer=full, object=alerts[0]["objectId"])
    assert f"Alert {count} of {count}" in text(app)
    assert not {"Later", "Last"} & set(labels(app))
    click(app, "Earlier")
    assert app.query_params["candid"] == candids[-2]
    assert f"Alert {count - 1} of {count}" in text(app)
    click(app, "First")
    assert f"Alert 1 of {count}" in text(app)
    assert f"candid {candids[0]}" in text(app)
    assert f"{alerts[0]['magpsf']:.2f} ±" in text(app)
    assert not {"Earlier", "First"} & set(labels(app))
    values = dict(zip(app.dataframe[0].value["name"], app.dataframe[0].value["value"], strict=True))
    assert values["candid"] == candids[0]
    click(app, "Later")
    assert app.query_params["candid"] == candids[1]
    click(app, "Last")
    assert f"Alert {count} of {count}" in text(app)


def test_the_address_chooses_the_alert_and_another_object_forgets_it(app: AppTest, full: str) -> None:
    alerts = with_several_alerts(read(full))
    first = str(alerts[0]["candid"])
    opened(app, "inspect_object", transfer=full, object=alerts[0]["objectId"], candid=first)
    assert f"candid {first}" in text(app)
    click(app, "Next")
    assert "candid" not in app.query_params
    opened(app, "inspect_object", transfer=full, object=alerts[0]["objectId"], candid="<b>1</b>")
    assert f"Alert {len(alerts)} of {len(alerts)}" in text(app)
    assert "candid" not in app.query_params


def test_a_step_asks_the_store_only_for_the_alert(app: AppTest, full: str, monkeypatch: pytest.MonkeyPatch) -> None:
    alerts = with_several_alerts(read(full))
    opened(app, "inspect_object", transfer=full, object=alerts[0]["objectId"])

    def refuse(*_: object) -> None:
        raise AssertionError("A step asks for the whole object again.")

    for name in ("alerts_of", "place", "visits_of"):
        monkeypatch.setattr(AlertQueries, name, refuse)
    click(app, "Earlier")
    assert f"Alert {len(alerts) - 1} of {len(alerts)}" in text(app)


def test_the_stretch_stays_for_the_next_alert_and_the_next_object(app: AppTest, full: str) -> None:
    alerts = with_several_alerts(read(full))
    opened(app, "inspect_object", transfer=full, object=alerts[0]["objectId"])
    before = [each.proto.imgs[0].url for each in app.image]
    app.button_group(key=STRETCH).set_value("log")
    app.selectbox(key=PERCENT).set_value(90.0)
    checked(app.run())
    after = [each.proto.imgs[0].url for each in app.image]
    assert all(old != new for old, new in zip(before, after, strict=True))
    for label in ("Earlier", "Next"):
        click(app, label)
        assert app.button_group(key=STRETCH).value == "log"
        assert app.selectbox(key=PERCENT).value == 90.0


def test_links_lead_to_what_others_know(app: AppTest, full: str) -> None:
    alert = with_several_alerts(read(full))[-1]
    opened(app, "inspect_object", transfer=full, object=alert["objectId"])
    links = {each.proto.label: each.proto.url for each in app.get("link_button")}
    assert links["Fink"] == f"https://fink-portal.org/{alert['objectId']}"
    assert f"ra={alert['ra']}" in links["TNS"]
    assert links["SIMBAD"].startswith("https://simbad.cds.unistra.fr/")


MARKUP = '<img src=x onerror="alert(1)">**[b](javascript:0)**&amp;:red[x]'


def test_markup_in_names_and_matches_is_shown_as_text(app: AppTest, facade: Facade) -> None:
    table = facade.archive.table
    for name in ("objectId", "finkclass", "tns", "cdsxmatch", "vsx", "DR3Name"):
        planted = pa.array([MARKUP] * table.num_rows, table.schema.field(name).type)
        table = table.set_column(table.schema.get_field_index(name), name, planted)
    facade.archive = ArchiveDouble(table)
    transfer = facade.submit(TransferRequest(nights=NIGHTS, content=Content.FULL))
    read(transfer.id)
    opened(app, "inspect_object", transfer=transfer.id)
    assert app.title[0].value.replace("\\", "") == MARKUP
    for said in [*app.title, *app.caption, *app.markdown]:
        assert not re.search(r"(?<!\\)(<img|\*\*|\[b)", str(said.value))
    tables = facts(app)
    assert tables.count(html.escape(MARKUP)) >= 4
    assert "<img" not in tables
    links = {each.proto.label: each.proto.url for each in app.get("link_button")}
    assert "<" not in links["Fink"] + links["TNS"]
    assert links["Fink"].count("/") == 3


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
