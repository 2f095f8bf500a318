"""How long a transfer will take, from the receipts of past ones. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from statistics import median
from typing import NamedTuple

import numpy as np

from backend.job_size import JobResources
from backend.models import Content, Transfer
from backend.receipt import Receipt

PUBLISHING = "publish"
"""The lap of a receipt's timings that grows with the transfer; the others hardly do."""
LARGEST_STEP = 10
"""Nothing is said of a transfer this many times larger than the largest past one.

A small one needs most of its time for what does not grow: taken for the cost of its few alerts, it would make days of
the minutes that a large one takes.
"""


class Bound(StrEnum):
    """How an expected time is meant; the value is how it is said."""

    ABOUT = "about"
    AT_BEST = "at best"
    """Past jobs had fewer cores: with more of them the cluster is faster at most in proportion."""
    AT_MOST = "at most"
    """Past jobs had more cores."""


class ExpectedTime(NamedTuple):
    """Seconds from the start of a job to its receipt."""

    seconds: float
    bound: Bound = Bound.ABOUT


def expected_time(
    past: Sequence[Transfer], content: Content | tuple[str, ...], alerts: int, nights: int, resources: JobResources
) -> ExpectedTime | None:
    """How long the job will take.

    Publishing is taken to need a time per night that is read and a time per alert that is sent; both are fitted to the
    past transfers of the same content that had as many cores. Where there are none, the work of the others is divided
    by the cores, which gives a bound.

    Parameters
    ----------
    past
        Transfers, the newest first; those without a receipt, and tests, say nothing of the time.
    alerts, nights
        To be sent, and to be read: nights with data.
    resources
        What the job asks the cluster for.

    Returns
    -------
    ExpectedTime or None
        None when no past transfer had this content, or none was large enough to go by, or it cannot be told how many
        cores the job will have.
    """
    cores = expected_cores(past, resources)
    receipts = [each.receipt for each in past if each.receipt and not each.is_test and each.request.content == content]
    known = [receipt for receipt in receipts if PUBLISHING in receipt.timings_s and receipt.cores]
    same = [receipt for receipt in known if receipt.cores == cores]
    told = next((some for some in (same, known) if _is_near(some, alerts, nights)), None)
    if cores is None or told is None:
        return None
    overhead_s = median(sum(receipt.timings_s.values()) - receipt.timings_s[PUBLISHING] for receipt in told)
    per_night_s, per_alert_s = _fitted(told, cores)
    return ExpectedTime(overhead_s + nights * per_night_s + alerts * per_alert_s, _bound(told, cores))


def expected_cores(past: Sequence[Transfer], resources: JobResources) -> int | None:
    """How many cores a job that asks for so much will work with; None where past ones do not tell."""
    told = [(each.plan.resources, each.receipt) for each in past if each.receipt and each.receipt.cores]
    for asked, had in told:
        if asked == resources:
            return had.cores
    for asked, had in told[:1]:
        if not had.executors:  # the driver does the work itself, whatever is asked for
            return had.cores
        if asked and had.executors >= min(asked.executors, resources.executors):  # the cluster gives what is asked for
            return resources.cores
    return None


def _is_near(receipts: Sequence[Receipt], alerts: int, nights: int) -> bool:
    most_alerts = max((receipt.published for receipt in receipts), default=0)
    most_nights = max((len(receipt.nights_used) for receipt in receipts), default=0)
    return bool(receipts) and alerts <= LARGEST_STEP * most_alerts and nights <= LARGEST_STEP * most_nights


def _bound(receipts: Sequence[Receipt], cores: int) -> Bound:
    if all(receipt.cores < cores for receipt in receipts):
        return Bound.AT_BEST
    return Bound.AT_MOST if all(receipt.cores > cores for receipt in receipts) else Bound.ABOUT


def _fitted(receipts: Sequence[Receipt], cores: int) -> tuple[float, float]:
    """Seconds per night and per alert with so many cores: least squares; a cost that would be negative is none."""
    sizes = np.array([(len(receipt.nights_used), receipt.published) for receipt in receipts], dtype=float)
    seconds = np.array([receipt.timings_s[PUBLISHING] * receipt.cores / cores for receipt in receipts])
    costs = np.linalg.lstsq(sizes, seconds, rcond=None)[0]
    for n in (0, 1):
        if costs[n] < 0:
            other = sizes[:, 1 - n]
            alone = float(other @ seconds / (other @ other)) if other.any() else 0.0
            return (0.0, alone) if n == 0 else (alone, 0.0)
    return float(costs[0]), float(costs[1])
