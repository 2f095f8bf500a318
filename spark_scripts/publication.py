"""Publishing the alerts of a transfer: portion after portion of its nights, each read, published and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_scripts.archive import NightFiles
from spark_scripts.content import Content, encoded
from spark_scripts.damaged_files import despite_damage, find_damaged, whole_alerts
from spark_scripts.job_report import JobReport
from spark_scripts.matches import Stratum, count_strata, find_matches
from spark_scripts.repeated_alerts import Ids, look_at_ids, repeated_places, without_places
from spark_scripts.selection import CLASSES, Part
from spark_scripts.session import divide_among_cores
from spark_scripts.source import Source
from spark_scripts.stopwatch import Stopwatch
from spark_scripts.topic_writer import publish_alerts


@dataclass
class Published:
    """What has been published so far.

    Attributes
    ----------
    counts
        Alerts by night and classes.
    repeated
        Rows that were left out because another one has the same ``candid``.
    too_large
        ``candid`` of each alert that was too large for a message; in `counts` they are not.
    damaged
        (file, what of it could be read).
    """

    counts: Counter[Stratum] = field(default_factory=Counter)
    repeated: int = 0
    too_large: set[int] = field(default_factory=set)
    damaged: list[tuple[str, str]] = field(default_factory=list)


def nights_in(found: NightFiles) -> int:
    """How many nights have files."""
    return len(found.files)


def files_in(found: NightFiles) -> int:
    """How many files these are."""
    return sum(map(len, found.files.values()))


class Publication:
    """Publishes what a plan asks for.

    Parameters
    ----------
    content
        What is sent of each alert.
    part
        Which of the alerts that match.
    """

    def __init__(self, source: Source, content: Content, part: Part, report: JobReport, watch: Stopwatch) -> None:
        self._source, self._part, self._report, self._watch = source, part, report, watch
        self._value = encoded(content)
        # Images are gzipped already: to try harder costs more time than all else, and gains next to nothing.
        self._compression = "lz4" if content.is_heavy else "zstd"
        plan = source.plan
        is_selective = any((plan.finkclasses, plan.tnsclasses, plan.conditions, plan.region, plan.sample, plan.limit))
        sent = {name for name, _ in plan.content.columns}
        self._sends_classes = plan.content.others or sent.issuperset(CLASSES)
        self._looks_first = content.is_heavy and is_selective
        self._earlier: list[Ids] = []
        self._looked_at: Future[Ids] | None = None

    def publish(self, portions: Sequence[NightFiles], first_ids: Future[Ids]) -> Published:
        """Publish the alerts of these files; of those with the same ``candid`` the first by night, file and row.

        Parameters
        ----------
        first_ids
            Of the first portion, looked at meanwhile.

        Raises
        ------
        Cancelled
            When the job shall end.
        """
        published, nights_done, files_done = Published(), 0, 0
        self._looked_at = first_ids
        nights, files = (sum(map(count, portions)) for count in (nights_in, files_in))
        self._report.note(step="publishing", nights=nights, files=files)
        for portion in portions:
            despite_damage(self._source.spark, partial(self._publish_portion, portion, published))
            nights_done, files_done = nights_done + nights_in(portion), files_done + files_in(portion)
            self._report.note(nights_done=nights_done, files_done=files_done)
        self._report.note(step="counting")
        return published

    def _publish_portion(self, portion: NightFiles, published: Published, is_damaged: bool) -> None:
        rows = self._source.rows(portion)
        if is_damaged:
            alerts = self._source.with_classes(rows)
            published.damaged.extend(find_damaged(rows, alerts, self._value))
            readable = whole_alerts(alerts, self._value)  # one that cannot be read must not stand for one that can
        else:
            divide_among_cores(self._source.spark)
            readable = rows
        with self._watch.lap("ids"):
            ids = self._ids(readable)
            places = repeated_places(ids, self._earlier)
        selected = self._selected(without_places(rows, places))
        try:
            if is_damaged:
                counts = self._publish_selected(whole_alerts(selected, self._value), portion)
            elif self._looks_first:
                counts = self._publish_found(selected, portion, places)
            else:
                counts = self._publish_selected(selected, portion)
            published.counts.update(counts - self._too_large(selected, published))
            published.repeated += places.count() if places else 0
        finally:
            if places:
                places.unpersist()
        self._earlier.append(ids)

    def _ids(self, rows: DataFrame) -> Ids:
        looked_at, self._looked_at = self._looked_at, None  # also when it fails, for there is a second attempt
        return looked_at.result() if looked_at else look_at_ids(rows)

    def _publish_selected(self, selected: DataFrame, portion: NightFiles) -> Counter[Stratum]:
        if not self._sends_classes:  # damage that only the count would meet must be met before anything is published
            counts = self._counted(selected)
            self._write(selected, portion)
            return counts
        self._write(selected, portion)
        return self._counted(selected)

    def _counted(self, selected: DataFrame) -> Counter[Stratum]:
        with self._watch.lap("count"):
            return count_strata(selected)

    def _publish_found(self, selected: DataFrame, portion: NightFiles, places: DataFrame | None) -> Counter[Stratum]:
        """Look first where the alerts are, then read in full only the files that have some."""
        with self._watch.lap("look"):
            matches = find_matches(selected)
        if matches.files:
            holding = self._source.rows(matches.within(portion))
            self._write(self._selected(without_places(holding, places)), portion)
        return matches.counts

    def _write(self, selected: DataFrame, portion: NightFiles) -> None:
        self._report.note(files_under_way=files_in(portion))
        with self._watch.lap("publish"):
            publish_alerts(selected, self._value, self._source.plan, self._compression)

    def _too_large(self, selected: DataFrame, published: Published) -> Counter[Stratum]:
        """Count those of these alerts that were too large for a message, and have not been counted before."""
        new = [alert["candid"] for alert in self._report.too_large() if alert["candid"] not in published.too_large]
        published.too_large.update(new)
        return count_strata(selected.filter(F.col("candid").isin(new))) if new else Counter()

    def _selected(self, rows: DataFrame) -> DataFrame:
        return self._source.matching(rows).filter(self._part.predicate)
