"""What a verification says: pairs of places that were compared, and in what they differ. Pure: nothing is read here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pydantic import BaseModel, ConfigDict

from backend.class_counts import ClassCounts
from backend.frozen import Frozen

EXAMPLES = 20
"""Differences of each kind that are named."""


class AlertPlace(Frozen):
    """An alert that differs, or a message without a readable one: where it is, as far as that is known."""

    candid: int | None = None
    night: date | None = None
    partition: int | None = None
    offset: int | None = None


class Named(Frozen):
    """How many, and the first of them."""

    count: int = 0
    examples: tuple[AlertPlace, ...] = ()


class NamedFiles(Frozen):
    """How many files, and the first of them."""

    count: int = 0
    examples: tuple[str, ...] = ()


class Difference(Frozen):
    """One thing that is not as it should be.

    Attributes
    ----------
    kind
        ``missing``, ``extra``, ``altered``; or in a word what else: ``partial``, ``expired``, ``count``.
    count
        Alerts, messages or files that it is about.
    """

    kind: str
    count: int
    sentence: str
    examples: tuple[AlertPlace, ...] = ()


class Comparison(Frozen):
    """Two places, and what was found.

    Attributes
    ----------
    between
        ``receipt and topic``, ``archive and topic``, ``topic and store NAME``.
    found
        What was compared, or why it was not, in a sentence.
    notes
        What is no difference and may explain one.
    """

    between: str
    found: str
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


class Verification(Frozen):
    """All comparisons of one transfer."""

    id: str
    topic: str
    comparisons: tuple[Comparison, ...]

    @property
    def agrees(self) -> bool:
        """Whether archive, receipt, topic and stores agree."""
        return all(comparison.agrees for comparison in self.comparisons)


class ArchiveAnswer(BaseModel):
    """What the job says that makes the alerts again from the archive; ``failure`` when it could not."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    failure: str = ""
    missing: Named = Named()
    extra: Named = Named()
    altered: Named = Named()
    undecoded: Named = Named()
    same: int = 0
    messages: int = 0
    """Messages with a readable ``candid``."""
    too_large: tuple[int, ...] = ()
    counts: ClassCounts = ()
    """The alerts that should be on the topic."""
    nights_missing: tuple[date, ...] = ()
    files_unreadable: tuple[str, ...] = ()
    files_newer: NamedFiles = NamedFiles()
    tns_catalogue: str = ""
    schema_fingerprint: str = ""


class StoreAnswer(Frozen):
    """What the comparison of a topic with a store found.

    Attributes
    ----------
    stored, repeated
        Alerts in the store, and how many of them are there more than once.
    unread
        Alerts of the topic that lie behind the place where reading was stopped.
    expired
        Messages that the topic does not have any more: what came with them cannot be told from what is extra.
    """

    stored: int
    repeated: int = 0
    unread: int = 0
    expired: int = 0
    missing: Named = Named()
    extra: Named = Named()
    altered: Named = Named()


def present(differences: Iterable[Difference | None]) -> tuple[Difference, ...]:
    """The differences that there are."""
    return tuple(each for each in differences if each is not None)


def named(kind: str, those: Named, sentence: str) -> Difference | None:
    """A difference about some alerts; None when there are none.

    Parameters
    ----------
    sentence
        What is said of them, after their number.
    """
    if not those.count:
        return None
    return Difference(kind=kind, count=those.count, sentence=f"{those.count:,} {sentence}", examples=those.examples)
