"""Request: each change is answered, and what is invalid cannot be submitted."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from backend.job_size import JobSize
from backend.models import Bounds, Content, Estimate, TransferRequest
from backend.region import Cone, Region
from backend.sample import Sample
from tests.support.archive_double import ArchiveDouble
from tests.support.facade import CONFIRM_BYTES, LARGEST_BYTES, Facade
from tests.support.simulated_alerts import night_of
from tests.views.conftest import NIGHTS
from tests.views.looking import checked, click, labels, text
from views.components.draft import (
    CENTRE,
    CLASSES,
    CONDITIONS,
    CONTENT,
    FIELDS,
    JOB_SIZE,
    MAX_ALERTS,
    POSITIONS,
    REGION,
    SAMPLE,
    night_keys,
)
from views.components.draft import NIGHTS as NIGHTS_KEY


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
    expected = facade.archive.class_counts(NIGHTS.nights())["(SIMBAD) QSO"]
    assert app.metric[0].value == f"{expected} alerts"
    assert f"{expected * 1020 / 1000:.0f} KB" in text(app)
    app.button_group(key=CONTENT).set_value(Content.FULL.value).run()
    assert f"{expected * 52_300 / 1e6:.1f} MB" in text(app)


def test_the_last_week_of_the_archive_is_one_click_away(app: AppTest) -> None:
    choose_nights(app.run(), date(2024, 10, 1), date(2024, 10, 2))
    assert "The archive has nights from 2024-09-01 to 2024-09-03" in text(app)
    click(app, "Another range")
    click(app, "Last week")
    assert app.date_input(key=NIGHTS_KEY).value == (NIGHTS.start, NIGHTS.stop)
    assert "3 nights, all with data" in text(app)


def test_chosen_classes_stay_when_other_nights_change_their_counts(app: AppTest) -> None:
    checked(app.run())
    app.multiselect(key=CLASSES).select("(SIMBAD) QSO").run()
    choose_nights(app, NIGHTS.start, NIGHTS.stop)
    assert app.multiselect(key=CLASSES).value == ["(SIMBAD) QSO"]


@pytest.mark.parametrize("told", ["(SIMBAD) QSO · 7", "(SIMBAD) RRLyrae, RRLyr · 1,234"])
def test_a_class_that_the_browser_names_with_the_number_of_before_is_chosen(app: AppTest, told: str) -> None:
    checked(app.run())
    app.session_state[CLASSES] = [told]
    checked(app.run())
    (label,) = app.multiselect(key=CLASSES).value
    assert told.startswith(label)
    assert not [option for option in app.multiselect(key=CLASSES).options if option.startswith(told)]


def test_markup_in_a_class_of_the_archive_is_text(app: AppTest, facade: Facade) -> None:
    planted = '<img src=x onerror="alert(1)"> **b** [l](http://x.org) $x$ :red[r] `c`'
    table = facade.archive.table
    place = table.schema.get_field_index("finkclass")
    facade.archive.table = table.set_column(place, "finkclass", pa.array([planted] * table.num_rows))
    choose_nights(app.run(), NIGHTS.start, NIGHTS.stop)
    (label,) = [each for each in app.multiselect(key=CLASSES).options if planted in each]
    checked(app.multiselect(key=CLASSES).select(label.rsplit(" · ", 1)[0]).run())
    assert f"{table.num_rows:,} alerts" in text(app)
    assert not [each.value for each in (*app.markdown, *app.caption, *app.error) if planted in str(each.value)]


def test_nights_without_data_are_named(app: AppTest, facade: Facade) -> None:
    keep = [night != date(2024, 9, 2) for night in night_of(facade.archive.table)]
    facade.archive.table = facade.archive.table.filter(keep)
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
    assert app.metric[0].value == "150 alerts"
    assert "Submit" in labels(app)
    assert not facade.transfers


def test_ranges_are_added_and_removed(app: AppTest) -> None:
    choose_nights(app.run(), NIGHTS.start, NIGHTS.start)
    click(app, "Another range")
    second = night_keys(1)[1]
    checked(app.date_input(key=second).set_value((NIGHTS.stop, NIGHTS.stop)).run())
    assert "2 nights, all with data" in text(app)
    assert app.metric[0].value == "300 alerts"
    checked(app.button(key=f"remove_{NIGHTS_KEY}").click().run())
    assert "1 night, all with data" in text(app)
    assert app.date_input(key=NIGHTS_KEY).value == (NIGHTS.stop, NIGHTS.stop)


@pytest.mark.parametrize(
    ("start", "stop", "sentence"),
    [
        (date(2024, 9, 1), date(2098, 1, 1), "The night 2098-01-01 has not come yet"),
        (date(2018, 9, 1), date(2024, 9, 1), "The night 2018-09-01 lies before the archive's first, 2019-11-01."),
        (date(2020, 1, 1), date(2020, 1, 2), "The archive has nights from 2024-09-01 to 2024-09-03"),
        (date(2024, 9, 2), date(2024, 9, 1), "The last night, 2024-09-01, lies before the first, 2024-09-02."),
    ],
)
def test_wrong_nights_are_a_sentence_and_cannot_be_submitted(
    app: AppTest, start: date, stop: date, sentence: str
) -> None:
    choose_nights(app.run(), start, stop)
    assert sentence in text(app)
    assert not {"Submit", "Test with 10"} & set(labels(app))


def test_a_region_is_read_as_it_is_typed(app: AppTest, facade: Facade) -> None:
    checked(app.run())
    checked(app.button_group(key=REGION).set_value("cone").run())
    assert "Enter the centre of the cone." in text(app)
    assert "Submit" not in labels(app)
    checked(app.text_input(key=CENTRE).set_value("00:40:00 +41:15").run())
    click(app, "Submit")
    assert facade.transfers[0].request.region == Region(cone=Cone(ra_deg=10, dec_deg=41.25, radius_arcsec=60))


def test_a_wrong_line_of_a_list_is_named(app: AppTest) -> None:
    checked(app.run())
    checked(app.button_group(key=REGION).set_value("positions").run())
    checked(app.text_area(key=POSITIONS).set_value("10.5 41.2\n10.5 91.2").run())
    assert "Line 2: The declination '91.2' does not lie between" in text(app)
    assert "Submit" not in labels(app)


def test_a_sample_is_asked_for(app: AppTest, facade: Facade) -> None:
    checked(app.run())
    checked(app.button_group(key=SAMPLE).set_value("max_alerts").run())
    checked(app.number_input(key=MAX_ALERTS).set_value(20).run())
    click(app, "Submit")
    assert facade.transfers[0].request.sample == Sample(max_alerts=20)


def test_numbers_that_mean_no_value_are_told_and_left_out_by_a_click(app: AppTest, facade: Facade) -> None:
    facade.archive.sentinels = 1204
    checked(app.run())
    app.text_area(key=CONDITIONS).set_value("candidate.distnr < 2;\ncandidate.magpsf < 20;").run()
    assert "1,204 alerts hold -999 in candidate.distnr here" in text(app)
    checked(next(each for each in app.button if each.label == "Leave them out").click().run())
    assert app.text_area(key=CONDITIONS).value == "nullif(candidate.distnr, -999) < 2;\ncandidate.magpsf < 20;"


def test_conditions_that_are_not_counted_are_named(app: AppTest) -> None:
    checked(app.run())
    app.text_area(key=CONDITIONS).set_value("size(prv_candidates) > 3;").run()
    assert "prv_candidates is history" in text(app)
    assert app.metric[0].value == "≤ 150 alerts"


def test_where_nothing_matches_there_is_an_upper_bound(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = Estimate(
        alerts=0,
        alerts_of_nights=9_000,
        size_bytes=0,
        bytes_per_alert=1e3,
        bounds=Bounds(lowest=0, highest=90),
        sample_rows=300,
        is_exact=False,
    )
    monkeypatch.setattr(ArchiveDouble, "estimate", lambda _self, _request: nothing)
    checked(app.run())
    assert app.metric[0].value == "≤ 90 alerts"
    assert "None of the 300 alerts in the sample of these nights matches" in text(app)
    assert "up to 90 KB" in text(app)


def test_without_a_tns_catalogue_the_page_says_why(app: AppTest, facade: Facade) -> None:
    assert "TNS_CATALOGUE_URI" not in text(checked(app.run()))
    facade.archive.has_tns = False
    assert "No TNS types: there is no TNS catalogue" in text(checked(app.run()))


def test_what_is_typed_is_shown_as_text(app: AppTest) -> None:
    checked(app.run())
    app.text_area(key=CONDITIONS).set_value("objectId = '[x](http://evil) **b** <img src=x>';").run()
    shown = next(each.value for each in app.caption if "evil" in each.value)
    assert "\\[x\\]\\(" in shown
    assert "\\*\\*b" in shown
    assert "\\<img" in shown


def test_fields_must_be_named(app: AppTest) -> None:
    checked(app.run())
    checked(app.button_group(key=CONTENT).set_value("fields").run())
    assert "Choose the fields to send." in text(app)
    assert "Submit" not in labels(app)
    checked(app.multiselect(key=FIELDS).select("candidate.magpsf").run())
    assert "Submit" in labels(app)


def test_submitting_shows_the_topic_on_monitor(app: AppTest, facade: Facade) -> None:
    click(app.run(), "Submit")
    (transfer,) = facade.transfers
    assert app.title[0].value == "Transfers"
    assert transfer.topic in [each.value for each in app.code]
    assert app.query_params["transfer"] == transfer.id


def test_a_large_job_is_asked_for_where_its_time_is_told(app: AppTest, facade: Facade) -> None:
    size = checked(app.run()).button_group(key=JOB_SIZE)
    assert size.options == ["Small · about 20 s", "Large · at best 5 s"]
    checked(size.set_value("large").run())
    click(app, "Submit")
    assert facade.transfers[0].request.job_size is JobSize.LARGE
    assert "large job" in text(app)


def test_where_a_large_job_would_be_as_slow_the_page_says_so(app: AppTest, facade: Facade) -> None:
    facade.gain = 1
    assert "about 20 s, small or large" in text(checked(app.run()))
    assert app.button_group(key=JOB_SIZE).options == ["Small", "Large"]


def test_where_both_sizes_ask_for_the_same_there_is_no_choice(app: AppTest, facade: Facade) -> None:
    facade.gain = 1
    facade.job_sizes[JobSize.LARGE] = facade.job_sizes[JobSize.SMALL]
    said = text(checked(app.run()))
    assert "about 20 s" in said
    assert "small or large" not in said
    assert JOB_SIZE not in [each.key for each in app.button_group]


def test_a_test_job_is_one(app: AppTest, facade: Facade) -> None:
    click(app.run(), "Test with 10")
    assert facade.transfers[0].is_test


def test_a_large_transfer_is_confirmed_first(app: AppTest, facade: Facade, monkeypatch: pytest.MonkeyPatch) -> None:
    estimate = facade.archive.estimate(TransferRequest(nights=NIGHTS))
    large = estimate.model_copy(update={"size_bytes": CONFIRM_BYTES + 1})
    monkeypatch.setattr(ArchiveDouble, "estimate", lambda _self, _request: large)
    click(app.run(), "Submit")
    assert "some 450 alerts, 1.0 GB" in text(app)
    assert app.button(key="submit_large").label == "Submit"
    assert not facade.transfers


def test_where_not_all_is_counted_the_question_names_the_most(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    large = Estimate(
        alerts=2_000,
        alerts_of_nights=9_000,
        size_bytes=2 * CONFIRM_BYTES,
        bytes_per_alert=CONFIRM_BYTES / 1_000,
        bounds=Bounds(lowest=0, highest=3_000),
        not_counted=("Line 1 is not counted: prv_candidates is history.",),
        is_exact=False,
    )
    monkeypatch.setattr(ArchiveDouble, "estimate", lambda _self, _request: large)
    click(app.run(), "Submit")
    assert "up to 3,000 alerts, 3.0 GB" in text(app)


def test_a_transfer_that_is_too_large_is_refused(app: AppTest, facade: Facade, monkeypatch: pytest.MonkeyPatch) -> None:
    estimate = facade.archive.estimate(TransferRequest(nights=NIGHTS))
    large = estimate.model_copy(update={"size_bytes": LARGEST_BYTES + 10**9})
    monkeypatch.setattr(ArchiveDouble, "estimate", lambda _self, _request: large)
    checked(app.run())
    assert "It would bring some 501 GB; more than 500 GB is refused." in text(app)
    assert "Test with 10" in labels(app)
    assert "Submit" not in labels(app)


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


def test_without_statistics_there_is_a_button_and_no_number(app: AppTest, facade: Facade) -> None:
    facade.archive.is_counted = False
    checked(app.run())
    assert app.metric[0].value == "–"
    assert "The archive has not been counted yet." in text(app)
    assert {"Count the archive", "Test with 10"} <= set(labels(app))
    click(app, "Count the archive")
    assert facade.archive.is_counted
    last = facade.archive.every_night()[-1]
    assert checked(app.run()).date_input[0].value == (last, last)
    assert "alert" in app.metric[0].value
