"""Request: a draft is never lost, and comes from files, links and the example as well."""

from __future__ import annotations

from datetime import date

from streamlit.testing.v1 import AppTest

from backend.job_size import JobSize
from backend.models import TransferRequest
from backend.nights import NightRange
from backend.region import Cone, Region
from backend.request_file import write_request
from backend.request_link import link_text
from backend.sample import Sample
from tests.support.facade import Facade
from tests.views.conftest import NIGHTS
from tests.views.looking import checked, click, labels, opened, text
from views.components.draft import CLASSES, CONDITIONS, CONTENT, FIELDS, JOB_SIZE
from views.components.draft import NIGHTS as NIGHTS_KEY


def load(app: AppTest, content: bytes) -> AppTest:
    """Choose a file with this content."""
    app.file_uploader[0].set_value(("request.yml", content, "application/yaml")).run()
    return checked(app)


def test_both_spellings_of_a_type_are_one_choice(app: AppTest) -> None:
    checked(app.run())
    wanted = TransferRequest(nights=NIGHTS, classes=("(SIMBAD) Candidate_YSO", "(SIMBAD) YSO_Candidate"))
    assert load(app, write_request(wanted).encode()).multiselect(key=CLASSES).value == ["(SIMBAD) YSO_Candidate"]


def test_the_example_is_one_click_away_and_works(app: AppTest, facade: Facade) -> None:
    click(app.run(), "Show an example")
    click(app, "Submit")
    (transfer,) = facade.transfers
    assert transfer.request.nights == (NightRange(start=date(2024, 9, 2), stop=date(2024, 9, 3)),)
    assert transfer.request.conditions
    assert transfer.receipt is not None
    assert transfer.receipt.published > 0


def test_the_draft_survives_a_look_at_another_page(app: AppTest) -> None:
    checked(app.run())
    app.date_input(key=NIGHTS_KEY).set_value((NIGHTS.start, date(2024, 9, 2))).run()
    app.multiselect(key=CLASSES).select("(SIMBAD) QSO").run()
    app.text_area(key=CONDITIONS).set_value("candidate.drb > 0.9;").run()
    app.button_group(key=CONTENT).set_value("medium").run()
    app.button_group(key=JOB_SIZE).set_value("large").run()
    opened(app, "monitor_transfers")
    opened(app, "request_transfer")
    assert app.date_input(key=NIGHTS_KEY).value == (NIGHTS.start, date(2024, 9, 2))
    assert app.multiselect(key=CLASSES).value == ["(SIMBAD) QSO"]
    assert app.text_area(key=CONDITIONS).value == "candidate.drb > 0.9;"
    assert app.button_group(key=CONTENT).value == "medium"
    assert app.button_group(key=JOB_SIZE).value == "large"


def test_a_request_file_is_loaded(app: AppTest) -> None:
    wanted = TransferRequest(
        nights=NIGHTS, classes=("(SIMBAD) QSO",), conditions="candidate.drb > 0.9;", content=("candidate.ra",)
    )
    checked(app.run())
    load(app, write_request(wanted).encode())
    assert app.multiselect(key=CLASSES).value == ["(SIMBAD) QSO"]
    assert app.multiselect(key=FIELDS).value == ["candidate.ra"]


def test_a_link_opens_its_request_and_changes_stay(app: AppTest) -> None:
    wanted = TransferRequest(
        nights=(NightRange(start=NIGHTS.start, stop=NIGHTS.start), NightRange(start=NIGHTS.stop, stop=NIGHTS.stop)),
        region=Region(cone=Cone(ra_deg=10.1, dec_deg=-0.7, radius_arcsec=0.3)),
        conditions="candidate.drb > 0.9;",
        sample=Sample(fraction=0.07),
        job_size=JobSize.LARGE,
    )
    app.query_params["request"] = link_text(wanted)
    checked(app.run())
    assert any(link_text(wanted) in each.value for each in app.code)  # the link of what is shown: the same request
    app.text_area(key=CONDITIONS).set_value("candidate.drb > 0.8;").run()
    assert checked(app).text_area(key=CONDITIONS).value == "candidate.drb > 0.8;"


def test_a_damaged_link_is_explained(app: AppTest) -> None:
    app.query_params["request"] = "eNqrVkrL"
    assert "The request in this link cannot be read." in text(checked(app.run()))
    assert "Submit" in labels(app)


def test_a_field_that_does_not_exist_is_explained(app: AppTest) -> None:
    wanted = TransferRequest(nights=NIGHTS, content=("magpfs",))
    checked(app.run())
    load(app, write_request(wanted).encode())
    assert "There is no field magpfs. Did you mean candidate.magpsf?" in text(app)
    assert "Submit" not in labels(app)


def test_a_file_that_is_no_request_is_explained(app: AppTest) -> None:
    checked(app.run())
    assert "nights" in "\n".join(each.value for each in load(app, b"nights: 7").error)
