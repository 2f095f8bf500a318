"""What is known of an archive from its statistics: nights, classes and sizes, and what a request would bring."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np

from backend.alert_classes import wanted_classes
from backend.alert_schema import Survey, content_plan, survey
from backend.class_nights import ClassNights
from backend.condition_sentinels import holds_sentinel, sentinel_columns
from backend.conditions import Condition, parse_conditions
from backend.estimate import Looked, counts_by_label, estimate, estimated_alerts, mean_sizes
from backend.field_years import FieldYears
from backend.models import ArchiveNights, Content, Estimate, TransferRequest
from backend.region import Region
from backend.region_sql import duckdb_predicate
from backend.sample_files import SampleFiles
from backend.sample_table import SampleTable
from backend.shared_files import WITHOUT_HDFS, SharedFiles
from backend.statistics import Snapshot, Statistics
from backend.statistics_job import sample_columns

CLASS_COLUMNS = ("finkclass", "tnsclass")


class SentinelCount(NamedTuple):
    """So many alerts fulfil a condition with -999 in this field."""

    condition: Condition
    path: str
    alerts: int


def example_columns(survey: Survey, conditions: Sequence[Condition]) -> tuple[str, ...]:
    """What is shown of an alert that matches: which it is, where and how bright, and what the conditions look at."""
    detection = (f"{survey.detection}.{name}" for name in survey.stamp_position)
    used = (path for each in conditions for path in each.columns)
    wanted = (survey.object_id, survey.alert_id, *CLASS_COLUMNS, *detection, *used)
    there = {*sample_columns(survey), *CLASS_COLUMNS}
    return tuple(path for path in dict.fromkeys(wanted) if path in there)


class ArchiveEstimates:
    """Answers from counts and sample; nothing is known until the statistics job has run.

    Parameters
    ----------
    folder
        Address of the archive's folder of statistics.
    cache
        Folder for copies of the sample; not used when the statistics are on this machine.
    files
        Opens the folder.

    Raises
    ------
    InvalidSettings
        There is no way to such an address.
    """

    def __init__(self, folder: str, survey_name: str, cache: Path, files: SharedFiles = WITHOUT_HDFS) -> None:
        self._statistics = Statistics(folder, files)
        self._files = SampleFiles(*self._statistics.place, cache)
        self._sample = SampleTable(self._files.folder, survey(survey_name).alert_id)

    def nights(self) -> ArchiveNights:
        """The nights with data; empty until the statistics job has run."""
        return self._statistics.snapshot().nights

    def class_counts(self, nights: Sequence[date]) -> dict[str, int]:
        """Label as a user chooses it -> alerts of these nights, the most frequent first."""
        return counts_by_label(self._statistics.snapshot().counts.of_nights(nights))

    def content_sizes(self, nights: Sequence[date]) -> dict[Content, float]:
        """Mean bytes of an alert of these nights, in each content; empty where nothing is known."""
        return mean_sizes(self._statistics.snapshot().counts.of_nights(nights))

    def field_years(self) -> FieldYears:
        """In which years the archive has each field."""
        return self._statistics.snapshot().field_years

    def tns_labels(self) -> frozenset[str]:
        """The labels of TNS types that alerts of this archive have."""
        return self._statistics.snapshot().counts.tnsclasses()

    def tns_catalogues(self) -> tuple[str, ...]:
        """Versions of the catalogue that ``tnsclass`` was made with; empty: there is none, and no TNS class."""
        return self._statistics.snapshot().tns_catalogues

    def estimate(self, request: TransferRequest) -> Estimate:
        """What the request would bring.

        Raises
        ------
        InvalidRequest
            A class, a condition or the content is not valid.
        ServiceUnavailable
            The statistics are there and cannot be read.
        """
        its_survey, nights = survey(request.survey), request.every_night()
        content_plan(its_survey, request.content)
        conditions = parse_conditions(request.conditions, its_survey)
        snapshot = self._statistics.snapshot()
        of_nights = snapshot.counts.of_nights(nights)
        wanted = wanted_classes(request.classes, snapshot.counts.tnsclasses())
        chosen = of_nights.of_classes(wanted)
        looked = self._look(snapshot, chosen, its_survey, conditions, request.region)
        known = snapshot.nights
        return estimate(of_nights, nights, known, wanted, request.content, looked, request.sample)

    def sentinel_counts(self, request: TransferRequest) -> tuple[SentinelCount, ...]:
        """How many alerts fulfil a condition only as a number that means "no value" is compared in it.

        Of the chosen nights and classes, whatever the other conditions are; those without such alerts are left out.

        Raises
        ------
        InvalidRequest
            A class or a condition is not valid.
        ServiceUnavailable
            The statistics are there and cannot be read.
        """
        conditions = parse_conditions(request.conditions, survey(request.survey))
        asked = [
            (condition, path, predicate)
            for condition in conditions
            for path in sentinel_columns(condition)
            if (predicate := holds_sentinel(condition, path))
        ]
        snapshot = self._statistics.snapshot()
        wanted = wanted_classes(request.classes, snapshot.counts.tnsclasses())
        chosen = snapshot.counts.of_nights(request.every_night()).of_classes(wanted)
        if not asked or not len(chosen.night):
            return ()
        rows = self._sample.count_each(
            chosen, self._files.of(snapshot.sample), [predicate for _, _, predicate in asked]
        )
        alerts = estimated_alerts(chosen, rows)
        return tuple(
            SentinelCount(condition, path, round(number))
            for (condition, path, _), number in zip(asked, alerts, strict=True)
            if number
        )

    def _look(
        self,
        snapshot: Snapshot,
        chosen: ClassNights,
        its_survey: Survey,
        conditions: Sequence[Condition],
        region: Region | None,
    ) -> Looked:
        """Look at the sample, where there is something to look for."""
        not_counted = tuple(
            f"Line {each.line} is not counted: {each.not_counted}." for each in conditions if each.duckdb_sql is None
        )
        predicates = [each.duckdb_sql for each in conditions if each.duckdb_sql is not None]
        if region is not None:
            predicates.append(duckdb_predicate(region))
        if not predicates or not len(chosen.night):
            return Looked(not_counted=not_counted)
        files = self._files.of(snapshot.sample)
        matching = self._sample.matching(chosen, files, predicates)
        of_examples = chosen.where(np.isin(chosen.night, matching.example_nights))
        columns = example_columns(its_survey, conditions)
        examples = self._sample.values(of_examples, files, matching.examples, columns)
        return Looked(matching.rows, examples, not_counted)

    def look_again(self) -> None:
        """Have the next question see what was written just now."""
        self._statistics.look_again()
