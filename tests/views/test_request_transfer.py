"""Request: each change is answered, what is invalid cannot be submitted, a draft is never lost."""

from __future__ import annotations

import time
from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from backend.models import Content, TransferRequest
from backend.nights import NightRange
from backend.request_file import write_request
from tests.support.facade import Facade
from tests.support.simulated_alerts import night_of
from tests.views.conftest import NIGHTS
from tests.views.looking import checked, click, labels, opened, text
from views.components.draft import CLASSES, CONDITIONS, CONTENT, FIELDS
from views.components.draft import NIGHTS as NIGHTS_KEY
from views.components.submission import LARGE_BYTES

RERUN_BUDGET_S = 0.2


def choose_nights(app: AppTest, start: date, stop: date) -> AppTest:
    return checked(app.date_input(key=NIGHTS_KEY).set_value((start, stop)).run())


def test_it_opens_on_the_last_night_with_an_estimate(app: AppTest) -> None:
    checked(app.run())
    assert app.metric[0].value == "150 alerts"
    assert "1 night, all with data" in text(app)
    assert {"Submit", "Test with 10", "Show an example"} <= set(labels(app))


def test_the_estimate_follows_nights_classes_and_content(app: AppTest, facade: Facade) -> None:
    choose_nights(app.run(), NIGHTS.start, NIGHTS.stop)
    assert app.metric[0].value == "450 alerts"
    app.multiselect(key=CLASSES).select("(SIMBAD) QSO").run()
    expected = facade.class_counts(NIGHTS)["(SIMBAD) QSO"]
    assert app.metric[0].value == f"{expected} alerts"
    assert f"{expected * 1020 / 1000:.0f} KB" in text(app)
    app.segmented_control(key=CONTENT).set_value(Content.FULL.value).run()
    assert f"{expected * 52_300 / 1e6:.1f} MB" in text(app)


def test_chosen_classes_stay_when_other_nights_change_their_counts(app: AppTest) -> None:
    checked(app.run())
    app.multiselect(key=CLASSES).select("(SIMBAD) QSO").run()
    choose_nights(app, NIGHTS.start, NIGHTS.stop)
    assert app.multiselect(key=CLASSES).value == ["(SIMBAD) QSO"]


def test_nights_without_data_are_named(app: AppTest, facade: Facade) -> None:
    keep = [night != date(2024, 9, 2) for night in night_of(facade.archive)]
    facade.archive = facade.archive.filter(keep)
    choose_nights(app.run(), NIGHTS.start, NIGHTS.stop)
    assert "3 nights · 1 without data: 2024-09-02" in text(app)


def test_half_a_range_is_asked_for(app: AppTest) -> None:
    checked(app.run())
    checked(app.date_input(key=NIGHTS_KEY).set_value((NIGHTS.start,)).run())
    assert "Choose the last night as well" in text(app)
    assert "Submit" not in labels(app)
    choose_nights(app, NIGHTS.start, NIGHTS.start)
    assert "Submit" in labels(app)


def test_a_refused_condition_is_explained_and_cannot_be_submitted(app: AppTest, facade: Facade) -> None:
    checked(app.run())
    app.text_area(key=CONDITIONS).set_value("candidate.magpsf > 19.5;\ncandidate.magpfs < 20;").run()
    said = text(app)
    assert ":material/check: candidate.magpsf > 19.5" in said
    assert "Line 2, column 1: there is no field candidate.magpfs. Did you mean candidate.magpsf?" in said
    assert "A condition is refused" in said
    assert not {"Submit", "Test with 10"} & set(labels(app))
    app.text_area(key=CONDITIONS).set_value("candidate.magpsf > 19.5;").run()
    assert app.metric[0].value == "≤ 150 alerts"
    assert "Submit" in labels(app)
    assert not facade.transfers


def test_what_is_typed_is_shown_as_text(app: AppTest) -> None:
    checked(app.run())
    app.text_area(key=CONDITIONS).set_value("objectId = '[x](http://evil) **b** <img src=x>';").run()
    shown = next(each.value for each in app.caption if "evil" in each.value)
    assert "\\[x\\]\\(" in shown
    assert "\\*\\*b" in shown
    assert "\\<img" in shown


def test_fields_must_be_named(app: AppTest) -> None:
    checked(app.run())
    checked(app.segmented_control(key=CONTENT).set_value("fields").run())
    assert "Choose the fields to send." in text(app)
    assert "Submit" not in labels(app)
    checked(app.multiselect(key=FIELDS).select("candidate.magpsf").run())
    assert "Submit" in labels(app)


def test_the_example_is_one_click_away_and_works(app: AppTest, facade: Facade) -> None:
    click(app.run(), "Show an example")
    click(app, "Submit")
    (transfer,) = facade.transfers
    assert transfer.request.nights == NightRange(start=date(2024, 9, 2), stop=date(2024, 9, 3))
    assert transfer.request.conditions
    assert transfer.receipt is not None
    assert transfer.receipt.published > 0


def test_submitting_shows_the_topic_on_monitor(app: AppTest, facade: Facade) -> None:
    click(app.run(), "Submit")
    (transfer,) = facade.transfers
    assert app.title[0].value == "Transfers"
    assert transfer.topic in [each.value for each in app.code]
    assert app.query_params["transfer"] == transfer.id


def test_a_test_job_is_one(app: AppTest, facade: Facade) -> None:
    click(app.run(), "Test with 10")
    assert facade.transfers[0].is_test


def test_a_large_transfer_is_confirmed_first(app: AppTest, facade: Facade, monkeypatch: pytest.MonkeyPatch) -> None:
    estimate = facade.estimate(TransferRequest(nights=NIGHTS))
    large = estimate.model_copy(update={"size_bytes": LARGE_BYTES + 1})
    monkeypatch.setattr(Facade, "estimate", lambda _self, _request: large)
    click(app.run(), "Submit")
    assert "some 1.0 GB" in text(app)
    assert app.button(key="submit_large").label == "Submit"
    assert not facade.transfers


def test_a_service_that_does_not_answer_is_named_and_nothing_is_lost(app: AppTest, facade: Facade) -> None:
    checked(app.run())
    app.text_area(key=CONDITIONS).set_value("candidate.magpsf > 19.5;").run()
    facade.down["Livy"] = "Start it with make run."
    click(app, "Submit")
    assert "Livy does not answer." in text(app)
    assert app.text_area(key=CONDITIONS).value == "candidate.magpsf > 19.5;"
    facade.down.clear()
    click(app, "Submit")
    assert len(facade.transfers) == 1


def test_the_draft_survives_a_look_at_another_page(app: AppTest) -> None:
    choose_nights(app.run(), NIGHTS.start, date(2024, 9, 2))
    app.multiselect(key=CLASSES).select("(SIMBAD) QSO").run()
    app.text_area(key=CONDITIONS).set_value("candidate.drb > 0.9;").run()
    app.segmented_control(key=CONTENT).set_value("medium").run()
    opened(app, "monitor_transfers")
    opened(app, "request_transfer")
    assert app.date_input(key=NIGHTS_KEY).value == (NIGHTS.start, date(2024, 9, 2))
    assert app.multiselect(key=CLASSES).value == ["(SIMBAD) QSO"]
    assert app.text_area(key=CONDITIONS).value == "candidate.drb > 0.9;"
    assert app.segmented_control(key=CONTENT).value == "medium"


def test_a_request_file_is_loaded(app: AppTest) -> None:
    wanted = TransferRequest(
        nights=NIGHTS, classes=("(SIMBAD) QSO",), conditions="candidate.drb > 0.9;", content=("candidate.ra",)
    )
    checked(app.run())
    app.file_uploader[0].set_value(("request.yml", write_request(wanted).encode(), "application/yaml")).run()
    checked(app)
    assert app.multiselect(key=CLASSES).value == ["(SIMBAD) QSO"]
    assert app.multiselect(key=FIELDS).value == ["candidate.ra"]


def test_a_field_that_does_not_exist_is_explained(app: AppTest) -> None:
    wanted = TransferRequest(nights=NIGHTS, content=("magpfs",))
    checked(app.run())
    app.file_uploader[0].set_value(("request.yml", write_request(wanted).encode(), "application/yaml")).run()
    assert "There is no field magpfs. Did you mean candidate.magpsf?" in text(checked(app))
    assert "Submit" not in labels(app)


def test_a_file_that_is_no_request_is_explained(app: AppTest) -> None:
    checked(app.run())
    app.file_uploader[0].set_value(("request.yml", b"nights: 7", "application/yaml")).run()
    assert "nights" in "\n".join(each.value for each in checked(app).error)


def test_without_statistics_there_is_a_button_and_no_number(app: AppTest, facade: Facade) -> None:
    facade.is_counted = False
    checked(app.run())
    assert app.metric[0].value == "–"
    assert "The archive has not been counted yet." in text(app)
    assert {"Count the archive", "Test with 10"} <= set(labels(app))
    click(app, "Count the archive")
    assert facade.is_counted


def test_a_rerun_is_fast(app: AppTest) -> None:
    checked(app.run())
    durations = []
    for number in range(5):
        began = time.perf_counter()
        app.text_area(key=CONDITIONS).set_value(f"candidate.magpsf > {number};").run()
        durations.append(time.perf_counter() - began)
    assert min(durations) < RERUN_BUDGET_S
