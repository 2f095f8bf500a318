"""What is published of files that cannot be read in full, or not at all: the job's own way, but for Kafka."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import Column, DataFrame, SparkSession

from backend.alert_schema import survey
from simulator.archive import night_folder, simulate_archive
from spark_scripts.plan import TransferPlan
from spark_scripts.portions import portions_of
from spark_scripts.publication import Publication, Published
from spark_scripts.repeated_alerts import look_at_ids
from spark_scripts.selection import Part
from spark_scripts.source import open_source
from spark_scripts.stopwatch import Stopwatch
from tests.support.archives import DAMAGED_AFTER, nights_of, write_damaged
from tests.support.plans import a_plan

NIGHT, ALERTS = date(2024, 9, 1), 60


class Report:
    """Nobody looks."""

    def note(self, **changes: Any) -> None:
        pass

    def too_large(self) -> list[dict[str, int]]:
        return []


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A night in two files with the same alerts."""
    folder = tmp_path / "archive"
    simulate_archive(folder, (NIGHT,), ALERTS, stamps="none")
    pq.write_table(nights_of(folder, NIGHT), night_folder(folder, NIGHT) / "part-00001.snappy.parquet")
    return folder


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """``candid`` of each alert that would have gone to Kafka."""
    found: list[int] = []

    def keep(alerts: DataFrame, value: Column, plan: TransferPlan, compression: str) -> None:
        found.extend(row.candid for row in alerts.select("candid", value.alias("value")).collect())

    monkeypatch.setattr("spark_scripts.publication.publish_alerts", keep)
    return found


def publish(spark: SparkSession, archive: Path) -> Published:
    plan = a_plan(str(NIGHT), archive_uri=str(archive), schema_ddl=survey("ztf").ddl)
    source = open_source(spark, plan)
    (portion,) = portions_of(source.found)
    with ThreadPoolExecutor(1) as beside:
        first_ids = beside.submit(look_at_ids, source.rows(portion))
        _spoil_what_was_planned(archive)
        publication = Publication(source, source.content(portion), Part(), Report(), Stopwatch())  # type: ignore[arg-type]
        return publication.publish([portion], first_ids)


def _spoil_what_was_planned(archive: Path) -> None:
    """Files named so are no Parquet any more once the job has planned."""
    for file in archive.rglob("part-00002*"):
        file.write_bytes(b"gone")


def test_of_a_repeated_alert_the_copy_that_can_be_read_is_sent(
    spark: SparkSession, archive: Path, sent: list[int]
) -> None:
    alerts = nights_of(archive, NIGHT).slice(0, 2 * ALERTS)
    candids = sorted(set(alerts["candid"].to_pylist()))
    first, second = sorted(night_folder(archive, NIGHT).glob("*.parquet"))
    write_damaged(first, pq.read_table(second, partitioning=None), "candidate.rb")
    published = publish(spark, archive)
    assert sorted(sent[-ALERTS:]) == candids
    assert sum(published.counts.values()) == ALERTS
    assert published.repeated == DAMAGED_AFTER
    assert [Path(file).name for file, _ in published.damaged] == [first.name]


def test_a_file_that_cannot_be_opened_any_more_ends_the_job(
    spark: SparkSession, archive: Path, sent: list[int]
) -> None:
    first, _ = sorted(night_folder(archive, NIGHT).glob("*.parquet"))
    first.rename(first.with_name("part-00002.snappy.parquet"))
    with pytest.raises(Py4JJavaError, match="part-00002"):
        publish(spark, archive)
    assert sent == []
