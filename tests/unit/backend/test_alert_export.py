"""Parquet: all rows and labels come back, nothing is mixed, nothing is half there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backend import partition_files
from backend.alert_decoder import AlertDecoder
from backend.alert_export import PartitionBy, write_alerts
from backend.errors import InvalidRequest
from tests.support.alert_records import CLASSES, LIGHT_SCHEMA, REAL_TRANSFER, encoded, light_alert, real_records

TOPIC = "ftransfer_ztf_x"
DECODER = AlertDecoder(json.dumps(LIGHT_SCHEMA))


def reader(records: list[dict[str, Any]], rows_per_batch: int = 100) -> pa.RecordBatchReader:
    table = DECODER.decode(encoded(records)).table
    return pa.RecordBatchReader.from_batches(table.schema, iter(table.to_batches(rows_per_batch)))


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.parquet"))


@pytest.mark.parametrize("partition_by", [None, "time", "finkclass", "tnsclass"])
def test_all_rows_and_labels_come_back(tmp_path: Path, partition_by: PartitionBy | None) -> None:
    records = [light_alert(candid) for candid in range(1000)]
    summary = write_alerts(reader(records), tmp_path / "out", partition_by, topic=TOPIC)
    frame = pd.read_parquet(tmp_path / "out").sort_values("candid")
    assert summary.rows == len(frame) == 1000
    assert summary.files == len(files_in(tmp_path / "out"))
    assert summary.bytes == sum(path.stat().st_size for path in (tmp_path / "out").rglob("*.parquet"))
    assert frame["candid"].tolist() == list(range(1000))
    assert frame["finkclass"].astype(str).tolist() == [record["finkclass"] for record in records]
    assert frame["tnsclass"].astype(str).unique().tolist() == ["Unknown"]


def test_one_file_without_partitions(tmp_path: Path) -> None:
    write_alerts(reader([light_alert(1)]), tmp_path, topic=TOPIC, provenance={"request": '{"survey": "ztf"}'})
    (file,) = files_in(tmp_path)
    written = pq.read_schema(tmp_path / file)
    assert written.remove_metadata() == DECODER.schema
    assert written.metadata[b"alert_quicklook.topic"] == TOPIC.encode()
    assert json.loads(written.metadata[b"alert_quicklook.request"]) == {"survey": "ztf"}


def test_class_folders_are_percent_encoded_and_not_repeated_inside(tmp_path: Path) -> None:
    write_alerts(reader([light_alert(candid) for candid in range(7)]), tmp_path, "finkclass", topic=TOPIC)
    folders = {path.name for path in tmp_path.glob("finkclass=*")}
    assert {"finkclass=SN%20Ib%2Fc", "finkclass=%2A%2A", "finkclass=IR%3E30um", "finkclass=C%2A"} <= folders
    assert len(folders) == len(CLASSES)
    assert all("finkclass" not in pq.read_schema(tmp_path / file).names for file in files_in(tmp_path))


@pytest.mark.parametrize(
    ("jd", "folder"),
    [
        (2_460_555.5, "year=2024/month=09/day=02"),
        (2_460_555.499_99, "year=2024/month=09/day=01"),
        (2_460_676.499_99, "year=2024/month=12/day=31"),
        (2_460_676.5, "year=2025/month=01/day=01"),
        (2_458_788.5, "year=2019/month=11/day=01"),
        (None, "year=0/month=00/day=00"),
        (float("nan"), "year=0/month=00/day=00"),
    ],
)
def test_days_begin_at_midnight_utc(tmp_path: Path, jd: float | None, folder: str) -> None:
    write_alerts(reader([light_alert(1) | {"jd": jd}]), tmp_path, "time", topic=TOPIC)
    assert [str(Path(file).parent) for file in files_in(tmp_path)] == [folder]


def test_no_alerts_are_a_file_with_their_columns(tmp_path: Path) -> None:
    for partition_by in (None, "time"):
        summary = write_alerts(reader([]), tmp_path / str(partition_by), partition_by, topic=TOPIC)
        assert (summary.rows, summary.files) == (0, 1)
        assert pd.read_parquet(tmp_path / str(partition_by)).columns.tolist() == DECODER.schema.names


def test_a_second_export_replaces_the_first(tmp_path: Path) -> None:
    write_alerts(reader([light_alert(candid) for candid in range(70)]), tmp_path, "finkclass", topic=TOPIC)
    write_alerts(reader([light_alert(candid) for candid in range(5)]), tmp_path, "time", topic=TOPIC)
    assert sorted(pd.read_parquet(tmp_path)["candid"]) == list(range(5))
    assert {path.name for path in tmp_path.iterdir()} == {"year=2024", ".quicklook_export"}


def test_an_export_that_fails_leaves_the_earlier_one(tmp_path: Path) -> None:
    write_alerts(reader([light_alert(candid) for candid in range(70)]), tmp_path, topic=TOPIC)

    def breaking() -> Iterator[pa.RecordBatch]:
        yield from reader([light_alert(candid) for candid in range(100, 200)])
        raise RuntimeError("the reader broke")

    with pytest.raises(RuntimeError, match="the reader broke"):
        write_alerts(pa.RecordBatchReader.from_batches(DECODER.schema, breaking()), tmp_path, topic=TOPIC)
    assert sorted(pd.read_parquet(tmp_path)["candid"]) == list(range(70))
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_with_something_else_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(InvalidRequest, match="not empty"):
        write_alerts(reader([light_alert(1)]), tmp_path, topic=TOPIC)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_the_export_of_another_topic_is_refused(tmp_path: Path) -> None:
    write_alerts(reader([light_alert(1)]), tmp_path, topic=TOPIC)
    with pytest.raises(InvalidRequest, match=f"holds the export of {TOPIC}"):
        write_alerts(reader([light_alert(2)]), tmp_path, topic="ftransfer_ztf_y")


def test_a_mark_cannot_make_it_remove_what_lies_elsewhere(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    out = tmp_path / "out"
    write_alerts(reader([light_alert(1)]), out, topic=TOPIC)
    for name in ("...entry", "..entry", ".entry"):
        (out / ".quicklook_export" / name).touch()
    write_alerts(reader([light_alert(1)]), out, topic=TOPIC)
    assert kept.is_dir()
    assert files_in(out) == ["alerts-0000.parquet"]


def test_what_the_user_adds_to_the_folder_stays(tmp_path: Path) -> None:
    write_alerts(reader([light_alert(1)]), tmp_path, topic=TOPIC)
    (tmp_path / "thesis.tex").write_text("years of work")
    write_alerts(reader([light_alert(1)]), tmp_path, "time", topic=TOPIC)
    assert {path.name for path in tmp_path.iterdir()} == {"year=2024", ".quicklook_export", "thesis.tex"}


def test_many_classes_with_few_open_files_and_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition_files, "_OPEN_FILES", 3)
    monkeypatch.setattr(partition_files, "_BUFFER_BYTES", 20_000)
    records = [light_alert(candid) | {"finkclass": f"class {candid % 40}"} for candid in range(30_000)]
    summary = write_alerts(reader(records), tmp_path, "finkclass", topic=TOPIC)
    frame = pd.read_parquet(tmp_path)
    assert summary.files > 40
    assert sorted(frame["candid"]) == list(range(30_000))
    assert (frame["finkclass"].astype(str) == "class " + (frame["candid"] % 40).astype(str)).all()


def test_a_column_that_is_missing_is_named(tmp_path: Path) -> None:
    narrow = DECODER.schema.empty_table().drop_columns(["jd", "finkclass"])
    for partition_by, named in (("time", "jd"), ("finkclass", "finkclass")):
        with pytest.raises(InvalidRequest, match=f"no {named}"):
            write_alerts(narrow.to_reader(), tmp_path / "out", partition_by, topic=TOPIC)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("partition_by", [None, "time", "finkclass", "tnsclass"])
def test_real_alerts_equal_what_fastavro_reads(
    tmp_path: Path, real_alerts: Path, partition_by: PartitionBy | None
) -> None:
    schema, records = real_records(real_alerts / REAL_TRANSFER)
    decoder = AlertDecoder(json.dumps(schema))
    table = decoder.decode(encoded(records, schema)).table
    write_alerts(table.to_reader(), tmp_path, partition_by, topic=TOPIC)
    left_out = {None: [], "time": ["year", "month", "day"]}.get(partition_by, [partition_by])
    written = pa.concat_tables(pq.ParquetFile(tmp_path / file).read() for file in files_in(tmp_path))
    expected = table.drop_columns(left_out).sort_by("candid")
    assert written.schema.remove_metadata() == expected.schema
    assert repr(written.sort_by("candid").to_pylist()) == repr(expected.to_pylist())
    stamps = [
        pq.ParquetFile(tmp_path / files_in(tmp_path)[0]).metadata.row_group(0).column(index)
        for index in range(pq.ParquetFile(tmp_path / files_in(tmp_path)[0]).metadata.num_columns)
    ]
    found = {each.compression for each in stamps if each.path_in_schema.endswith("stampData")}
    assert found == {"UNCOMPRESSED"}
    assert {each.compression for each in stamps if each.path_in_schema == "candid"} == {"ZSTD"}
