"""Reading nights: what is there, what is missing or broken, and what is known of it from before."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from simulator.archive import night_folder
from spark_scripts.archive import FILE, HIDDEN, NIGHT, ROW, NightFiles, find_night_files, read_nights, survey_schema
from spark_scripts.archive_files import ArchiveFile, UnusableArchive, list_nights
from spark_scripts.schema_cache import CACHE_FILE, load_schemas, save_schemas
from tests.support.written_nights import write_night

FIRST, SECOND, THIRD = date(2024, 9, 1), date(2024, 9, 2), date(2024, 10, 3)

Read = Callable[[NightFiles], DataFrame]


@pytest.fixture
def read(spark: SparkSession, tmp_path: Path) -> Read:
    """The frame over the files found in the folder of the test."""
    schema = survey_schema(spark, "candid bigint, mag float")
    return lambda found: read_nights(spark, str(tmp_path), found, schema)


def _ids(*candids: int) -> dict[str, pa.Array]:
    return {"candid": pa.array(candids, pa.int64()), "mag": pa.array([18.5] * len(candids), pa.float32())}


def test_only_the_nights_asked_for_are_read_and_each_row_knows_its_place(
    spark: SparkSession, tmp_path: Path, read: Read
) -> None:
    for night, candids in ((FIRST, (1,)), (SECOND, (2, 3)), (THIRD, (4,))):
        write_night(tmp_path, night, _ids(*candids))
    found = find_night_files(spark, str(tmp_path), (FIRST, SECOND))
    frame = read(found)
    places = [(row.candid, row[NIGHT], row[FILE], row[ROW]) for row in frame.orderBy("candid").collect()]
    ((first,), (second,)) = found.files.values()
    assert places == [(1, FIRST, first.path, 0), (2, SECOND, second.path, 0), (3, SECOND, second.path, 1)]
    assert frame.columns == ["candid", "mag", *HIDDEN]
    assert list_nights(spark, str(tmp_path)) == [FIRST, SECOND, THIRD]


def test_nights_without_files_are_missing(spark: SparkSession, tmp_path: Path) -> None:
    write_night(tmp_path, FIRST, _ids(1))
    night_folder(tmp_path, SECOND).mkdir(parents=True)
    (night_folder(tmp_path, SECOND) / "_SUCCESS").touch()
    found = find_night_files(spark, str(tmp_path), (FIRST, SECOND, THIRD))
    assert found.missing == (SECOND, THIRD)
    assert list(found.files) == [FIRST]


def test_a_truncated_file_is_named_and_the_others_are_read(spark: SparkSession, tmp_path: Path, read: Read) -> None:
    write_night(tmp_path, FIRST, _ids(1))
    broken = write_night(tmp_path, FIRST, _ids(2), "part-1.parquet")
    broken.write_bytes(broken.read_bytes()[:-20])
    found = find_night_files(spark, str(tmp_path), (FIRST,))
    assert [Path(name).name for name, _ in found.unreadable] == ["part-1.parquet"]
    assert [row.candid for row in read(found).collect()] == [1]


def test_a_type_that_spark_does_not_know_is_a_named_file(spark: SparkSession, tmp_path: Path, read: Read) -> None:
    write_night(tmp_path, FIRST, _ids(1))
    write_night(tmp_path, FIRST, {**_ids(2), "at": pa.array([1], pa.time64("ns"))}, "part-1.parquet")
    found = find_night_files(spark, str(tmp_path), (FIRST,))
    assert [(Path(name).name, reason) for name, reason in found.unreadable] == [
        ("part-1.parquet", "has a column of a type that Spark does not know")
    ]
    assert [row.candid for row in read(found).collect()] == [1]


def test_a_wrong_address_is_not_taken_for_an_empty_archive(spark: SparkSession, tmp_path: Path) -> None:
    for look in (lambda uri: find_night_files(spark, uri, (FIRST,)), lambda uri: list_nights(spark, uri)):
        with pytest.raises(UnusableArchive, match="no archive at"):
            look(str(tmp_path / "nowhere"))


def test_a_file_known_from_before_is_not_opened_again_until_it_changes(
    spark: SparkSession, tmp_path: Path, read: Read
) -> None:
    archive, statistics = tmp_path / "archive", str(tmp_path / "statistics")
    file = write_night(archive, FIRST, _ids(1))
    learned = find_night_files(spark, str(archive), (FIRST,)).schemas
    assert load_schemas(spark, statistics) == load_schemas(spark, "") == {}
    save_schemas(spark, statistics, {ArchiveFile("file:/gone", 1, 2): "{}"})
    save_schemas(spark, statistics, learned)
    known = load_schemas(spark, statistics)
    assert known == learned
    assert len([each for each in Path(statistics).iterdir() if each.name.startswith(CACHE_FILE)]) == 1

    before = file.stat()
    file.write_bytes(b"\0" * before.st_size)  # whoever opens it will find no footer
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert find_night_files(spark, str(archive), (FIRST,), known).schemas == learned
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 10**9))
    assert len(find_night_files(spark, str(archive), (FIRST,), known).unreadable) == 1


def test_a_cache_of_another_version_is_no_cache(spark: SparkSession, tmp_path: Path) -> None:
    for text in ("", "[]", '{"schemas": [], "files": [["a", 1, 2, 0]]}'):
        (tmp_path / CACHE_FILE).write_text(text)
        assert load_schemas(spark, str(tmp_path)) == {}


def test_a_folder_of_no_day_is_named(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "year=2024" / "month=02" / "day=30").mkdir(parents=True)
    with pytest.raises(UnusableArchive, match="year=2024/month=02/day=30"):
        list_nights(spark, str(tmp_path))
