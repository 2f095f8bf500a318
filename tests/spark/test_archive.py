"""Reading nights: what is there, what is missing or broken, and what does not fit together."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from spark_scripts.archive import NIGHT, UnusableArchive, find_night_files, night_folder, read_nights

FIRST, SECOND, THIRD = date(2024, 9, 1), date(2024, 9, 2), date(2024, 9, 3)


def _write(archive: Path, night: date, columns: dict[str, pa.Array], name: str = "part-0.parquet") -> Path:
    folder = archive / night_folder(night)
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), folder / name)
    return folder / name


def _ids(*candids: int) -> dict[str, pa.Array]:
    return {"candid": pa.array(candids, pa.int64()), "mag": pa.array([18.5] * len(candids), pa.float32())}


def test_only_the_nights_asked_for_are_read_and_each_row_knows_its_night(spark: SparkSession, tmp_path: Path) -> None:
    _write(tmp_path, FIRST, _ids(1))
    _write(tmp_path, SECOND, _ids(2, 3))
    _write(tmp_path, THIRD, _ids(4))
    frame = read_nights(spark, str(tmp_path), find_night_files(spark, str(tmp_path), (FIRST, SECOND)))
    assert sorted((row.candid, row[NIGHT]) for row in frame.collect()) == [(1, FIRST), (2, SECOND), (3, SECOND)]
    assert not {"year", "month", "day"} & set(frame.columns)


def test_nights_without_files_are_missing(spark: SparkSession, tmp_path: Path) -> None:
    _write(tmp_path, FIRST, _ids(1))
    (tmp_path / night_folder(SECOND)).mkdir(parents=True)
    (tmp_path / night_folder(SECOND) / "_SUCCESS").touch()
    found = find_night_files(spark, str(tmp_path), (FIRST, SECOND, THIRD))
    assert found.missing == (SECOND, THIRD)
    assert list(found.files) == [FIRST]


def test_a_range_without_any_file_gives_no_frame(spark: SparkSession, tmp_path: Path) -> None:
    assert read_nights(spark, str(tmp_path), find_night_files(spark, str(tmp_path), (FIRST,))) is None


def test_a_truncated_file_is_named_and_the_others_are_read(spark: SparkSession, tmp_path: Path) -> None:
    _write(tmp_path, FIRST, _ids(1))
    broken = _write(tmp_path, FIRST, _ids(2), "part-1.parquet")
    broken.write_bytes(broken.read_bytes()[:-20])
    found = find_night_files(spark, str(tmp_path), (FIRST,))
    assert [Path(name).name for name, _ in found.unreadable] == ["part-1.parquet"]
    assert [row.candid for row in read_nights(spark, str(tmp_path), found).collect()] == [1]


def test_files_of_different_types_are_refused_by_the_column_that_differs(spark: SparkSession, tmp_path: Path) -> None:
    _write(tmp_path, FIRST, _ids(1))
    _write(tmp_path, SECOND, {"candid": pa.array([2], pa.int64()), "mag": pa.array([18.5], pa.float64())})
    found = find_night_files(spark, str(tmp_path), (FIRST, SECOND))
    with pytest.raises(UnusableArchive, match="mag is float and double"):
        read_nights(spark, str(tmp_path), found)


def test_the_order_of_columns_does_not_matter(spark: SparkSession, tmp_path: Path) -> None:
    _write(tmp_path, FIRST, _ids(1))
    _write(tmp_path, SECOND, dict(reversed(_ids(2).items())))
    frame = read_nights(spark, str(tmp_path), find_night_files(spark, str(tmp_path), (FIRST, SECOND)))
    assert sorted((row.candid, row.mag) for row in frame.collect()) == [(1, 18.5), (2, 18.5)]


def test_a_wrong_address_is_not_taken_for_an_empty_archive(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(UnusableArchive, match="no archive at"):
        find_night_files(spark, str(tmp_path / "nowhere"), (FIRST,))


def test_the_real_archive_of_several_generations_is_refused_by_name(spark: SparkSession, real_alerts: Path) -> None:
    archive = str(real_alerts / "archive" / "science")
    found = find_night_files(spark, archive, (date(2024, 1, 15), date(2026, 3, 22)))
    with pytest.raises(UnusableArchive, match="2 different schemas"):
        read_nights(spark, archive, found)
