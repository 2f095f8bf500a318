"""What of a transfer's receipt, topic, archive and store does not agree, in words. Pure: nothing is read here."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from backend.class_counts import ClassCount
from backend.models import Phase, Transfer
from backend.receipt import Receipt
from backend.verification import (
    EXAMPLES,
    AlertPlace,
    ArchiveAnswer,
    Comparison,
    Difference,
    Named,
    StoreAnswer,
    named,
    present,
)

RECEIPT_AND_TOPIC = "receipt and topic"
ARCHIVE_AND_TOPIC = "archive and topic"
TOPIC_AND_STORE = "topic and store"
_WHY_NO_RECEIPT = {
    Phase.QUEUED: "the transfer waits in the queue",
    Phase.EXECUTING: "the job still runs",
    Phase.UNKNOWN: "nobody knows what became of the job",
    Phase.ERROR: "the job failed",
    Phase.ABORTED: "the job was cancelled",
    Phase.COMPLETED: "the job left none",
}
_NAMED_STRATA = 5


class TopicRange(NamedTuple):
    """The first offset that a partition has, and the one after its last."""

    begin: int
    end: int


def receipt_and_topic(
    transfer: Transfer, receipt: Receipt | None, ranges: Mapping[int, TopicRange], schema_text: str | None
) -> Comparison:
    """Compare what the receipt promises with what the broker says.

    Parameters
    ----------
    receipt
        As it is on the receipt topic, or else in the log.
    ranges
        Of each partition of the topic; empty when there is no topic.
    schema_text
        What the schema topic holds.
    """
    there = sum(each.end - each.begin for each in ranges.values())
    if receipt is None:
        why = _WHY_NO_RECEIPT[transfer.phase]
        topic = f"The topic is partial, with {there:,} messages." if ranges else "There is no topic."
        sentence = f"There is no receipt: {why}. {topic}"
        if transfer.message:
            sentence += f" {transfer.message}"
        return Comparison(
            between=RECEIPT_AND_TOPIC,
            found=f"{there:,} messages, no receipt",
            differences=(Difference(kind="partial", count=there, sentence=sentence),),
        )
    if not ranges:
        sentence = f"The topic is gone; it was kept until {transfer.expires_at:%Y-%m-%d %H:%M} UTC."
        return Comparison(
            between=RECEIPT_AND_TOPIC,
            found="there is no topic",
            differences=(Difference(kind="expired", count=receipt.messages, sentence=sentence),),
        )
    differences = [*_partitions(receipt, ranges), _schema(receipt, schema_text), _counts_within(receipt)]
    if transfer.receipt not in (None, receipt):
        sentence = "The receipt on the receipt topic is not the one that the log of transfers has."
        differences.append(Difference(kind="receipt", count=1, sentence=sentence))
    repeated = receipt.messages - receipt.published
    return Comparison(
        between=RECEIPT_AND_TOPIC,
        found=f"{there:,} messages in {len(ranges)} partitions, {receipt.published:,} alerts promised",
        differences=present(differences),
        notes=(f"{repeated:,} messages are repeated, which changes nothing for a reader.",) if repeated > 0 else (),
    )


def archive_and_topic(transfer: Transfer, receipt: Receipt | None, answer: ArchiveAnswer) -> Comparison:
    """Judge what the job found that made the alerts again from the archive."""
    if answer.failure:
        sentence = f"The archive could not be compared: {answer.failure}"
        return Comparison(
            between=ARCHIVE_AND_TOPIC,
            found="not compared",
            differences=(Difference(kind="failure", count=0, sentence=sentence),),
        )
    expected = sum(count.alerts for count in answer.counts)
    differences = [
        named("missing", answer.missing, "alerts of the archive are not on the topic."),
        named("extra", answer.extra, "alerts on the topic are none that the request gives."),
        named("altered", answer.altered, "alerts on the topic are not, byte for byte, what the archive gives."),
        named("damaged", answer.undecoded, "messages cannot be decoded."),
    ]
    notes = _explanations(receipt, answer)
    if receipt is not None:
        differences += [_promised(transfer, receipt, answer, expected), *_too_large(receipt, answer)]
        files = tuple(_files_then_and_now(receipt, answer))
        if present(differences):
            differences += files
        else:  # of these files the transfer needed nothing: it may have read less of them than we have
            notes = (*notes, *(each.sentence for each in files))
        differences += _nights_then_and_now(receipt, answer)
    return Comparison(
        between=ARCHIVE_AND_TOPIC,
        found=f"{answer.same:,} of {expected:,} alerts are the same, byte for byte",
        differences=present(differences),
        notes=notes,
    )


def topic_and_store(store: str, answer: StoreAnswer) -> Comparison:
    """Judge what was found in a store.

    Parameters
    ----------
    store
        Name of its reader.
    """
    notes: tuple[str, ...] = ()
    extra = named("extra", answer.extra, "alerts in the store are not on the topic.")
    if extra and answer.expired:  # they may have come with messages that are gone
        notes = (f"{answer.extra.count:,} alerts in the store are not on the topic any more, or never were.",)
        extra = None
    differences = [
        _unread(answer),
        named("missing", answer.missing, "alerts that were read from the topic are not in the store."),
        extra,
        named("altered", answer.altered, "alerts in the store have other values than on the topic."),
        named("repeated", Named(count=answer.repeated), "alerts are in the store more than once."),
    ]
    return Comparison(
        between=f"{TOPIC_AND_STORE} {store}",
        found=f"{answer.stored:,} alerts stored",
        differences=present(differences),
        notes=notes,
    )


def not_compared(between: str, why: str, *, kind: str = "") -> Comparison:
    """A comparison that was not made; with a `kind`, that is a difference."""
    differences = (Difference(kind=kind, count=0, sentence=why),) if kind else ()
    return Comparison(between=between, found="not compared" if kind else why, differences=differences)


def _unread(answer: StoreAnswer) -> Difference | None:
    if not answer.unread:
        return None
    read = answer.stored - answer.extra.count - answer.repeated
    of = read + answer.missing.count + answer.unread
    sentence = f"Reading was stopped: {read:,} of {of:,} alerts are read. It can go on."
    return Difference(kind="partial", count=answer.unread, sentence=sentence)


def _partitions(receipt: Receipt, ranges: Mapping[int, TopicRange]) -> Iterable[Difference]:
    expired = sum(each.begin for each in ranges.values()) - sum(each.begin for each in receipt.partitions)
    if expired > 0:
        sentence = f"{expired:,} messages have expired: the topic begins behind them."
        yield Difference(kind="expired", count=expired, sentence=sentence)
    promised = {each.partition: each.end for each in receipt.partitions}
    ends = {partition: each.end for partition, each in ranges.items()}
    others = sorted(p for p in promised.keys() | ends.keys() if promised.get(p, 0) != ends.get(p, 0))
    if not others:
        return
    said = ", ".join(f"partition {p} ends at {ends.get(p, 0):,}, not {promised.get(p, 0):,}" for p in others)
    count = sum(abs(ends.get(p, 0) - promised.get(p, 0)) for p in others)
    yield Difference(kind="messages", count=count, sentence=f"The topic has other messages than promised: {said}.")


def _schema(receipt: Receipt, schema_text: str | None) -> Difference | None:
    if schema_text is None:
        return Difference(kind="schema", count=1, sentence="The topic has no schema.")
    if hashlib.sha256(schema_text.encode()).hexdigest() == receipt.schema_fingerprint:
        return None
    return Difference(kind="schema", count=1, sentence="The topic's schema is not the one that the receipt names.")


def _counts_within(receipt: Receipt) -> Difference | None:
    counted = sum(count.alerts for count in receipt.counts)
    if counted == receipt.published <= receipt.messages:
        return None
    sentence = (
        f"The receipt disagrees with itself: {receipt.published:,} alerts, {counted:,} by night and class,"
        f" {receipt.messages:,} messages."
    )
    return Difference(kind="count", count=abs(counted - receipt.published), sentence=sentence)


def _promised(transfer: Transfer, receipt: Receipt, answer: ArchiveAnswer, expected: int) -> Difference | None:
    """Where the receipt's numbers are not those of the archive."""
    promised, made = _by_stratum(receipt.counts), _by_stratum(answer.counts)
    others = sorted(stratum for stratum in promised.keys() | made.keys() if promised[stratum] != made[stratum])
    if not others:
        return None
    first = "; ".join(
        f"{night} {finkclass} / {tnsclass}: {promised[night, finkclass, tnsclass]:,} by the receipt,"
        f" {made[night, finkclass, tnsclass]:,} found"
        for night, finkclass, tnsclass in others[:_NAMED_STRATA]
    )
    more = f"; and {len(others) - _NAMED_STRATA:,} more" if len(others) > _NAMED_STRATA else ""
    where = "on the topic, of those that match" if transfer.plan.limit is not None else "in the archive"
    sentence = f"The receipt counts {receipt.published:,} alerts; {where} there are {expected:,}: {first}{more}."
    return Difference(kind="count", count=abs(receipt.published - expected), sentence=sentence)


def _by_stratum(counts: Iterable[ClassCount]) -> Counter[tuple[date, str, str]]:
    return Counter({(count.night, count.finkclass, count.tnsclass): count.alerts for count in counts})


def _too_large(receipt: Receipt, answer: ArchiveAnswer) -> Iterable[Difference | None]:
    said, found = {alert.candid for alert in receipt.too_large}, set(answer.too_large)
    yield named("missing", _those(found - said), "alerts are too large for a message, and the receipt does not say so.")
    yield named("count", _those(said - found), "alerts are too large by the receipt, and not in the archive.")


def _those(candids: set[int]) -> Named:
    return Named(count=len(candids), examples=tuple(AlertPlace(candid=candid) for candid in sorted(candids)[:EXAMPLES]))


def _files_then_and_now(receipt: Receipt, answer: ArchiveAnswer) -> Iterable[Difference]:
    then, now = {each.file for each in receipt.files_unreadable}, set(answer.files_unreadable)
    for files, what in (
        (now - then, "cannot be read in full, and the receipt does not say so"),
        (then - now, "could not be read in full then, and can now"),
    ):
        if files:
            listed = ", ".join(sorted(files)[:EXAMPLES])
            yield Difference(kind="files", count=len(files), sentence=f"{len(files):,} files {what}: {listed}.")


def _nights_then_and_now(receipt: Receipt, answer: ArchiveAnswer) -> Iterable[Difference]:
    for nights, what in (
        (set(answer.nights_missing) - set(receipt.nights_missing), "had data then, and have none now"),
        (set(receipt.nights_missing) - set(answer.nights_missing), "had no data then, and have some now"),
    ):
        if nights:
            listed = ", ".join(str(night) for night in sorted(nights)[:EXAMPLES])
            yield Difference(kind="nights", count=len(nights), sentence=f"{len(nights):,} nights {what}: {listed}.")


def _explanations(receipt: Receipt | None, answer: ArchiveAnswer) -> tuple[str, ...]:
    """What has changed since the transfer and is no difference by itself."""
    notes = []
    if answer.files_newer.count:
        listed = ", ".join(answer.files_newer.examples[:3])
        notes.append(f"{answer.files_newer.count:,} files of these nights are newer than the transfer: {listed}.")
    if receipt is not None and answer.tns_catalogue != receipt.tns_catalogue:
        then, now = receipt.tns_catalogue or "none", answer.tns_catalogue or "none"
        notes.append(f"The TNS catalogue is another one, which changes tnsclass: {then} then, {now} now.")
    if receipt is not None and answer.schema_fingerprint != receipt.schema_fingerprint:
        notes.append("The schema of what the archive gives has changed since the transfer.")
    return tuple(notes)
