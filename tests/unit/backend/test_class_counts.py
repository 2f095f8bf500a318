"""The short form of counts: as the job writes it and as we read it, small enough for a message."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from backend.class_counts import ClassCount
from backend.models import KafkaTarget
from backend.receipt import Receipt
from spark_scripts.short_counts import short_counts

LABELS = st.text(max_size=12)
COUNTS = st.dictionaries(st.tuples(st.dates(), LABELS, LABELS), st.integers(1, 10**9), max_size=30)


def _receipt(counts: Any) -> Receipt:
    return Receipt.model_validate({"topic": "t", "published": 0, "messages": 0, "counts": counts})


@given(COUNTS)
def test_what_a_job_writes_is_read_and_kept_as_it_was(counts: dict[tuple[date, str, str], int]) -> None:
    receipt = _receipt(json.loads(json.dumps(short_counts(counts))))
    assert {(each.night, each.finkclass, each.tnsclass): each.alerts for each in receipt.counts} == counts
    assert Receipt.model_validate_json(receipt.model_dump_json()) == receipt


def test_a_receipt_of_seven_years_and_300_classes_fits_a_message() -> None:
    nights = [date(2019, 11, 1) + timedelta(days=day) for day in range(7 * 365)]
    classes = [(f"(SIMBAD) Candidate_{number:03}", "Unknown") for number in range(300)]
    text = json.dumps(short_counts({(night, *pair): 100_000 for night in nights for pair in classes}), default=str)
    receipt = _receipt(json.loads(text))
    assert len(receipt.counts) == len(nights) * len(classes)
    assert len(receipt.model_dump_json()) < KafkaTarget(bootstrap_servers="").max_message_bytes


def test_receipts_of_earlier_versions_are_read() -> None:
    one = {"night": "2024-09-01", "finkclass": "RRLyr", "tnsclass": "Unknown", "alerts": 3}
    assert _receipt([one]).counts == (ClassCount(**one),)  # type: ignore[arg-type]


@pytest.mark.parametrize("counts", [{}, {"classes": [], "nights": {"2024-09-01": [[0, 1]]}}, {"nights": 1}, "x"])
def test_what_are_no_counts_is_refused(counts: Any) -> None:
    with pytest.raises(ValidationError):
        _receipt(counts)
