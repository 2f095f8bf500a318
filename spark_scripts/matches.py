"""Where the alerts that match are, and how many: a pass over what selects them, and no other column.

Of heavy alerts only what holds matches is then read in full: the files, and in them the row groups and pages whose ids
lie in the ranges of the matching ones, which Parquet's own statistics tell. Ids follow the survey's clock, and so do
the rows of a file, more or less.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_scripts.archive import FILE, NightFiles
from spark_scripts.repeated_alerts import Ids
from spark_scripts.selection import STRATUM

BUCKETS = 4096
"""Into so many parts the range of the ids is cut, to learn which of them have matches."""
MOST_RANGES = 32
Stratum = tuple[date, str, str]


@dataclass(frozen=True)
class Matches:
    """Alerts that match.

    Attributes
    ----------
    counts
        Night and classes -> alerts.
    files
        Addresses of the files that have some.
    ranges
        Lowest and highest ``candid``, both included, of ranges that hold all of them.
    """

    counts: Counter[Stratum]
    files: frozenset[str]
    ranges: tuple[tuple[int, int], ...]

    def within(self, found: NightFiles) -> NightFiles:
        """Those of the files that have matches."""
        names = {_name(unquote(file)) for file in self.files}
        files = {
            night: tuple(file for file in those if _name(file.path) in names) for night, those in found.files.items()
        }
        return replace(found, files={night: those for night, those in files.items() if those})

    def in_ranges(self) -> Column:
        """Whether a row's ``candid`` is in one of the ranges."""
        is_there = F.lit(False)
        for lowest, highest in self.ranges:
            is_there = is_there | F.col("candid").between(lowest, highest)
        return is_there


def count_strata(selected: DataFrame) -> Counter[Stratum]:
    """Alerts by night and classes.

    Spark's own way to count while writing (``DataFrame.observe``) never completes on the batch Kafka sink.
    """
    counts = selected.groupBy(*STRATUM).agg(F.count("*").alias("alerts"))
    return Counter({_stratum(row): row.alerts for row in counts.collect()})


def find_matches(selected: DataFrame, ids: Ids) -> Matches:
    """Count the selected alerts, and learn where they are.

    Parameters
    ----------
    ids
        Of the rows that they are selected from.
    """
    if ids.span is None:
        return Matches(Counter(), frozenset(), ())
    lowest, highest = ids.span
    width = (highest - lowest) // BUCKETS + 1
    bucket = F.expr(f"CAST((candid - {lowest}L) DIV {width}L AS int)")
    by_file = selected.groupBy(FILE, *STRATUM).agg(F.count("*").alias("alerts"), F.collect_set(bucket).alias("buckets"))
    counts: Counter[Stratum] = Counter()
    files, buckets = set(), set()
    for row in by_file.collect():
        counts[_stratum(row)] += row.alerts
        files.add(row[FILE])
        buckets.update(row.buckets)
    ranges = ((lowest + each * width, lowest + (each + 1) * width - 1) for each in sorted(buckets))
    return Matches(counts, frozenset(files), merged(ranges, MOST_RANGES))


def merged(ranges: Iterable[tuple[int, int]], most: int) -> tuple[tuple[int, int], ...]:
    """At most so many ranges that hold all of these (in order, apart), over the narrowest gaps."""
    found = list(ranges)
    gaps = sorted((after[0] - before[1], n) for n, (before, after) in enumerate(pairwise(found)))
    kept = sorted(n for gap, n in gaps[max(len(gaps) - most + 1, 0) :] if gap > 1) if most > 1 else []
    starts, ends = [0, *(n + 1 for n in kept)], [*kept, len(found) - 1]
    return tuple((found[start][0], found[end][1]) for start, end in zip(starts, ends, strict=True)) if found else ()


def _name(path: str) -> str:
    return "/".join(path.split("/")[-4:])  # year=/month=/day=/file, however the archive's address is written


def _stratum(row: Any) -> Stratum:
    night, finkclass, tnsclass = (row[name] for name in STRATUM)
    return night, finkclass, tnsclass
