"""Archives for the tests of transfers: simulated nights, and nights made of them with something wrong."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from simulator.archive import night_folder, simulate_archive

SIMULATED_NIGHTS = (date(2024, 9, 1), date(2024, 9, 2))
MISSING_NIGHT = date(2024, 9, 3)
ALERTS_PER_NIGHT = 300
OVERSIZE_NIGHT = date(2024, 10, 1)
OVERSIZE_ROW, OVERSIZE_BYTES = 3, 11_000_000
LARGE_ROW, LARGE_BYTES = 5, 9_000_000
TRUNCATED_NIGHT = date(2024, 10, 5)
TRUNCATED_FILE = "part-00001.snappy.parquet"
DRIFTING_NIGHTS = (date(2024, 10, 10), date(2024, 10, 11))
DAMAGED_NIGHT = date(2024, 10, 15)
DAMAGED_AFTER = 25
"""Alerts of the damaged night's first file that can be read; a second file is whole."""
SMALL_NIGHT_ALERTS = 40


def nights_of(archive: Path, *nights: date) -> pa.Table:
    """The alerts of nights as pyarrow reads them, in the order of ``candid``."""
    files = [file for night in nights for file in sorted(night_folder(archive, night).glob("*.parquet"))]
    return pa.concat_tables([pq.read_table(file, partitioning=None) for file in files]).sort_by("candid")


def make_archive(folder: Path) -> Path:
    """An archive with two good nights and a missing one, and small nights for the faults."""
    simulate_archive(folder, SIMULATED_NIGHTS, ALERTS_PER_NIGHT, 7)
    small = nights_of(folder, SIMULATED_NIGHTS[0]).slice(0, SMALL_NIGHT_ALERTS)
    stamps = {OVERSIZE_ROW: os.urandom(OVERSIZE_BYTES), LARGE_ROW: os.urandom(LARGE_BYTES)}
    _write(folder, OVERSIZE_NIGHT, _with_stamps(small, stamps))
    good = _write(folder, TRUNCATED_NIGHT, small)
    (good.parent / TRUNCATED_FILE).write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    _write(folder, DRIFTING_NIGHTS[0], small)
    as_text = small.column("mulens").cast(pa.string())
    drifted = small.set_column(small.schema.get_field_index("mulens"), "mulens", as_text).drop_columns(["tns"])
    _write(folder, DRIFTING_NIGHTS[1], drifted)
    write_damaged(_write(folder, DAMAGED_NIGHT, small), small, "candidate.rb")
    others = nights_of(folder, SIMULATED_NIGHTS[1]).slice(0, SMALL_NIGHT_ALERTS)
    pq.write_table(others, night_folder(folder, DAMAGED_NIGHT) / "part-00001.snappy.parquet")
    return folder


def write_damaged(file: Path, alerts: pa.Table, path: str) -> None:
    """Write the file with one column gone from `DAMAGED_AFTER` on; its footer is fine, and so are the other columns."""
    pq.write_table(alerts, file, compression="snappy", row_group_size=DAMAGED_AFTER)
    last_rows = pq.ParquetFile(file).metadata.row_group(1)
    columns = (last_rows.column(number) for number in range(last_rows.num_columns))
    column = next(each for each in columns if each.path_in_schema == path)
    content = bytearray(file.read_bytes())
    begin = min(column.data_page_offset, column.dictionary_page_offset or column.data_page_offset)
    content[begin : begin + column.total_compressed_size] = bytes(column.total_compressed_size)
    file.write_bytes(content)


def _with_stamps(alerts: pa.Table, stamps: dict[int, bytes]) -> pa.Table:
    """The alerts with other science stamps in some rows."""
    field = alerts.schema.field("cutoutScience")
    values: list[Any] = alerts.column("cutoutScience").to_pylist()
    for row, stamp in stamps.items():
        values[row] = {**values[row], "stampData": stamp}
    column = pa.chunked_array([pa.array(values, field.type)])
    return alerts.set_column(alerts.schema.get_field_index("cutoutScience"), field, column)


def _write(archive: Path, night: date, alerts: pa.Table) -> Path:
    folder = night_folder(archive, night)
    folder.mkdir(parents=True)
    file = folder / "part-00000.snappy.parquet"
    pq.write_table(alerts, file, compression="snappy")
    return file
