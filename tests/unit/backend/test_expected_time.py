"""The time of a transfer, from past ones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from backend.expected_time import Bound, ExpectedTime, expected_cores, expected_time
from backend.job_size import JobResources
from backend.models import Content, ContentPlan, KafkaTarget, Transfer, TransferPlan, TransferRequest
from backend.nights import NightRange
from backend.receipt import Receipt

FIRST = date(2024, 9, 1)
NOW = datetime(2024, 9, 30, tzinfo=UTC)
SMALL = JobResources(executors=2, executor_cores=1, executor_memory="1g")
LARGE = SMALL.model_copy(update={"executors": 8})


def past(
    nights: int,
    published: int,
    publish_s: float,
    content: Content = Content.FULL,
    *,
    is_test: bool = False,
    asked: JobResources | None = SMALL,
    executors: int = 2,
    cores: int = 2,
) -> Transfer:
    every = NightRange(start=FIRST, stop=FIRST + timedelta(days=nights - 1))
    receipt = Receipt(
        topic="t",
        published=published,
        messages=published,
        nights_used=every.nights(),
        executors=executors,
        cores=cores,
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
            resources=asked,
        ),
        is_test=is_test,
        submitted_at=NOW,
        expires_at=NOW,
        receipt=receipt,
    )


of_small = partial(expected_time, content=Content.FULL, resources=SMALL)
of_large = partial(expected_time, content=Content.FULL, resources=LARGE)
large = partial(past, asked=LARGE, executors=8, cores=8)
alone = partial(past, executors=0, cores=4)
"""Where the driver does the work."""


def _seconds(expected: ExpectedTime | None) -> float:
    assert expected is not None
    return expected.seconds


def test_what_a_night_and_an_alert_cost_is_learnt_from_transfers_of_the_same_content() -> None:
    seen = [past(1, 1000, 2.0), past(10, 1000, 11.0), past(4, 3000, 7.0), past(1, 10, 99.0, Content.LIGHTCURVE)]
    assert of_small(seen, alerts=5000, nights=20) == (pytest.approx(7 + 20 + 5), Bound.ABOUT)


def test_one_transfer_is_enough_and_none_is_not() -> None:
    assert _seconds(of_small([past(2, 1000, 4.0)], alerts=1000, nights=2)) == pytest.approx(7 + 4)
    assert of_small([past(2, 1000, 4.0, Content.MEDIUM)], alerts=1000, nights=2) is None
    assert of_small([past(2, 10, 4.0, is_test=True)], alerts=1000, nights=2) is None
    assert of_small([], alerts=1000, nights=2) is None


def test_no_cost_is_negative() -> None:
    seen = [past(1, 1000, 10.0), past(10, 1000, 1.0), past(5, 0, 1.0)]
    assert _seconds(of_small(seen, alerts=0, nights=100)) >= 7
    assert _seconds(of_small(seen, alerts=10_000, nights=1)) >= 7


def test_a_handful_of_alerts_says_nothing_of_a_large_transfer() -> None:
    few = past(1, 3, 4.0)
    assert of_small([few], alerts=30, nights=1) is not None
    assert of_small([few], alerts=250_000, nights=1) is None
    assert of_small([few], alerts=3, nights=1_000) is None
    assert 60 < _seconds(of_small([few, past(1, 100_000, 60.0)], alerts=250_000, nights=1)) < 300


def test_a_transfer_without_any_alert_says_nothing_of_their_cost() -> None:
    assert of_small([past(5, 0, 3.0)], alerts=1, nights=5) is None


def test_more_cores_are_at_best_faster_in_proportion_and_fewer_at_most_slower() -> None:
    assert of_large([past(2, 1000, 40.0)], alerts=1000, nights=2) == (pytest.approx(7 + 10), Bound.AT_BEST)
    assert of_small([large(2, 1000, 10.0)], alerts=1000, nights=2) == (pytest.approx(7 + 40), Bound.AT_MOST)


def test_a_transfer_with_as_many_cores_counts_alone() -> None:
    seen = [past(2, 1000, 40.0), large(2, 1000, 25.0)]
    assert of_large(seen, alerts=1000, nights=2) == (pytest.approx(7 + 25), Bound.ABOUT)
    assert of_small(seen, alerts=1000, nights=2) == (pytest.approx(7 + 40), Bound.ABOUT)


def test_where_the_driver_does_the_work_both_sizes_take_the_same() -> None:
    seen = [alone(2, 1000, 40.0)]
    assert of_small(seen, alerts=1000, nights=2) == of_large(seen, alerts=1000, nights=2)
    assert of_small(seen, alerts=1000, nights=2) == (pytest.approx(7 + 40), Bound.ABOUT)


@pytest.mark.parametrize(
    ("seen", "cores"),
    [
        ([], None),
        ([past(1, 1, 1.0)], 8),
        ([past(1, 1, 1.0, is_test=True)], 8),
        ([past(1, 1, 1.0, executors=1, cores=1)], None),
        ([past(1, 1, 1.0), large(1, 1, 1.0, executors=3, cores=3)], 3),
        ([past(1, 1, 1.0, asked=None, cores=0)], None),
        ([alone(1, 1, 1.0), large(1, 1, 1.0)], 8),
    ],
    ids=["nothing known", "asked and got", "a test", "not even two", "three of eight", "before", "moved to a cluster"],
)
def test_no_more_cores_are_promised_than_the_cluster_is_known_to_give(seen: list[Transfer], cores: int | None) -> None:
    assert expected_cores(seen, LARGE) == cores


def test_receipts_of_an_earlier_version_say_nothing() -> None:
    assert of_small([past(2, 1000, 4.0, asked=None, cores=0)], alerts=1000, nights=2) is None
