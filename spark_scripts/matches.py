"""How many alerts match, and in which files: a pass over what selects them, and no other column."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import unquote

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_scripts.archive import FILE, NightFiles
from spark_scripts.selection import STRATUM

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
    """

    counts: Counter[Stratum]
    files: frozenset[str]

    def within(self, found: NightFiles) -> NightFiles:
        """Those of the files that have matches."""
        names = {_name(unquote(file)) for file in self.files}
        files = {
            night: tuple(file for file in those if _name(file.path) in names) for night, those in found.files.items()
        }
        return replace(found, files={night: those for night, those in files.items() if those})


def count_strata(selected: DataFrame) -> Counter[Stratum]:
    """Alerts by night and classes.

    Spark's own way to count while writing (``DataFrame.observe``) never completes on the batch Kafka sink.
    """
    counts = selected.groupBy(*STRATUM).agg(F.count("*").alias("alerts"))
    return Counter({_stratum(row): row.alerts for row in counts.collect()})


def find_matches(selected: DataFrame) -> Matches:
    """Count the selected alerts, and learn in which files they are."""
    counts: Counter[Stratum] = Counter()
    files = set()
    for row in selected.groupBy(FILE, *STRATUM).agg(F.count("*").alias("alerts")).collect():
        counts[_stratum(row)] += row.alerts
        files.add(row[FILE])
    return Matches(counts, frozenset(files))


def _name(path: str) -> str:
    return "/".join(path.split("/")[-4:])  # year=/month=/day=/file, however the archive's address is written


def _stratum(row: Any) -> Stratum:
    night, finkclass, tnsclass = (row[name] for name in STRATUM)
    return night, finkclass, tnsclass
