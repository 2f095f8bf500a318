"""SIMBAD's object types: each has been spelled in up to three ways over the years, and archives hold all of them."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

TABLE = "simbad_types.csv"
"""SIMBAD's code of each type that has several spellings, and these, oldest first, between bars.

The first two are SIMBAD's own table of labels (https://simbad.cds.unistra.fr/guide/otypes.labels.txt); the third, of
candidates, is what it writes since: the label of the confirmed type with ``_Candidate``.
"""


def spellings(name: str) -> tuple[str, ...]:
    """All spellings of the type that one of them is of, oldest first; `name` alone if it has no other."""
    return _spellings_of().get(name, (name,))


def newest_spelling(name: str) -> str:
    """How SIMBAD spells the type today, as far as we know."""
    return spellings(name)[-1]


@cache
def _spellings_of() -> dict[str, tuple[str, ...]]:
    with (files("backend") / TABLE).open(encoding="utf-8") as table:
        types = [tuple(row["spellings"].split("|")) for row in csv.DictReader(table)]
    return {name: names for names in types for name in names}
