"""Reading statistics: what is complete counts, and a night that was counted again counts once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backend.archive_estimates import ArchiveEstimates
from backend.class_nights import ClassNights
from backend.errors import ServiceUnavailable
from backend.models import Estimate, TransferRequest
from backend.statistics import Statistics, statistics_folder
from tests.support.written_statistics import write_statistics

FIRST, SECOND = date(2024, 9, 1), date(2024, 9, 2)
NIGHTS = [{"start": FIRST, "stop": SECOND}]


def _estimate(root: Path, conditions: str, **request: Any) -> Estimate:
    asked = TransferRequest(nights=NIGHTS, conditions=conditions, **request)
    return ArchiveEstimates(root.as_uri(), "ztf", root / "cache").estimate(asked)


def _alerts(counts: ClassNights) -> list[tuple[str, int]]:
    return [(counts.classes[kind][0], int(alerts)) for kind, alerts in zip(counts.kind, counts.alerts, strict=True)]


def test_before_the_job_has_run_nothing_is_known(tmp_path: Path) -> None:
    snapshot = Statistics((tmp_path / "none").as_uri()).snapshot()
    assert not snapshot.nights.is_known
    assert not len(snapshot.counts.night)
    assert _estimate(tmp_path / "none", "candidate.magpsf > 1").nights_unknown == (FIRST, SECOND)


def test_a_night_counted_again_counts_once_and_the_younger_counts(tmp_path: Path) -> None:
    write_statistics(
        tmp_path, "20260101T000000000000", [(FIRST, "RRLyr", 5), (FIRST, "Unknown", 1), (SECOND, "Unknown", 2)]
    )
    write_statistics(tmp_path, "20260102T000000000000", [(FIRST, "RRLyr", 7)])
    counts = Statistics(tmp_path.as_uri()).snapshot().counts
    assert _alerts(counts) == [("RRLyr", 7), ("Unknown", 2)]
    assert counts.size_bytes[0].tolist() == [7_000, 14_000, 21_000, 28_000]
    found = _estimate(tmp_path, "candidate.magpsf >= 0")
    assert (found.alerts, found.matching_rows) == (9, 9)


def test_a_folder_that_is_still_being_written_is_not_read(tmp_path: Path) -> None:
    write_statistics(tmp_path, "20260101T000000000000", [(FIRST, "RRLyr", 5)])
    write_statistics(tmp_path, "20260102T000000000000", [(SECOND, "RRLyr", 5)], complete=False)
    known = Statistics(tmp_path.as_uri()).snapshot().nights
    assert known.nights == (FIRST,)
    assert f"{known.updated_at:%Y-%m-%d}" == "2026-01-01"


def test_folders_of_an_older_version_are_passed_over(tmp_path: Path) -> None:
    older = tmp_path / "20260101T000000000000"
    older.mkdir()
    pq.write_table(pa.table({"night": pa.array([FIRST], pa.date32())}), older / "part-0.parquet")
    (older / "_SUCCESS").touch()
    (tmp_path / "_schemas.json").write_text("{}")
    assert not Statistics(tmp_path.as_uri()).snapshot().nights.is_known


def test_what_is_written_later_is_seen(tmp_path: Path) -> None:
    statistics = Statistics(tmp_path.as_uri())
    assert statistics.snapshot().nights.nights == ()
    write_statistics(tmp_path, "20260101T000000000000", [(FIRST, "RRLyr", 5)], catalogue="of today")
    statistics.look_again()
    assert statistics.snapshot().nights.nights == (FIRST,)
    assert statistics.snapshot().tns_catalogues == ("of today",)


def test_a_broken_file_is_named_and_not_taken_for_nothing(tmp_path: Path) -> None:
    folder = write_statistics(tmp_path, "20260101T000000000000", [(FIRST, "RRLyr", 5)])
    (folder / "counts" / "part-0.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(ServiceUnavailable, match="statistics"):
        Statistics(tmp_path.as_uri()).snapshot()


def test_conditions_and_classes_are_counted_in_the_sample(tmp_path: Path) -> None:
    write_statistics(tmp_path, "20260101T000000000000", [(FIRST, "RRLyr", 5), (FIRST, "QSO", 9), (SECOND, "RRLyr", 3)])
    found = _estimate(tmp_path, "candidate.magpsf > 1.5; candidate.fid = 1", classes=("(SIMBAD) RRLyr",))
    assert [(c.night, c.alerts) for c in found.counts] == [(FIRST, 3), (SECOND, 1)]
    assert (found.alerts, found.is_exact, found.sample_rows) == (4, True, 8)
    assert len(found.examples) == 4
    assert all(each["candidate.magpsf"] >= 2 and each["finkclass"] == "RRLyr" for each in found.examples)
    around = {"cone": {"ra_deg": 10.001, "dec_deg": 5, "radius_arcsec": 10}}
    assert _estimate(tmp_path, "", region=around).alerts == 17
    assert _estimate(tmp_path, "candidate.magpsf < 1", region=around).alerts == 3


def test_a_sample_of_another_version_says_so(tmp_path: Path) -> None:
    write_statistics(tmp_path, "20260101T000000000000", [(FIRST, "RRLyr", 5)])
    with pytest.raises(ServiceUnavailable, match="distnr"):
        _estimate(tmp_path, "candidate.distnr > 2")


def test_nothing_but_the_sample_can_be_read(tmp_path: Path) -> None:
    write_statistics(tmp_path / "statistics", "20260101T000000000000", [(FIRST, "RRLyr", 5)])
    other = tmp_path / "other.csv"
    other.write_text("secret\n")
    estimates = ArchiveEstimates((tmp_path / "statistics").as_uri(), "ztf", tmp_path)
    snapshot = Statistics((tmp_path / "statistics").as_uri()).snapshot()
    with pytest.raises(ServiceUnavailable, match="disabled"):
        estimates._sample.matching(
            snapshot.counts, snapshot.sample, [f"(SELECT count(*) FROM read_csv('{other}')) > 0"]
        )


def test_statistics_elsewhere_are_copied_and_old_copies_removed(tmp_path: Path) -> None:
    def put(name: str, alerts: int) -> None:
        write_statistics(tmp_path / name, name, [(FIRST, "RRLyr", alerts)])
        fsspec.filesystem("memory").put(str(tmp_path / name / name), f"/elsewhere/{name}", recursive=True)

    put("20260101T000000000000", 5)
    estimates = ArchiveEstimates("memory://elsewhere", "ztf", tmp_path / "cache")
    request = TransferRequest(nights=NIGHTS, conditions="candidate.magpsf > 1.5")
    assert estimates.estimate(request).alerts == 3
    put("20260102T000000000000", 9)
    estimates.look_again()
    assert estimates.estimate(request).alerts == 7
    assert [path.name for path in (tmp_path / "cache").rglob("*.parquet")] == ["20260102T000000000000-part-0.parquet"]


def test_alerts_that_fulfil_a_condition_with_a_sentinel_are_counted(tmp_path: Path) -> None:
    folder = write_statistics(tmp_path, "20260101T000000000000", [(FIRST, "RRLyr", 5)])
    file = folder / "sample" / "part-0.parquet"
    table = pq.read_table(file)
    magnitudes = pa.array(np.where(np.arange(5) < 2, -999, 15), pa.float32())
    pq.write_table(table.set_column(table.column_names.index("candidate.magpsf"), "candidate.magpsf", magnitudes), file)
    estimates = ArchiveEstimates(tmp_path.as_uri(), "ztf", tmp_path / "cache")
    request = TransferRequest(nights=NIGHTS, conditions="candidate.fid = 1; candidate.magpsf < 20;")
    (found,) = estimates.sentinel_counts(request)
    assert (found.condition.line, found.path, found.alerts) == (1, "candidate.magpsf", 2)


def test_each_archive_has_a_folder_of_its_own() -> None:
    assert statistics_folder("file:///s/", "/one") == statistics_folder("file:///s", "/one")
    assert statistics_folder("file:///s", "/one") != statistics_folder("file:///s", "/two")
