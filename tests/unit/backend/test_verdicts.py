"""What of receipt, topic, archive and store does not agree, in words."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from typing import Any

import pytest

from backend.class_counts import ClassCount
from backend.models import ContentPlan, KafkaTarget, Phase, Transfer, TransferPlan, TransferRequest
from backend.nights import NightRange
from backend.receipt import OversizeAlert, PartitionCount, Receipt, UnreadableFile
from backend.verdicts import TopicRange, archive_and_topic, not_compared, receipt_and_topic, topic_and_store
from backend.verification import AlertPlace, ArchiveAnswer, Comparison, Named, NamedFiles, StoreAnswer, Verification

NIGHT = date(2024, 9, 1)
SCHEMA = '{"type": "record"}'
RANGES = {0: TopicRange(0, 6), 1: TopicRange(0, 5)}
COUNTS = (ClassCount(night=NIGHT, finkclass="RRLyr", tnsclass="Unknown", alerts=10),)
RECEIPT = Receipt(
    topic="ftransfer_ztf_x",
    published=10,
    messages=11,
    counts=COUNTS,
    partitions=(PartitionCount(partition=0, begin=0, end=6), PartitionCount(partition=1, begin=0, end=5)),
    schema_fingerprint=hashlib.sha256(SCHEMA.encode()).hexdigest(),
)
ANSWER = ArchiveAnswer(same=10, messages=11, counts=COUNTS, schema_fingerprint=RECEIPT.schema_fingerprint)


def a_transfer(**changes: Any) -> Transfer:
    plan = TransferPlan(
        topic=RECEIPT.topic,
        survey="ztf",
        archive_uri="/archive",
        nights=(NIGHT,),
        content=ContentPlan(name="lightcurve"),
        kafka=KafkaTarget(bootstrap_servers="127.0.0.1:1"),
    )
    transfer = Transfer(
        id="x",
        topic=RECEIPT.topic,
        user="lena",
        request=TransferRequest(nights=NightRange(start=NIGHT, stop=NIGHT)),
        plan=plan,
        phase=Phase.COMPLETED,
        submitted_at=datetime(2024, 9, 2, tzinfo=UTC),
        expires_at=datetime(2024, 9, 6, tzinfo=UTC),
    )
    return transfer.model_copy(update=changes)


def kinds(comparison: Comparison) -> list[str]:
    return [difference.kind for difference in comparison.differences]


def sentence(comparison: Comparison) -> str:
    (difference,) = comparison.differences
    return difference.sentence


def test_what_the_receipt_promises_is_there_and_repeated_messages_are_only_noted() -> None:
    comparison = receipt_and_topic(a_transfer(receipt=RECEIPT), RECEIPT, RANGES, SCHEMA)
    assert comparison.agrees
    assert comparison.notes == ("1 messages are repeated, which changes nothing for a reader.",)


@pytest.mark.parametrize(
    ("phase", "why"),
    [(Phase.EXECUTING, "still runs"), (Phase.ABORTED, "was cancelled"), (Phase.ERROR, "failed")],
)
def test_without_a_receipt_it_is_partial_and_the_phase_says_why(phase: Phase, why: str) -> None:
    comparison = receipt_and_topic(a_transfer(phase=phase, message="Disk full."), None, RANGES, SCHEMA)
    assert kinds(comparison) == ["partial"]
    assert why in sentence(comparison)
    assert "11 messages. Disk full." in sentence(comparison)


def test_one_that_was_cancelled_while_it_waited_has_no_topic() -> None:
    comparison = receipt_and_topic(a_transfer(phase=Phase.ABORTED), None, {}, None)
    assert kinds(comparison) == ["partial"]
    assert sentence(comparison) == "There is no receipt: the job was cancelled. There is no topic."


@pytest.mark.parametrize(
    ("ranges", "schema", "kind", "words"),
    [
        ({}, None, "expired", "kept until 2024-09-06 00:00 UTC"),
        ({**RANGES, 0: TopicRange(4, 6)}, SCHEMA, "expired", "4 messages have expired"),
        ({**RANGES, 1: TopicRange(0, 4)}, SCHEMA, "messages", "partition 1 ends at 4, not 5"),
        (RANGES, None, "schema", "has no schema"),
        (RANGES, "{}", "schema", "not the one"),
    ],
)
def test_a_topic_that_is_not_as_promised(
    ranges: dict[int, TopicRange], schema: str | None, kind: str, words: str
) -> None:
    comparison = receipt_and_topic(a_transfer(), RECEIPT, ranges, schema)
    assert kinds(comparison) == [kind]
    assert words in sentence(comparison)


def test_the_log_and_the_topic_must_have_the_same_receipt() -> None:
    other = RECEIPT.model_copy(update={"note": "another"})
    assert kinds(receipt_and_topic(a_transfer(receipt=other), RECEIPT, RANGES, SCHEMA)) == ["receipt"]


def test_the_archive_gives_what_is_there() -> None:
    assert archive_and_topic(a_transfer(), RECEIPT, ANSWER).agrees


def test_each_difference_is_named() -> None:
    one = Named(count=1, examples=(AlertPlace(candid=5, night=NIGHT),))
    answer = ANSWER.model_copy(update={"missing": one, "extra": one, "altered": one, "undecoded": one, "same": 8})
    comparison = archive_and_topic(a_transfer(), RECEIPT, answer)
    assert kinds(comparison) == ["missing", "extra", "altered", "damaged"]
    assert all(difference.examples == one.examples for difference in comparison.differences)


def test_a_receipt_that_counts_otherwise_is_said_by_night_and_class() -> None:
    fewer = (COUNTS[0].model_copy(update={"alerts": 9}),)
    comparison = archive_and_topic(a_transfer(), RECEIPT, ANSWER.model_copy(update={"counts": fewer}))
    assert "2024-09-01 RRLyr / Unknown: 10 by the receipt, 9 found" in sentence(comparison)


def test_what_changed_in_the_archive_is_said() -> None:
    receipt = RECEIPT.model_copy(
        update={
            "files_unreadable": (UnreadableFile(file="old", reason=""),),
            "nights_missing": (NIGHT,),
            "too_large": (OversizeAlert(candid=7, size_bytes=11_000_000),),
        }
    )
    changes = {"files_unreadable": ("new",), "too_large": (8,), "files_newer": NamedFiles(count=1, examples=("new",))}
    comparison = archive_and_topic(a_transfer(), receipt, ANSWER.model_copy(update=changes))
    assert kinds(comparison) == ["missing", "count", "files", "files", "nights"]
    assert comparison.notes == ("1 files of these nights are newer than the transfer: new.",)


def test_files_that_cannot_be_read_are_no_difference_where_each_alert_is_the_same() -> None:
    comparison = archive_and_topic(a_transfer(), RECEIPT, ANSWER.model_copy(update={"files_unreadable": ("damaged",)}))
    assert comparison.agrees
    assert comparison.notes == ("1 files cannot be read in full, and the receipt does not say so: damaged.",)


def test_an_archive_that_cannot_be_compared_does_not_agree() -> None:
    comparison = archive_and_topic(a_transfer(), RECEIPT, ArchiveAnswer(failure="There is no archive at /gone."))
    assert "There is no archive at /gone." in sentence(comparison)


def test_a_store_that_is_not_read_to_the_end_is_partial_not_damaged() -> None:
    comparison = topic_and_store("fetch", StoreAnswer(stored=1_200, unread=3_800))
    assert kinds(comparison) == ["partial"]
    assert "1,200 of 5,000 alerts are read" in sentence(comparison)


def test_what_is_wrong_in_a_store_is_named() -> None:
    one = Named(count=1, examples=(AlertPlace(candid=5),))
    answer = StoreAnswer(stored=10, repeated=1, missing=one, extra=one, altered=one)
    assert kinds(topic_and_store("fetch", answer)) == ["missing", "extra", "altered", "repeated"]
    assert topic_and_store("fetch", StoreAnswer(stored=10, extra=one, expired=4)).agrees


def test_all_must_agree() -> None:
    fine = not_compared("topic and store", "nobody has read it")
    busy = not_compared("topic and store fetch", "in use by process 7", kind="in use")
    assert Verification(id="x", topic="t", comparisons=(fine,)).agrees
    assert not Verification(id="x", topic="t", comparisons=(fine, busy)).agrees
