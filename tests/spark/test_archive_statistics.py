"""The statistics job on a small simulated archive; the estimates that come of it beside what jobs would publish."""

from __future__ import annotations

import random
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from backend.alert_classes import wanted_classes
from backend.alert_schema import content_plan, survey
from backend.estimate import counts_by_label, estimate
from backend.models import Content
from backend.statistics import Statistics
from simulator.archive import night_folder, simulate_archive
from spark_scripts.archive import find_night_files, read_nights
from spark_scripts.archive_statistics import StatisticsPlan, update_statistics
from spark_scripts.content import encoded, sent_content
from spark_scripts.plan import read_content
from spark_scripts.receipt import count_alerts
from spark_scripts.selection import select_alerts, with_classes
from tests.support.plans import a_plan

NIGHTS = tuple(date(2024, 9, 1) + timedelta(days=number) for number in range(4))
ALERTS_PER_NIGHT = 150
CONTENTS = {
    str(content): read_content(content_plan(survey("ztf"), content).model_dump(mode="json")) for content in Content
}
REQUESTS = 20


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three nights; the fourth comes later."""
    folder = tmp_path_factory.mktemp("archive")
    simulate_archive(folder, NIGHTS[:3], ALERTS_PER_NIGHT)
    return folder


@pytest.fixture(scope="module")
def counted(spark: SparkSession, archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Statistics of the three nights."""
    folder = tmp_path_factory.mktemp("statistics")
    assert update_statistics(spark, _plan(archive, folder)) == 3
    return folder


def _plan(archive: Path, folder: Path, *, refresh: bool = False) -> StatisticsPlan:
    return StatisticsPlan(str(archive), str(folder), CONTENTS, refresh)


def test_requests_without_conditions_are_estimated_exactly(spark: SparkSession, archive: Path, counted: Path) -> None:
    statistics = Statistics(counted.as_uri())
    labels = list(counts_by_label(statistics.counts(NIGHTS)))
    choose = random.Random(1)
    for _ in range(REQUESTS):
        nights = tuple(sorted(choose.sample(NIGHTS, choose.randint(1, 4))))
        wanted = wanted_classes(tuple(choose.sample(labels, choose.randint(0, 4))))
        expected = estimate(
            statistics.counts(nights), nights, statistics.nights(), wanted, Content.FULL, has_conditions=False
        )
        plan = a_plan(finkclasses=wanted.finkclasses, tnsclasses=wanted.tnsclasses)
        frame = read_nights(spark, str(archive), find_night_files(spark, str(archive), nights))
        published = [] if frame is None else count_alerts(select_alerts(with_classes(frame), plan), [])
        assert expected.is_exact
        assert expected.alerts == sum(count["alerts"] for count in published), (nights, wanted)
        assert {(str(c.night), c.finkclass): c.alerts for c in expected.counts} == {
            (count["night"], count["finkclass"]): count["alerts"] for count in published
        }


def test_sizes_are_those_of_the_encoded_alerts(spark: SparkSession, archive: Path, counted: Path) -> None:
    # All alerts of so small a night are sampled: the sum of the sizes is exact, up to rounding.
    rows = Statistics(counted.as_uri()).counts(NIGHTS[:1])
    frame = with_classes(read_nights(spark, str(archive), find_night_files(spark, str(archive), NIGHTS[:1])))
    for content in Content:
        value = encoded(sent_content(spark, frame, CONTENTS[content]))
        size_bytes = frame.select(F.sum(F.length(value))).first()[0]
        assert sum(row.size_bytes[content] for row in rows) == pytest.approx(size_bytes, abs=len(rows))


def test_each_small_night_has_sizes(counted: Path) -> None:
    # Spark reads several small files in one task: a sample by task would leave out all nights but the first.
    rows = Statistics(counted.as_uri()).counts(NIGHTS)
    assert len({row.night for row in rows}) == 3
    assert all(row.size_bytes[Content.FULL] > 30_000 * row.alerts for row in rows)


def test_only_new_nights_are_counted_unless_told_otherwise(
    spark: SparkSession, archive: Path, counted: Path, tmp_path: Path
) -> None:
    grown, folder = tmp_path / "archive", tmp_path / "statistics"
    shutil.copytree(archive, grown)
    shutil.copytree(counted, folder)
    simulate_archive(grown, NIGHTS, ALERTS_PER_NIGHT)
    assert update_statistics(spark, _plan(grown, folder)) == 1
    assert update_statistics(spark, _plan(grown, folder)) == 0
    assert Statistics(folder.as_uri()).nights().nights == NIGHTS
    assert update_statistics(spark, _plan(grown, folder, refresh=True)) == 4
    assert len(list(folder.glob("*/_SUCCESS"))) == 1
    assert sum(row.alerts for row in Statistics(folder.as_uri()).counts(NIGHTS)) == 4 * ALERTS_PER_NIGHT


def test_the_archive_itself_is_left_alone(archive: Path, counted: Path) -> None:
    assert counted.is_dir()
    names = {path.name for path in night_folder(archive, NIGHTS[0]).iterdir()}
    assert names == {"_simulation.json", "part-00000.snappy.parquet"}
