"""The statistics job on a small simulated archive; the estimates that come of it beside what jobs would publish."""

from __future__ import annotations

import dataclasses
import json
import random
import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from backend.alert_classes import label_of
from backend.alert_schema import survey
from backend.archive_estimates import ArchiveEstimates
from backend.models import Content, TransferRequest
from backend.nights import NightRange
from backend.statistics import Statistics
from backend.statistics_job import sample_columns
from simulator.archive import night_folder, simulate_archive
from spark_scripts.archive import find_night_files, read_nights, survey_schema, unsent_columns
from spark_scripts.archive_statistics import update_statistics
from spark_scripts.content import encoded, sent_content
from spark_scripts.selection import with_classes
from tests.support.plans import a_statistics_plan

NIGHTS = tuple(date(2024, 9, 1) + timedelta(days=number) for number in range(4))
ALERTS_PER_NIGHT = 150
REQUESTS = 20


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three nights; the fourth comes later."""
    folder = tmp_path_factory.mktemp("archive")
    simulate_archive(folder, NIGHTS[:3], ALERTS_PER_NIGHT)
    return folder


@pytest.fixture(scope="module")
def catalogue(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A name server that has classified the first alert of the archive."""
    first = pq.read_table(next(night_folder(archive, NIGHTS[0]).glob("*.parquet")), columns=["candidate"]).slice(0, 1)
    alert = first.to_pylist()[0]["candidate"]
    file = tmp_path_factory.mktemp("catalogue") / "tns.csv"
    file.write_text(f"name,ra,declination,type\n2024abc,{alert['ra']},{alert['dec']},SN Ia\n")
    return file


@pytest.fixture(scope="module")
def counted(spark: SparkSession, archive: Path, catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Statistics of the three nights."""
    folder = tmp_path_factory.mktemp("statistics")
    assert update_statistics(spark, a_statistics_plan(archive, folder, catalogue)) == 3
    return folder


@pytest.fixture(scope="module")
def alerts(spark: SparkSession, archive: Path) -> DataFrame:
    """All alerts, with classes."""
    schema = survey_schema(spark, survey("ztf").ddl)
    found = find_night_files(spark, str(archive), NIGHTS)
    return with_classes(read_nights(spark, str(archive), found, schema)).cache()


def _estimates(folder: Path) -> ArchiveEstimates:
    return ArchiveEstimates(folder.as_uri(), "ztf", folder / "cache")


def test_requests_without_conditions_are_estimated_exactly(alerts: DataFrame, counted: Path) -> None:
    estimates = _estimates(counted)
    counts = estimates.class_counts(NIGHTS)
    assert counts["(TNS) SN Ia"] > 0
    labels = [label for label in counts if not label.startswith("(TNS)")]
    rows = alerts.select("_night", "finkclass").collect()
    choose = random.Random(1)
    for _ in range(REQUESTS):
        first, last = sorted(choose.choices(NIGHTS, k=2))
        request = TransferRequest(
            nights=NightRange(start=first, stop=last), classes=tuple(choose.sample(labels, choose.randint(1, 4)))
        )
        expected = estimates.estimate(request)
        names = {label.partition(") ")[2] or label for label in request.classes}
        published = [row for row in rows if first <= row["_night"] <= last and _spelling(row.finkclass) in names]
        assert expected.is_exact
        assert expected.alerts == len(published), request
        assert {(count.night, count.finkclass) for count in expected.counts} == {tuple(row) for row in published}


def _spelling(finkclass: str) -> str:
    """The spelling that the label has."""
    return label_of(finkclass).partition(") ")[2] or finkclass


def test_sizes_are_those_of_the_encoded_alerts(
    spark: SparkSession, archive: Path, alerts: DataFrame, counted: Path
) -> None:
    # All alerts of so small a night are measured: the sum of the sizes is exact, up to rounding.
    counts = Statistics(counted.as_uri()).snapshot().counts.of_nights(NIGHTS[:1])
    first = alerts.filter(F.col("_night") == NIGHTS[0])
    schema = survey_schema(spark, survey("ztf").ddl)
    unsent = unsent_columns(find_night_files(spark, str(archive), NIGHTS), schema)
    for content in Content:
        value = encoded(sent_content(spark, first, a_statistics_plan(archive, counted).contents[content], unsent))
        size_bytes = first.select(F.sum(F.length(value))).first()[0]
        assert counts.total_bytes(content) == pytest.approx(size_bytes, abs=len(counts.night))


def test_each_class_has_ten_rows_a_night_or_all_and_they_are_as_in_the_archive(
    alerts: DataFrame, counted: Path
) -> None:
    counts = Statistics(counted.as_uri()).snapshot().counts
    assert ((counts.sampled >= 10) | (counts.sampled == counts.alerts)).all()
    assert (counts.sampled < counts.alerts).any()
    sample = duckdb.sql(f"SELECT * FROM '{counted}/*/sample/*.parquet'")
    assert set(sample.columns) == {*sample_columns(survey("ztf")), "night", "finkclass", "tnsclass"}
    rows = {row[0]: row[1:] for row in sample.select('candid, "candidate.magpsf", tracklet, finkclass').fetchall()}
    assert len(rows) == counts.sampled.sum()
    there = alerts.select("candid", "candidate.magpsf", "tracklet", "finkclass").collect()
    assert rows.items() <= {row.candid: tuple(row)[1:] for row in there}.items()


def test_only_new_nights_are_counted_unless_told_otherwise(
    spark: SparkSession, archive: Path, catalogue: Path, counted: Path, tmp_path: Path
) -> None:
    grown, folder = tmp_path / "archive", tmp_path / "statistics"
    shutil.copytree(archive, grown)
    shutil.copytree(counted, folder)
    older = folder / "20200101T000000000000"
    older.mkdir()
    simulate_archive(grown, NIGHTS, ALERTS_PER_NIGHT)
    kept = tmp_path / "tns.csv"
    shutil.copy2(catalogue, kept)
    assert update_statistics(spark, a_statistics_plan(grown, folder, kept)) == 1
    assert not older.exists(), "a folder of an older version is of no use"
    assert update_statistics(spark, a_statistics_plan(grown, folder, kept)) == 0
    assert _estimates(folder).nights().nights == NIGHTS
    kept.write_text(catalogue.read_text() + "2024abd,1,2,SN II\n")
    assert update_statistics(spark, a_statistics_plan(grown, folder, kept)) == 4, "another catalogue, other classes"
    assert len(list(folder.glob("*/counts/_SUCCESS"))) == 1
    whole = TransferRequest(nights=NightRange(start=NIGHTS[0], stop=NIGHTS[-1]))
    assert _estimates(folder).estimate(whole).alerts == 4 * ALERTS_PER_NIGHT


def test_what_is_gone_from_the_archive_is_forgotten(spark: SparkSession, tmp_path: Path) -> None:
    archive, folder = tmp_path / "archive", tmp_path / "statistics"
    nights = (date(2023, 9, 1), date(2024, 9, 1))
    simulate_archive(archive, nights, 10)
    (kept,) = night_folder(archive, nights[1]).glob("*.parquet")
    more = kept.with_name("part-00001.parquet")
    shutil.copy2(kept, more)

    def known() -> tuple[set[str], tuple[int, ...]]:
        files = json.loads((folder / "_schemas.json").read_text())["files"]
        return {Path(path).name for path, *_ in files}, Statistics(folder.as_uri()).snapshot().field_years.years

    plan = a_statistics_plan(archive, folder)
    update_statistics(spark, plan)
    assert known() == ({kept.name, more.name}, (2023, 2024))
    shutil.rmtree(night_folder(archive, nights[0]))
    update_statistics(spark, plan)
    assert known()[1] == (2024,), "a night that is gone"
    more.unlink()
    update_statistics(spark, dataclasses.replace(plan, refresh=True))
    assert known()[0] == {kept.name}, "a night that was written anew"


def test_all_years_of_the_real_archive_are_counted(spark: SparkSession, real_alerts: Path, tmp_path: Path) -> None:
    assert update_statistics(spark, a_statistics_plan(real_alerts / "archive" / "science", tmp_path)) == 59
    estimates = _estimates(tmp_path)
    nights = estimates.nights().nights
    whole = NightRange(start=nights[0], stop=nights[-1])
    assert estimates.estimate(TransferRequest(nights=whole)).alerts == 842
    assert estimates.estimate(TransferRequest(nights=whole, conditions="candidate.magpsf < 18")).alerts > 0


def test_a_night_whose_first_file_is_empty_has_the_sizes_of_the_others(
    spark: SparkSession, archive: Path, tmp_path: Path
) -> None:
    whole, other = (night_folder(tmp_path / "archive", night) for night in NIGHTS[:2])
    shutil.copytree(night_folder(archive, NIGHTS[0]), whole)
    shutil.copytree(night_folder(archive, NIGHTS[1]), other)
    (file,) = other.glob("*.parquet")
    pq.write_table(pq.read_schema(file).empty_table(), other / "part-.parquet")  # before the other by name
    folder = tmp_path / "statistics"
    assert update_statistics(spark, a_statistics_plan(tmp_path / "archive", folder)) == 2
    measured, unmeasured = (Statistics(folder.as_uri()).snapshot().counts.of_nights((night,)) for night in NIGHTS[:2])
    mean = measured.total_bytes(Content.FULL) / ALERTS_PER_NIGHT
    size_bytes = unmeasured.total_bytes(Content.FULL)
    assert 0.8 * mean < size_bytes / ALERTS_PER_NIGHT < 1.2 * mean


def test_the_archive_itself_is_left_alone(archive: Path, counted: Path) -> None:
    assert counted.is_dir()
    names = {path.name for path in night_folder(archive, NIGHTS[0]).iterdir()}
    assert names == {"_simulation.json", "part-00000.snappy.parquet"}
