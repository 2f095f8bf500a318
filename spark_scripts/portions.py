"""A transfer's nights in portions: one after the other is read, published and counted.

The first is small, so that first alerts are there while later nights are unread; none is so large that what the driver
knows of it would grow with the transfer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from spark_scripts.archive import NightFiles

MOST_NIGHTS = 32
LARGEST_BYTES = 256 * 10**9


def portions_of(found: NightFiles) -> Iterator[NightFiles]:
    """Consecutive nights: the first one alone, then up to `MOST_NIGHTS` and `LARGEST_BYTES`."""
    nights: list[date] = []
    size_bytes, most = 0, 1
    for night in sorted(found.files):
        larger = size_bytes + sum(file.size_bytes for file in found.files[night])
        if nights and (len(nights) >= most or larger > LARGEST_BYTES):
            yield _of_nights(found, nights)
            larger -= size_bytes
            nights, most = [], MOST_NIGHTS
        nights, size_bytes = [*nights, night], larger
    if nights:
        yield _of_nights(found, nights)


def _of_nights(found: NightFiles, nights: list[date]) -> NightFiles:
    return replace(found, files={night: found.files[night] for night in nights})
