"""Where matching alerts are, and what of the archive is then read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from backend.alert_schema import survey
from simulator.archive import night_folder, simulate_archive
from spark_scripts.archive import NightFiles, find_night_files, read_nights, survey_schema
from spark_scripts.archive_files import ArchiveFile
from spark_scripts.matches import find_matches
from spark_scripts.portions import LARGEST_BYTES, MOST_NIGHTS, portions_of
from spark_scripts.selection import with_classes

NIGHT = date(2024, 9, 1)


def test_only_files_with_matches_are_read_and_none_is_lost(spark: SparkSession, tmp_path: Path) -> None:
    archive = tmp_path / "an archive"  # the space stands for all that an address writes in another way
    simulate_archive(archive, (NIGHT,), 60, stamps="none")
    (first,) = night_folder(archive, NIGHT).glob("*.parquet")
    alerts = pq.read_table(first, partitioning=None).sort_by("candid")
    for n in range(3):
        pq.write_table(alerts.slice(20 * n, 20), first.with_name(f"part {n}.parquet"))
    first.unlink()
    schema, found = survey_schema(spark, survey("ztf").ddl), find_night_files(spark, str(archive), (NIGHT,))
    wanted = alerts.column("candid").to_pylist()[25:28]
    rows = with_classes(read_nights(spark, str(archive), found, schema))
    matches = find_matches(rows.filter(rows.candid.isin(wanted)))

    assert sum(matches.counts.values()) == len(wanted)
    within = matches.within(found)
    assert [Path(file.path).name for file in within.files[NIGHT]] == ["part 1.parquet"]
    read = read_nights(spark, str(archive), within, schema).select("candid").collect()
    assert {row.candid for row in read} >= set(wanted)


def test_nothing_that_matches_reads_nothing(spark: SparkSession, tmp_path: Path) -> None:
    simulate_archive(tmp_path, (NIGHT,), 10, stamps="none")
    found = find_night_files(spark, str(tmp_path), (NIGHT,))
    rows = with_classes(read_nights(spark, str(tmp_path), found, survey_schema(spark, survey("ztf").ddl)))
    matches = find_matches(rows.filter("candid < 0"))
    assert (matches.files, sum(matches.counts.values())) == (frozenset(), 0)
    assert matches.within(found).files == {}


@pytest.mark.parametrize(
    ("nights", "night_bytes", "expected"),
    [
        (1, 10, [1]),
        (3, 10, [1, 2]),
        (70, 10, [1, MOST_NIGHTS, MOST_NIGHTS, 5]),
        (6, LARGEST_BYTES // 2, [1, 2, 2, 1]),
        (3, LARGEST_BYTES * 2, [1, 1, 1]),
        (0, 0, []),
    ],
)
def test_the_first_portion_is_a_night_and_none_is_too_large(nights: int, night_bytes: int, expected: list[int]) -> None:
    days = [date.fromordinal(NIGHT.toordinal() + n) for n in range(nights)]
    found = NightFiles({night: (ArchiveFile(str(night), night_bytes, 0),) for night in days}, (), (), {})
    portions = list(portions_of(found))
    assert [len(portion.files) for portion in portions] == expected
    assert [night for portion in portions for night in portion.files] == days
