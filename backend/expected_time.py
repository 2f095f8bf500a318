"""How long a transfer will take, from the receipts of past ones. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import numpy as np

from backend.models import Content, Receipt, Transfer

PUBLISHING = "publish"
"""The lap of a receipt's timings that grows with the transfer; the others hardly do."""
LARGEST_STEP = 10
"""Nothing is said of a transfer this many times larger than the largest past one.

A small one needs most of its time for what does not grow: taken for the cost of its few alerts, it would make days of
the minutes that a large one takes.
"""


def expected_seconds(
    past: Sequence[Transfer], content: Content | tuple[str, ...], alerts: int, nights: int
) -> float | None:
    """Seconds from the start of the job to its receipt.

    Publishing is taken to need a time per night that is read and a time per alert that is sent; both are fitted to the
    past transfers of the same content.

    Parameters
    ----------
    past
        Transfers; those without a receipt, and tests, say nothing.
    alerts, nights
        To be sent, and to be read: nights with data.

    Returns
    -------
    float or None
        None when no past transfer had this content, or none was large enough to go by.
    """
    receipts = [each.receipt for each in past if each.receipt and not each.is_test and each.request.content == content]
    known = [receipt for receipt in receipts if PUBLISHING in receipt.timings_s]
    if not known or not _is_near(known, alerts, nights):
        return None
    overhead_s = median(sum(receipt.timings_s.values()) - receipt.timings_s[PUBLISHING] for receipt in known)
    per_night_s, per_alert_s = _fitted(known)
    return overhead_s + nights * per_night_s + alerts * per_alert_s


def _is_near(receipts: Sequence[Receipt], alerts: int, nights: int) -> bool:
    most_alerts = max(receipt.published for receipt in receipts)
    most_nights = max(len(receipt.nights_used) for receipt in receipts)
    return alerts <= LARGEST_STEP * most_alerts and nights <= LARGEST_STEP * most_nights


def _fitted(receipts: Sequence[Receipt]) -> tuple[float, float]:
    """Least squares; a cost that would be negative is none."""
    sizes = np.array([(len(receipt.nights_used), receipt.published) for receipt in receipts], dtype=float)
    seconds = np.array([receipt.timings_s[PUBLISHING] for receipt in receipts])
    costs = np.linalg.lstsq(sizes, seconds, rcond=None)[0]
    for n in (0, 1):
        if costs[n] < 0:
            other = sizes[:, 1 - n]
            alone = float(other @ seconds / (other @ other)) if other.any() else 0.0
            return (0.0, alone) if n == 0 else (alone, 0.0)
    return float(costs[0]), float(costs[1])
