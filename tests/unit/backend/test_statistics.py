"""Reading statistics: what is complete counts, and a night that was counted again counts once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backend.errors import ServiceUnavailable
from backend.models import Content
from backend.statistics import Statistics, statistics_folder

FIRST, SECOND = date(2024, 9, 1), date(2024, 9, 2)


def _write(root: Path, name: str, rows: list[tuple[date, str, int]], *, complete: bool = True) -> Path:
    folder = root / name
    folder.mkdir()
    columns: dict[str, pa.Array] = {
        "night": pa.array([row[0] for row in rows], pa.date32()),
        "finkclass": pa.array([row[1] for row in rows]),
        "tnsclass": pa.array(["Unknown"] * len(rows)),
        "alerts": pa.array([row[2] for row in rows], pa.int64()),
    }
    for size, content in enumerate(Content, start=1):
        columns[f"bytes_{content}"] = pa.array([1000 * size * row[2] for row in rows], pa.int64())
    pq.write_table(pa.table(columns), folder / "part-0.parquet")
    if complete:
        (folder / "_SUCCESS").touch()
    return folder


def test_before_the_job_has_run_nothing_is_known(tmp_path: Path) -> None:
    statistics = Statistics((tmp_path / "none").as_uri())
    assert not statistics.nights().is_known
    assert statistics.counts([FIRST]) == ()


def test_a_night_counted_again_counts_once_and_the_younger_counts(tmp_path: Path) -> None:
    _write(tmp_path, "20260101T000000000000", [(FIRST, "RRLyr", 5), (FIRST, "Unknown", 1), (SECOND, "Unknown", 2)])
    _write(tmp_path, "20260102T000000000000", [(FIRST, "RRLyr", 7)])
    rows = Statistics(tmp_path.as_uri()).counts([FIRST, SECOND])
    assert [(row.night, row.finkclass, row.alerts) for row in rows] == [(FIRST, "RRLyr", 7), (SECOND, "Unknown", 2)]
    assert rows[0].size_bytes == {content: 7000 * size for size, content in enumerate(Content, start=1)}


def test_a_folder_that_is_still_being_written_is_not_read(tmp_path: Path) -> None:
    _write(tmp_path, "20260101T000000000000", [(FIRST, "RRLyr", 5)])
    _write(tmp_path, "20260102T000000000000", [(SECOND, "RRLyr", 5)], complete=False)
    known = Statistics(tmp_path.as_uri()).nights()
    assert known.nights == (FIRST,)
    assert f"{known.updated_at:%Y-%m-%d}" == "2026-01-01"


def test_what_is_written_later_is_seen(tmp_path: Path) -> None:
    statistics = Statistics(tmp_path.as_uri())
    assert statistics.nights().nights == ()
    _write(tmp_path, "20260101T000000000000", [(FIRST, "RRLyr", 5)])
    statistics.look_again()
    assert statistics.nights().nights == (FIRST,)


def test_a_broken_file_is_named_and_not_taken_for_nothing(tmp_path: Path) -> None:
    folder = _write(tmp_path, "20260101T000000000000", [(FIRST, "RRLyr", 5)])
    (folder / "part-0.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(ServiceUnavailable, match="statistics"):
        Statistics(tmp_path.as_uri()).nights()


def test_each_archive_has_a_folder_of_its_own() -> None:
    assert statistics_folder("file:///s/", "/one") == statistics_folder("file:///s", "/one")
    assert statistics_folder("file:///s", "/one") != statistics_folder("file:///s", "/two")
