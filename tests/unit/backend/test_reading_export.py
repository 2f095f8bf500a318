"""What leaves a reader: everything or a selection, in each format, with where it comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import nested_pandas
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backend import hive_partitions, partition_files
from backend.alert_decoder import AlertDecoder
from backend.alert_export import write_alerts
from backend.alert_filter import AlertFilter
from backend.alert_formats import SUFFIXES, ExportFormat
from backend.alert_queries import AlertQueries
from backend.alert_store import AlertStore
from backend.errors import InvalidRequest
from backend.reading import AlertReader
from backend.receipt import Receipt
from tests.support.alert_records import CLASSES, REAL_TRANSFER, encoded, real_records
from tests.support.facade import TableReader
from tests.support.light_table import light_table

TOPIC = "ftransfer_ztf_x"
RECEIPT = Receipt(topic=TOPIC, published=500, messages=501, nights_used=(date(2024, 9, 2),), tns_catalogue="7")
FORMATS: list[ExportFormat] = ["parquet", "csv", "votable", "fits", "lightcurves"]


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[AlertReader]:
    with TableReader(TOPIC, tmp_path / "stores", "me", light_table(range(500)), lambda: False) as reader:
        reader.start()
        yield reader


def candids(folder: Path) -> list[int]:
    return sorted(pd.read_parquet(folder)["candid"])


@pytest.mark.parametrize(
    "chosen",
    [
        AlertFilter(),
        AlertFilter(classes=(CLASSES[1], "**")),
        AlertFilter(bands=(2, 3), faintest_mag=18.5),
        AlertFilter(brightest_mag=19.0, object_id="ZTF240000"),
        AlertFilter(object_id="' OR 1 = 1 --"),
    ],
)
def test_a_selection_is_what_the_page_shows(reader: AlertReader, tmp_path: Path, chosen: AlertFilter) -> None:
    queries = AlertQueries(reader.store)
    shown = sorted(queries.page(["candid"], chosen, rows=1_000).get("candid", []))
    summary = reader.export(tmp_path / "out", None, chosen=chosen)
    (file,) = (tmp_path / "out").glob("*.parquet")
    assert pq.read_table(file).sort_by("candid")["candid"].to_pylist() == shown
    assert summary.rows == len(shown) == queries.count(chosen)
    assert pq.read_schema(file).remove_metadata() == reader.store.schema


def test_a_selection_goes_into_folders_as_well(reader: AlertReader, tmp_path: Path) -> None:
    chosen = AlertFilter(bands=(1,))
    reader.export(tmp_path / "out", "finkclass", chosen=chosen)
    assert candids(tmp_path / "out") == [candid for candid in range(500) if candid % 3 == 0]


@pytest.mark.parametrize("export_format", FORMATS)
def test_each_format_is_written_and_replaces_another(
    reader: AlertReader, tmp_path: Path, export_format: ExportFormat
) -> None:
    reader.export(tmp_path / "out", "time")
    summary = reader.export(tmp_path / "out", None, export_format=export_format)
    (file,) = (path for path in (tmp_path / "out").rglob("*") if path.is_file() and path.stat().st_size)
    assert (file.suffix, file.stat().st_size) == (SUFFIXES[export_format], summary.bytes)
    assert summary.rows == (97 if export_format == "lightcurves" else 500)


def test_light_curves_go_into_folders_of_classes_but_not_of_days(reader: AlertReader, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="spans many days"):
        reader.export(tmp_path / "out", "time", export_format="lightcurves")
    reader.export(tmp_path / "out", "tnsclass", export_format="lightcurves")
    frame = nested_pandas.read_parquet(tmp_path / "out" / "tnsclass=Unknown")
    assert len(frame["lightcurve.jd"]) == 500


def test_request_and_receipt_are_kept_in_the_files(reader: AlertReader, tmp_path: Path) -> None:
    reader.export(tmp_path / "out", None, {"survey": "ztf"}, receipt=RECEIPT)
    (file,) = (tmp_path / "out").glob("*.parquet")
    noted = {key: text.decode() for key, text in (pq.read_schema(file).metadata or {}).items()}
    assert noted[b"alert_quicklook.topic"] == TOPIC
    assert noted[b"alert_quicklook.schema_fingerprint"] == reader.store.fingerprint
    assert json.loads(noted[b"alert_quicklook.request"]) == {"survey": "ztf"}
    summary = json.loads(noted[b"alert_quicklook.receipt"])
    assert (summary["published"], summary["nights_used"], summary["gaps"]) == (500, ["2024-09-02"], 0)
    assert "counts" not in summary


def test_real_alerts_come_out_of_the_store_as_fastavro_reads_them(tmp_path: Path, real_alerts: Path) -> None:
    schema, records = real_records(real_alerts / REAL_TRANSFER)
    decoder = AlertDecoder(json.dumps(schema))
    with AlertStore(tmp_path / "x.duckdb") as store:
        store.prepare(TOPIC, decoder.schema_text, decoder.fingerprint, decoder.schema)
        store.append(decoder.decode(encoded(records, schema)).table, {0: len(records)})
        write_alerts(AlertQueries(store).scan(), tmp_path / "out", topic=TOPIC)
    (file,) = (tmp_path / "out").glob("*.parquet")
    table = pq.read_table(file)
    assert table.schema.remove_metadata() == decoder.schema
    rows = {row["candid"]: row for row in table.to_pylist(maps_as_pydicts="strict")}
    assert len(rows) == len(records) == 31
    for record in records:
        assert repr(rows[record["candid"]]) == repr(record)
        assert rows[record["candid"]]["cutoutScience"]["stampData"][:2] == b"\x1f\x8b"


@pytest.mark.parametrize("by", [None, "finkclass"])
def test_memory_does_not_grow_with_the_alerts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: hive_partitions.PartitionBy | None
) -> None:
    monkeypatch.setattr(partition_files, "_GROUP_BYTES", 4_000_000)
    monkeypatch.setattr(partition_files, "_BUFFER_BYTES", 8_000_000)
    monkeypatch.setattr(hive_partitions, "_DIVIDED_BYTES", 1_000_000)
    table = light_table(range(10_000))
    before, held = pa.total_allocated_bytes(), []

    def many() -> Iterator[pa.RecordBatch]:
        for _ in range(200):
            held.append(pa.total_allocated_bytes() - before)
            yield pa.concat_tables([table, table.slice(0, 1)]).combine_chunks().to_batches()[0]

    summary = write_alerts(pa.RecordBatchReader.from_batches(table.schema, many()), tmp_path, by, topic=TOPIC)
    assert summary.rows * table.nbytes / 10_000 > 120_000_000
    assert max(held) < 40_000_000
