"""From the request to the plan: what is refused, and what the job is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from backend.alert_classes import fixed_labels, wanted_classes
from backend.errors import InvalidRequest
from backend.models import ArchiveNights, Content, KafkaTarget, TransferPlan, TransferRequest
from backend.nights import NightRange
from backend.planning import plan_transfer
from spark_scripts.plan import read_plan

NIGHTS = NightRange(start=date(2024, 9, 1), stop=date(2024, 9, 2))
KAFKA = KafkaTarget(bootstrap_servers="127.0.0.1:9092")


def _plan(request: TransferRequest) -> TransferPlan:
    return plan_transfer(request, topic="ftransfer_ztf_x", archive_uri="/archive", kafka=KAFKA)


def test_the_job_reads_the_plan_that_the_backend_writes() -> None:
    request = TransferRequest(
        nights=NIGHTS,
        classes=("(Fink) SN candidate", "(SIMBAD) RRLyr", "(TNS) SN Ia", "Unknown"),
        conditions="candidate.magpsf > 19.5; -- faint",
        content=Content.CUTOUTS,
    )
    plan = read_plan(_plan(request).model_dump_json())
    assert plan.nights == NIGHTS.nights()
    assert plan.finkclasses == ("SN candidate", "RRLyr", "RRLyrae", "Unknown")
    assert plan.tnsclasses == ("(TNS) SN Ia",)
    assert "`candid` bigint" in plan.schema_ddl
    assert len(plan.conditions) == 1
    assert "faint" not in plan.conditions[0]
    assert ("magpsf", "candidate.magpsf") in plan.content.columns
    assert plan.request["conditions"] == "candidate.magpsf > 19.5; -- faint"
    assert plan.limit is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"survey": "zft"}, "zft"),
        ({"nights": NightRange(start=date(2018, 1, 1), stop=date(2024, 9, 1))}, "before the archive's first"),
        ({"nights": NightRange(start=date(2024, 9, 1), stop=datetime.now(UTC).date() + timedelta(days=2))}, "not come"),
        ({"classes": ("SN candidate",)}, r"Did you mean \(Fink\) SN candidate"),
        ({"classes": ("(TNS) SN Iaa",)}, r"Did you mean \(TNS\) SN Ia"),
        ({"conditions": "candidate.magpfs > 19;"}, "line 1, column 1.*candidate.magpsf"),
        ({"content": ("candid", "candidate.magpfs")}, "candidate.magpsf"),
    ],
)
def test_what_cannot_be_done_is_refused_by_a_sentence(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        _plan(TransferRequest.model_validate({"nights": NIGHTS, **changes}))
    assert refused.match(sentence)


def test_each_label_stands_for_the_values_of_one_column() -> None:
    for label in fixed_labels():
        finkclasses, tnsclasses = wanted_classes((label, label))
        assert len(finkclasses) + len(tnsclasses) == 1


def test_nights_without_any_data_are_refused_and_a_night_that_nobody_has_counted_is_not() -> None:
    nights = tuple(date(2024, 9, day) for day in (1, 2, 5))
    known = ArchiveNights(nights=nights, updated_at=datetime(2024, 9, 6, tzinfo=UTC))

    def planned(start: int, stop: int) -> TransferPlan:
        asked = NightRange(start=date(2024, 9, start), stop=date(2024, 9, stop))
        return plan_transfer(TransferRequest(nights=(asked,)), topic="t", archive_uri="a", kafka=KAFKA, known=known)

    with pytest.raises(InvalidRequest, match="no data in the 2 nights"):
        planned(3, 4)
    assert planned(2, 4).nights
    assert planned(6, 7).nights
