"""The time of a transfer, from past ones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from backend.expected_time import expected_seconds
from backend.models import Content, ContentPlan, KafkaTarget, Receipt, Transfer, TransferPlan, TransferRequest
from backend.nights import NightRange

FIRST = date(2024, 9, 1)
NOW = datetime(2024, 9, 30, tzinfo=UTC)


def past(
    nights: int, published: int, publish_s: float, content: Content = Content.FULL, *, is_test: bool = False
) -> Transfer:
    every = NightRange(start=FIRST, stop=FIRST + timedelta(days=nights - 1))
    receipt = Receipt(
        topic="t",
        published=published,
        messages=published,
        nights_used=every.nights(),
        timings_s={"start": 5.0, "plan": 1.0, "publish": publish_s, "count": 1.0},
    )
    return Transfer(
        id="t",
        topic="t",
        user="ada",
        request=TransferRequest(nights=(every,), content=content),
        plan=TransferPlan(
            topic="t",
            survey="ztf",
            archive_uri="a",
            nights=every.nights(),
            content=ContentPlan(name=content),
            kafka=KafkaTarget(bootstrap_servers="a"),
        ),
        is_test=is_test,
        submitted_at=NOW,
        expires_at=NOW,
        receipt=receipt,
    )


def test_what_a_night_and_an_alert_cost_is_learnt_from_transfers_of_the_same_content() -> None:
    seen = [past(1, 1000, 2.0), past(10, 1000, 11.0), past(4, 3000, 7.0), past(1, 10, 99.0, Content.LIGHTCURVE)]
    assert expected_seconds(seen, Content.FULL, alerts=5000, nights=20) == pytest.approx(7 + 20 + 5)


def test_one_transfer_is_enough_and_none_is_not() -> None:
    assert expected_seconds([past(2, 1000, 4.0)], Content.FULL, alerts=1000, nights=2) == pytest.approx(7 + 4)
    assert expected_seconds([past(2, 1000, 4.0)], Content.MEDIUM, alerts=1000, nights=2) is None
    assert expected_seconds([past(2, 10, 4.0, is_test=True)], Content.FULL, alerts=1000, nights=2) is None


def test_no_cost_is_negative() -> None:
    seen = [past(1, 1000, 10.0), past(10, 1000, 1.0), past(5, 0, 1.0)]
    assert (expected_seconds(seen, Content.FULL, alerts=0, nights=100) or 0) >= 7
    assert (expected_seconds(seen, Content.FULL, alerts=10_000, nights=1) or 0) >= 7


def test_a_handful_of_alerts_says_nothing_of_a_large_transfer() -> None:
    few = past(1, 3, 4.0)
    assert expected_seconds([few], Content.FULL, alerts=30, nights=1) is not None
    assert expected_seconds([few], Content.FULL, alerts=250_000, nights=1) is None
    assert expected_seconds([few], Content.FULL, alerts=3, nights=1_000) is None
    minutes = expected_seconds([few, past(1, 100_000, 60.0)], Content.FULL, alerts=250_000, nights=1)
    assert minutes is not None
    assert 60 < minutes < 300


def test_a_transfer_without_any_alert_says_nothing_of_their_cost() -> None:
    assert expected_seconds([past(5, 0, 3.0)], Content.FULL, alerts=1, nights=5) is None
