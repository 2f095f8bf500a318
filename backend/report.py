"""How the command line shows transfers to people."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date

from rich.console import Console
from rich.table import Table

from backend.expected_time import ExpectedTime
from backend.job_progress import RunningJob, progress_text
from backend.job_size import JobSize
from backend.listed import listed
from backend.models import Estimate, Transfer
from backend.nights import nights_text
from backend.receipt import Receipt
from backend.size_limits import size_text
from backend.verification import AlertPlace, Verification

_WIDE = 220
_OUT = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _WIDE)


def print_transfers(transfers: Sequence[Transfer], running: Mapping[str, RunningJob | None]) -> None:
    """The table of transfers; of those that run, the alerts so far."""
    if not transfers:
        _OUT.print("No transfer yet. Submit one: python -m backend submit REQUEST.yml")
        return
    columns = ("id", "phase", "submitted (UTC)", "nights", "content", "job", "alerts", "topic")
    table = Table(*columns, box=None, pad_edge=False)
    for transfer in transfers:
        request = transfer.request
        table.add_row(
            transfer.id,
            transfer.phase + (" (test)" if transfer.is_test else ""),
            f"{transfer.submitted_at:%Y-%m-%d %H:%M}",
            nights_text(request.nights),
            request.content if isinstance(request.content, str) else f"{len(request.content)} fields",
            transfer.job_size,
            _alerts(transfer, running.get(transfer.id)),
            transfer.topic,
        )
    _OUT.print(table)


def _alerts(transfer: Transfer, running: RunningJob | None) -> str:
    if transfer.receipt:
        return f"{transfer.receipt.published:,}"
    return f"{running.last.alerts:,} so far" if running else ""


def print_transfer(transfer: Transfer, place_in_queue: int | None, running: RunningJob | None = None) -> None:
    """One transfer, with its receipt, or how far its job is."""
    _OUT.print(f"Transfer {transfer.id}: {transfer.phase}" + (f", place {place_in_queue}" if place_in_queue else ""))
    if transfer.message:
        _OUT.print(transfer.message)
    if running:
        _OUT.print(progress_text(running))
    _OUT.print(f"topic      {transfer.topic} (until {transfer.expires_at:%Y-%m-%d %H:%M} UTC)")
    _OUT.print(f"nights     {nights_text(transfer.request.nights)}")
    if transfer.receipt:
        _print_receipt(transfer.receipt)


def _print_receipt(receipt: Receipt) -> None:
    _OUT.print(f"published  {receipt.published:,} alerts in {receipt.messages:,} messages")
    if receipt.nights_missing:
        _OUT.print(_without_data(receipt.nights_missing))
    for unreadable in receipt.files_unreadable:
        _OUT.print(f"unreadable {unreadable.file}: {unreadable.reason}")
    for alert in receipt.too_large:
        _OUT.print(f"too large  alert {alert.candid}: {size_text(alert.size_bytes)}")
    for drift in receipt.drift:
        said = [f"absent {nights_text(drift.absent)}"] if drift.absent else []
        said += [f"{what} {nights_text(nights)}" for what, nights in drift.converted.items()]
        _OUT.print(f"drift      {drift.column}: {'; '.join(said)}")


def _without_data(nights: Sequence[date]) -> str:
    return f"no data    {len(nights):,} {'night' if len(nights) == 1 else 'nights'}: {listed(nights)}"


def print_estimate(estimate: Estimate, times: Mapping[JobSize, ExpectedTime]) -> None:
    """What a request would bring, and how long a job of each size would take."""
    if estimate.nights_unknown:
        _OUT.print("Nothing is known yet: have the statistics made first (python -m backend statistics).")
        return
    _OUT.print(_estimate_in_words(estimate))
    for sentence in estimate.not_counted:
        _OUT.print(sentence)
    if estimate.nights_without_data:
        _OUT.print(_without_data(estimate.nights_without_data))
    for size, expected in times.items():
        _OUT.print(f"{size} job  {expected.bound} {round(expected.seconds):,} s")


def _estimate_in_words(estimate: Estimate) -> str:
    bounds = estimate.bounds
    if estimate.at_most is not None:
        why = "" if estimate.alerts else ": none of the sample matches"
        return f"at most {estimate.at_most:,} alerts, {size_text(estimate.most_bytes)}{why}"
    between = f" (between {bounds.lowest:,} and {bounds.highest:,})" if bounds else ""
    share = estimate.alerts / estimate.alerts_of_nights if estimate.alerts_of_nights else 0.0
    return f"{estimate.alerts:,} alerts{between}, {size_text(estimate.size_bytes)}; {share:.1%} of these nights"


def print_verification(found: Verification) -> None:
    """What was compared, what differs, and where."""
    for comparison in found.comparisons:
        state = "" if comparison.agrees else "DIFFERENT: "
        _OUT.print(f"{comparison.between}: {state}{comparison.found}", markup=False)
        for difference in comparison.differences:
            _OUT.print(f"  {difference.sentence}", markup=False)
            for place in difference.examples:
                _OUT.print(f"    {_place_in_words(place)}", markup=False)
            if 0 < len(difference.examples) < difference.count:
                _OUT.print(f"    and {difference.count - len(difference.examples):,} more")
        for note in comparison.notes:
            _OUT.print(f"  {note}", markup=False)
    _OUT.print(
        f"Transfer {found.id}: " + ("all that was compared agrees." if found.agrees else "there are differences.")
    )


def _place_in_words(place: AlertPlace) -> str:
    said = [f"alert {place.candid}"] if place.candid is not None else []
    said += [f"night {place.night}"] if place.night else []
    said += [f"partition {place.partition}, offset {place.offset}"] if place.partition is not None else []
    return ", ".join(said)
