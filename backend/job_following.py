"""Waiting for the end of a transfer's job at the command line, and saying how far it is."""

from __future__ import annotations

import time

from rich.console import Console
from rich.status import Status

from backend.errors import ServiceUnavailable
from backend.job_progress import progress_text
from backend.models import Transfer
from backend.transfers import Transfers

POLL_S = 0.5
LONGEST_OUTAGE_S = 120.0
"""A service may be away for so long while a job is waited for: the job goes on meanwhile."""


def wait_for_end(transfers: Transfers, transfer: Transfer) -> Transfer:
    """Follow a transfer until its job has ended; each new phase is a line on standard error.

    Raises
    ------
    ServiceUnavailable
        A service has not answered for `LONGEST_OUTAGE_S`; nothing is lost, the job can be waited for again.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    said, answered_at = "", time.monotonic()
    with console.status("") as status:
        while not transfer.phase.is_final:
            if (now := _show(transfers, transfer, status)) != said:
                console.print(now)
                said = now
            time.sleep(POLL_S)
            try:
                transfer = transfers.get(transfer.id)
                answered_at = time.monotonic()
            except ServiceUnavailable as unavailable:
                if time.monotonic() - answered_at > LONGEST_OUTAGE_S:
                    raise
                if said != (said := f"{unavailable.message} Waiting for it."):
                    console.print(said)
    return transfer


def _show(transfers: Transfers, transfer: Transfer, status: Status) -> str:
    """Say how far it is where that can be overwritten, on a terminal; give the phase, for a line that stays."""
    running, place = transfers.progress_of(transfer), transfers.place_in_queue(transfer)
    status.update(progress_text(running) if running else str(transfer.phase))
    if place:
        return f"{transfer.phase}, place {place} in the queue"
    return f"{transfer.phase}: {transfer.message}" if transfer.message else str(transfer.phase)
