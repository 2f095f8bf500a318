"""What moves between the parts: request, plan, transfer, estimate. All frozen; all JSON on the outside."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pydantic import ConfigDict, Field

from backend.class_counts import ClassCount
from backend.frozen import Frozen
from backend.job_size import JobResources, JobSize
from backend.nights import Nights, every_night
from backend.receipt import Receipt
from backend.region import Region
from backend.sample import Sample


class Content(StrEnum):
    """The ready-made contents of a transfer."""

    LIGHTCURVE = "lightcurve"
    MEDIUM = "medium"
    CUTOUTS = "cutouts"
    FULL = "full"


class Phase(StrEnum):
    """Where a transfer stands, in the words of the IVOA's Universal Worker Service."""

    QUEUED = "QUEUED"
    EXECUTING = "EXECUTING"
    COMPLETED = "COMPLETED"
    ERROR = "ERROR"
    ABORTED = "ABORTED"
    UNKNOWN = "UNKNOWN"

    @property
    def is_final(self) -> bool:
        """Whether the job will not publish anything more."""
        return self in (Phase.COMPLETED, Phase.ERROR, Phase.ABORTED)


class TransferRequest(Frozen):
    """What the user asks for, as typed. The same form is the YAML of a request file."""

    survey: str = "ztf"
    nights: Nights
    classes: tuple[str, ...] = ()
    region: Region | None = None
    conditions: str = ""
    content: Content | tuple[str, ...] = Content.LIGHTCURVE
    sample: Sample | None = None
    job_size: JobSize = JobSize.SMALL

    def every_night(self) -> tuple[date, ...]:
        """The nights of all ranges, each once, in order."""
        return every_night(self.nights)


class SentColumn(Frozen):
    """One column of the sent alert: its name there, and the archive's field it comes from."""

    name: str
    source: str


class ContentPlan(Frozen):
    """What is sent: the named columns, then (if ``others``) every other root column that is not in ``without``."""

    name: str
    columns: tuple[SentColumn, ...] = ()
    others: bool = False
    without: tuple[str, ...] = ()


class KafkaTarget(Frozen):
    """Where the job publishes.

    Attributes
    ----------
    options
        How its clients get in, in the words of Kafka's Java clients. Secrets are not among them.
    public_servers
        Addresses at which anybody may read; empty: none but those.
    """

    bootstrap_servers: str
    options: dict[str, str] = Field(default_factory=dict)
    public_servers: str = ""
    partitions: int = 10
    max_message_bytes: int = 10_000_000


class TransferPlan(Frozen):
    """The only argument of the Spark job; everything is decided here, the job executes it.

    The log keeps plans: those of an earlier version may have fields that are gone.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    topic: str
    survey: str
    archive_uri: str
    nights: tuple[date, ...]
    finkclasses: tuple[str, ...] = ()
    tnsclasses: tuple[str, ...] = ()
    """An alert is selected when one of its two classes is among these; both empty: all."""
    conditions: tuple[str, ...] = ()
    region: Region | None = None
    sample: Sample | None = None
    content: ContentPlan
    limit: int | None = None
    schema_ddl: str = ""
    """The survey's columns, to which the files of all years are aligned, as Spark writes a schema."""
    tns_catalogue_uri: str | None = None
    statistics_uri: str = ""
    """Folder in which the statistics job keeps what it knows of the archive's files; empty: none."""
    kafka: KafkaTarget
    schema_copies: int = 1000
    resources: JobResources | None = None
    """What the job asks for; None in plans of an earlier version."""
    request: dict[str, Any] = Field(default_factory=dict)
    """The request as typed, for the receipt."""


class Transfer(Frozen):
    """One transfer as the log knows it."""

    id: str
    topic: str
    user: str
    request: TransferRequest
    plan: TransferPlan
    is_test: bool = False
    submitted_at: datetime
    phase: Phase = Phase.QUEUED
    batch_id: int | None = None
    message: str = ""
    """One sentence on how it failed or why it waits; empty when there is nothing to say."""
    receipt: Receipt | None = None
    expires_at: datetime

    @property
    def job_size(self) -> JobSize:
        """Of its job: a test is small, whatever the request says."""
        return JobSize.SMALL if self.is_test else self.request.job_size


class Bounds(Frozen):
    """Between these numbers, both included, the true one lies with 95 %."""

    lowest: int
    highest: int


class Estimate(Frozen):
    """What a request would bring, from the statistics of the archive.

    Where nothing in the sample of the archive matches, `alerts` is 0 and ``bounds.highest`` says how many there may be
    nevertheless.
    """

    alerts: int
    """To be sent. Without the conditions in `not_counted`: with those, it is an upper bound."""
    alerts_of_nights: int
    """All alerts of the chosen nights, whatever their class."""
    size_bytes: int
    bytes_per_alert: float = 0.0
    """Mean size; also where `alerts` is 0. 0 where nothing is known."""
    bounds: Bounds | None = None
    """None: `alerts` is not estimated but counted."""
    counts: tuple[ClassCount, ...] = ()
    """The alerts per night and class; their sum is `alerts`. Of many classes, the seldom ones are one: ``others``."""
    sample_rows: int = 0
    """Alerts in the sample of the chosen nights and classes."""
    matching_rows: int = 0
    """Those of them that fulfil the conditions and lie in the region."""
    examples: tuple[dict[str, Any], ...] = ()
    """Some of those: path of a field -> its value."""
    not_counted: tuple[str, ...] = ()
    """A sentence for each condition that the sample cannot tell of."""
    nights_without_data: tuple[date, ...] = ()
    nights_unknown: tuple[date, ...] = ()
    """Nights that the statistics do not cover yet."""
    is_exact: bool = True
    """Whether `alerts` is the true number, or as near as the statistics are recent."""

    @property
    def at_most(self) -> int | None:
        """How many alerts there may be, where no more can be said: nothing matched, or not all was counted."""
        if not self.not_counted and (self.alerts or self.bounds is None):
            return None
        return self.alerts if self.bounds is None else self.bounds.highest

    @property
    def most_bytes(self) -> int:
        """The size if there are as many alerts as there may be."""
        return self.size_bytes if self.bounds is None else round(self.bounds.highest * self.bytes_per_alert)


class ArchiveNights(Frozen):
    """What the statistics know of the archive; empty until the statistics job has run."""

    nights: tuple[date, ...] = ()
    """Nights with data, in order."""
    updated_at: datetime | None = None

    @property
    def is_known(self) -> bool:
        """Whether the statistics have been made."""
        return self.updated_at is not None


class ServiceHealth(Frozen):
    """Whether a service answers, and what to do if it does not."""

    service: str
    problem: str = ""

    @property
    def is_healthy(self) -> bool:
        """Whether there is no problem."""
        return not self.problem
