"""Monitor: where each transfer stands, why one failed, what to do with it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from streamlit.testing.v1 import AppTest

from backend.job_progress import JobProgress, RunningJob
from backend.models import Phase, TransferRequest
from backend.receipt import Receipt, UnreadableFile
from backend.region import Cone, Region
from backend.sample import Sample
from tests.support.facade import Facade
from tests.views.conftest import NIGHTS
from tests.views.looking import checked, click, labels, opened, text
from views.components.draft import CLASSES, CONDITIONS
from views.components.wording import plain

REQUEST = TransferRequest(nights=NIGHTS, classes=("(SIMBAD) QSO",), conditions="candidate.drb > 0.5;")


def test_an_empty_list_offers_an_example(app: AppTest) -> None:
    opened(app, "monitor_transfers")
    assert "No transfer yet." in text(app)
    click(app, "Start with an example")
    assert app.title[0].value == "Request a transfer"
    assert app.text_area(key=CONDITIONS).value


def test_the_table_shows_all_and_the_newest_is_selected(app: AppTest, facade: Facade) -> None:
    first, second = (facade.submit(REQUEST, is_test=is_test) for is_test in (False, True))
    opened(app, "monitor_transfers")
    table = app.dataframe[0].value
    assert table["phase"].tolist() == ["COMPLETED (test)", "COMPLETED"]
    assert table["topic"].tolist() == [second.topic, first.topic]
    assert f"Transfer {second.id}" in text(app)


def test_the_address_selects(app: AppTest, facade: Facade) -> None:
    first, _ = facade.submit(REQUEST), facade.submit(REQUEST)
    opened(app, "monitor_transfers", transfer=first.id)
    assert f"Transfer {first.id}" in text(app)
    command = f"python -m backend fetch {first.topic} --servers 127.0.0.1:9092 --out alerts"
    assert command in [each.value for each in app.code]


def test_mine_leaves_out_what_others_submitted(app: AppTest, facade: Facade) -> None:
    facade.change(facade.submit(REQUEST).id, user="somebody else")
    opened(app, "monitor_transfers")
    assert len(app.dataframe[0].value) == 1
    checked(app.segmented_control[0].set_value("mine").run())
    assert "No transfer yet." in text(app)


def test_a_failure_is_a_sentence_and_the_log_is_evidence(app: AppTest, facade: Facade) -> None:
    transfer = facade.submit(REQUEST)
    facade.change(transfer.id, phase=Phase.ERROR, receipt=None, message="The file a_b*c.parquet cannot be read.")
    opened(app, "monitor_transfers")
    assert [each.value for each in app.error] == ["The file a\\_b\\*c\\.parquet cannot be read\\."]
    assert app.expander[0].label == "Log of the job"


def test_markup_in_log_and_receipt_is_text(app: AppTest, facade: Facade, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = '<img src=x onerror="alert(1)"> **b** [l](http://x.org) $x$ :red[r] `c`'
    monkeypatch.setattr(facade, "log_lines", lambda *_: (planted,))
    transfer = facade.submit(REQUEST)
    receipt = facade.get(transfer.id).receipt
    assert receipt
    unreadable = (UnreadableFile(file=f"{planted}.parquet", reason=planted),)
    facade.change(transfer.id, receipt=receipt.model_copy(update={"files_unreadable": unreadable, "note": planted}))
    opened(app, "monitor_transfers")
    app.session_state[f"log_{transfer.id}"] = True
    checked(app.run())
    assert planted in [each.value for each in app.code]  # a block of code is text as it is
    said = [each.value for each in (*app.warning, *app.info)]
    assert len([words for words in said if plain(planted) in words]) == 2


def test_what_runs_can_be_cancelled(app: AppTest, facade: Facade) -> None:
    facade.leaves_running = True
    transfer = facade.submit(REQUEST)
    opened(app, "monitor_transfers")
    click(app, "Cancel")
    assert facade.get(transfer.id).phase is Phase.ABORTED
    assert "Cancel" not in labels(app)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ("", "about 450 expected"),
        ("candidate.drb > 0.5;", "about 450 expected"),
        ("size(prv_candidates) > 3;", "at most 450 expected"),
    ],
)
def test_what_runs_says_what_is_expected_of_it(app: AppTest, facade: Facade, conditions: str, expected: str) -> None:
    facade.leaves_running = True
    facade.submit(TransferRequest(nights=NIGHTS, conditions=conditions))
    opened(app, "monitor_transfers")
    assert expected in text(app)


def test_what_runs_says_how_far_it_is(app: AppTest, facade: Facade) -> None:
    facade.leaves_running = True
    transfer = facade.submit(TransferRequest(nights=NIGHTS, conditions="candidate.drb > 0.5;"))
    opened(app, "monitor_transfers")
    assert "Planning" not in text(app)
    facade.running[transfer.id] = RunningJob(a_report("planning", files=0, nights=0, alerts=0))
    assert "Planning." in text(checked(app.run()))
    facade.running[transfer.id] = RunningJob(a_report("publishing"), rate_per_s=1234.5, remaining_s=130.0)
    said = text(checked(app.run()))
    assert "Publishing: 1 of 4 nights, 5 of 20 files, 100 alerts, 1,234/s, 2 min left." in said
    table = app.dataframe[0].value
    assert (table["phase"].tolist(), table["alerts"].tolist()) == (["EXECUTING 25%"], [100])
    facade.running[transfer.id] = RunningJob(a_report("counting", files_done=20))
    assert "Counting for the receipt: " in text(checked(app.run()))


def a_report(step: str, **more: int) -> JobProgress:
    done = {"nights_done": 1, "nights": 4, "files_done": 5, "files": 20, "alerts": 100, **more}
    return JobProgress(step=step, elapsed_s=20, said_at=datetime.now(UTC), **done)


def test_the_request_is_told_in_words(app: AppTest, facade: Facade) -> None:
    several = "-- bright\ncandidate.magpsf < 19;\ncandidate.drb > 0.5; candidate.rb > 0.5;"
    cone = Region(cone=Cone(ra_deg=10.5, dec_deg=-41.2, radius_arcsec=60))
    sample = Sample(per_class=100)
    facade.submit(TransferRequest(nights=NIGHTS, region=cone, conditions=several, sample=sample))
    opened(app, "monitor_transfers")
    words = "all classes · 60″ around 10.5 -41.2 · 3 conditions · Lightcurve · 100 alerts of each class at most"
    assert words in text(app)


def test_the_place_in_the_queue_is_said(app: AppTest, facade: Facade) -> None:
    facade.change(facade.submit(REQUEST).id, phase=Phase.QUEUED, receipt=None)
    opened(app, "monitor_transfers")
    assert "QUEUED · place 1 in the queue" in "\n".join(each.value for each in app.markdown)


def test_gaps_and_nights_without_data_are_said(app: AppTest, facade: Facade) -> None:
    transfer = facade.submit(REQUEST)
    receipt = Receipt(
        topic=transfer.topic,
        published=12_340,
        messages=12_340,
        nights_used=(date(2024, 9, 1),),
        nights_missing=(date(2024, 9, 3),),
        files_unreadable=(UnreadableFile(file="part-7.parquet", reason="it ends early"),),
    )
    facade.change(transfer.id, receipt=receipt)
    opened(app, "monitor_transfers")
    assert "12,340 alerts published · 1 night read · 1 without data: 2024-09-03" in text(app)
    assert "Completed, 1 file unreadable: part-7.parquet (it ends early)" in text(app)


def test_looking_begins_to_read(app: AppTest, facade: Facade) -> None:
    facade.submit(REQUEST)
    opened(app, "monitor_transfers")
    click(app, "Look at the alerts")
    assert app.title[0].value == "Browse"
    assert "complete." in text(app)


def test_a_transfer_is_copied_as_a_new_request(app: AppTest, facade: Facade) -> None:
    facade.submit(REQUEST)
    opened(app, "monitor_transfers")
    click(app, "Copy as new request")
    assert app.text_area(key=CONDITIONS).value == REQUEST.conditions
    assert app.multiselect(key=CLASSES).value == list(REQUEST.classes)


def test_a_cancel_that_fails_says_why(app: AppTest, facade: Facade) -> None:
    facade.leaves_running = True
    facade.submit(REQUEST)
    opened(app, "monitor_transfers")
    facade.down["Livy"] = "Start it with make run."
    click(app, "Cancel")
    assert "Livy does not answer." in text(app)
    assert len(app.dataframe[0].value) == 1


def test_other_tools_are_sent_where_they_get_in(app: AppTest, facade: Facade) -> None:
    transfer = facade.submit(REQUEST)
    secured = transfer.plan.kafka.model_copy(update={"options": {"security.protocol": "SASL_SSL"}})
    facade.change(transfer.id, plan=transfer.plan.model_copy(update={"kafka": secured}))
    opened(app, "monitor_transfers")
    for name in ("security.protocol=SASL_SSL", "sasl.username=…", "sasl.password=…", "ssl.ca.location=…"):
        assert f"`{name}`" in text(app)
    assert "finkctl has no way in" in text(app)
    public = secured.model_copy(update={"public_servers": "door:9092"})
    facade.change(transfer.id, plan=transfer.plan.model_copy(update={"kafka": public}))
    checked(app.run())
    assert "sasl.username" not in text(app)
    assert any("-servers door:9092" in each.value for each in app.code)
