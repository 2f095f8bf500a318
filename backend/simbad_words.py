"""SIMBAD's object types in words, for those who do not know its labels by heart."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from backend.simbad_types import newest_spelling, spellings

TABLE = "simbad_words.csv"
"""Label of a confirmed type -> words, after https://simbad.cds.unistra.fr/guide/otypes.htx."""
_CANDIDATE = "_Candidate"


def in_words(name: str) -> str:
    """What a label of SIMBAD means, in any of its spellings; empty for one that is not known.

    Examples
    --------
    >>> in_words("RRLyr"), in_words("Candidate_EB*"), in_words("Fail 503")
    ('RR Lyrae variable', 'eclipsing binary, candidate', '')
    """
    if words := _known(name):
        return words
    newest = newest_spelling(name)
    confirmed = _known(newest.removesuffix(_CANDIDATE)) if newest.endswith(_CANDIDATE) else ""
    return f"{confirmed}, candidate" if confirmed else ""


def _known(name: str) -> str:
    return next((words for each in reversed(spellings(name)) if (words := _words().get(each))), "")


@cache
def _words() -> dict[str, str]:
    with (files("backend") / TABLE).open(encoding="utf-8") as table:
        return {row["type"]: row["words"] for row in csv.DictReader(table)}
