"""What is known of a simulated archive, for tests of the pages: the signatures of `ArchiveFacts`, nothing contacted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pyarrow as pa

from backend.alert_classes import UNKNOWN, label_of, wanted_classes
from backend.alert_schema import content_plan, survey
from backend.archive_estimates import SentinelCount
from backend.class_counts import ClassCount
from backend.condition_sentinels import sentinel_columns
from backend.conditions import parse_conditions
from backend.field_years import FieldYears
from backend.models import ArchiveNights, Bounds, Content, Estimate, TransferRequest
from tests.support.simulated_alerts import night_of

SIZES = {Content.LIGHTCURVE: 1_020.0, Content.MEDIUM: 13_100.0, Content.CUTOUTS: 39_400.0, Content.FULL: 52_300.0}
CLASSES = ("finkclass", "tnsclass")
EXAMPLES = 10


@dataclass
class ArchiveDouble:
    """An archive of these alerts, with their classes."""

    table: pa.Table
    is_counted: bool = True
    has_tns: bool = True
    sentinels: int = 0

    @property
    def is_simulated(self) -> bool:
        """Whether the page says so."""
        return True

    def nights(self) -> ArchiveNights:
        """The nights of the simulated archive."""
        return (
            ArchiveNights(nights=self.every_night(), updated_at=datetime.now(UTC))
            if self.is_counted
            else ArchiveNights()
        )

    def class_counts(self, nights: Sequence[date]) -> dict[str, int]:
        """Label -> alerts."""
        counts: dict[str, int] = {}
        for each in self._counts(nights) if self.is_counted else ():
            names = (label_of(each.finkclass), each.tnsclass)
            for name in dict.fromkeys(name for name in names if name != UNKNOWN or names == (UNKNOWN, UNKNOWN)):
                counts[name] = counts.get(name, 0) + each.alerts
        return counts

    def content_sizes(self, nights: Sequence[date]) -> dict[Content, float]:
        """Mean size of an alert, in bytes."""
        return SIZES if self.is_counted else {}

    def estimate(self, request: TransferRequest) -> Estimate:
        """As the statistics would have it."""
        its_survey = survey(request.survey)
        content_plan(its_survey, request.content)
        conditions = parse_conditions(request.conditions, its_survey)
        wanted = wanted_classes(request.classes)
        asked = request.every_night()
        if not self.is_counted:
            return Estimate(alerts=0, alerts_of_nights=0, size_bytes=0, nights_unknown=asked, is_exact=False)
        every = tuple(self._counts(asked))
        chosen = tuple(
            each
            for each in every
            if not request.classes or each.finkclass in wanted.finkclasses or each.tnsclass in wanted.tnsclasses
        )
        alerts = sum(each.alerts for each in chosen)
        size = SIZES[request.content] if isinstance(request.content, Content) else 300.0
        return Estimate(
            alerts=alerts,
            alerts_of_nights=sum(each.alerts for each in every),
            size_bytes=int(alerts * size),
            counts=chosen,
            nights_without_data=tuple(night for night in asked if night not in self.every_night()),
            bytes_per_alert=size,
            bounds=Bounds(lowest=alerts // 2, highest=alerts) if conditions else None,
            sample_rows=alerts,
            matching_rows=alerts,
            examples=tuple(self._examples(chosen)) if conditions else (),
            not_counted=tuple(each.not_counted for each in conditions if each.not_counted),
            is_exact=not conditions,
        )

    def sentinel_counts(self, request: TransferRequest) -> tuple[SentinelCount, ...]:
        """As many as a test says, in each field that is compared."""
        conditions = parse_conditions(request.conditions, survey(request.survey))
        found = ((each, path) for each in conditions for path in sentinel_columns(each))
        return tuple(SentinelCount(each, path, self.sentinels) for each, path in found if self.sentinels)

    def field_years(self) -> FieldYears:
        """The year of the simulated nights, in which nothing is absent."""
        return FieldYears(years=(2024,)) if self.is_counted else FieldYears()

    def tns_catalogues(self) -> tuple[str, ...]:
        """One, unless a test took it away."""
        return ("2026-01-01",) if self.has_tns else ()

    def start_statistics(self) -> None:
        """Count the archive."""
        self.is_counted = True

    def statistics_state(self) -> str:
        """One sentence."""
        return "Counted 4 nights on 2024-09-06." if self.is_counted else "The archive has not been counted yet."

    def every_night(self) -> tuple[date, ...]:
        """The nights that have alerts."""
        return tuple(sorted(set(night_of(self.table))))

    def _counts(self, nights: Sequence[date]) -> Iterator[ClassCount]:
        keys = zip(night_of(self.table), *(self.table[name].to_pylist() for name in CLASSES), strict=True)
        counted: dict[tuple[date, str, str], int] = {}
        for key in keys:
            if key[0] in nights:
                counted[key] = counted.get(key, 0) + 1
        for (night, fink, tns), alerts in sorted(counted.items()):
            yield ClassCount(night=night, finkclass=fink, tnsclass=tns, alerts=alerts)

    def _examples(self, chosen: Sequence[ClassCount]) -> Iterator[dict[str, object]]:
        names = {each.finkclass for each in chosen}
        for row in self.table.select(["objectId", "candid", "finkclass"]).slice(0, EXAMPLES).to_pylist():
            if row["finkclass"] in names:
                yield row
