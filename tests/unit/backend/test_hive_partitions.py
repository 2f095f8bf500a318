"""Folders of classes and days: pandas, pyarrow, polars and DuckDB give back all rows, each with its class."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from backend.alert_export import PartitionBy, write_alerts
from backend.errors import InvalidRequest
from tests.support.alert_records import CLASSES

Labels = list[str | None]
JD = 2_460_555.5


def with_pandas(folder: Path, column: str) -> Labels:
    frame = pd.read_parquet(folder).sort_values("candid")
    return frame[column].astype(object).tolist()


def with_pyarrow(folder: Path, column: str) -> Labels:
    return ds.dataset(folder, partitioning="hive").to_table().sort_by("candid")[column].to_pylist()


def with_polars(folder: Path, column: str) -> Labels:
    return pl.scan_parquet(folder, hive_partitioning=True).sort("candid").collect()[column].to_list()


def with_duckdb(folder: Path, column: str) -> Labels:
    files = [str(path) for path in folder.rglob("*.parquet")]
    found = duckdb.connect().execute(
        "SELECT * FROM read_parquet($1, hive_partitioning = true) ORDER BY candid", [files]
    )
    return found.df()[column].astype(object).tolist()


READERS = [with_pandas, with_pyarrow, with_polars, with_duckdb]
Reader = Callable[[Path, str], Labels]

REAL = [*CLASSES, "SN Ib/c", "(TNS) SN Ia", "OH/IR*", "?", "."]
HARD: dict[str, Labels] = {
    "real labels": list(REAL),
    "no class beside classes": [*REAL, None, ""],
    "no class at all": [None, None],
    "digits only": ["7", "0012"],
    "digits and no class": ["7", None],
    "digits and text": ["7", "0012", "SN"],
    "dates": ["2024-01-01", "2024-01-01 12:00:00"],
    "numbers": ["1.5", "-3", "1e5", ".5"],
    "truth values": ["true"],
    "words for numbers": ["inf", "nan"],
    "the name of no value": ["null", "NULL", "__HIVE_DEFAULT_PARTITION__x"],
    "what is encoded": ["50%", "a%20b", "a=b", "é☃😀", " both ends ", "a\nb", '"', "\\", ":*|<>"],
    "as long as a name may be": ["x" * (249 - len("finkclass="))],
}


def alerts(labels: Labels, column: str = "finkclass") -> pa.Table:
    candids = range(len(labels))
    return pa.table({"candid": pa.array(candids), "jd": [JD] * len(labels), column: pa.array(labels, pa.string())})


@pytest.mark.parametrize("labels", HARD.values(), ids=HARD.keys())
@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("column", ["finkclass", "tnsclass"])
def test_every_reader_gives_back_all_rows_and_the_class(
    tmp_path: Path, read: Reader, labels: Labels, column: PartitionBy
) -> None:
    write_alerts(alerts(labels, column).to_reader(), tmp_path, column, topic="t")
    assert read(tmp_path, column) == [label or "" for label in labels]


@pytest.mark.parametrize("read", READERS)
def test_every_reader_gives_back_the_days(tmp_path: Path, read: Reader) -> None:
    times = [JD, JD + 29.5, None, float("nan"), float("inf"), JD + 121]
    table = pa.table({"candid": pa.array(range(len(times))), "jd": pa.array(times, pa.float64())})
    write_alerts(table.to_reader(), tmp_path, "time", topic="t")
    found = {unit: [int(str(each)) for each in read(tmp_path, unit)] for unit in ("year", "month", "day")}
    assert found["year"] == [2024, 2024, 0, 0, 0, 2025]
    assert found["month"] == [9, 10, 0, 0, 0, 1]
    assert found["day"] == [2, 1, 0, 0, 0, 1]


def test_classes_without_alerts_still_have_their_column(tmp_path: Path) -> None:
    write_alerts(alerts([]).to_reader(), tmp_path, "finkclass", topic="t")
    frame = pd.read_parquet(tmp_path)
    assert frame.columns.tolist() == ["candid", "jd", "finkclass"]
    assert frame.empty


def test_a_class_longer_than_a_name_may_be_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"finkclass éé.* longer than the name of a folder"):
        write_alerts(alerts(["SN", "é" * 60]).to_reader(), tmp_path, "finkclass", topic="t")
    assert not list(tmp_path.rglob("*.parquet"))


def test_other_formats_say_the_class_in_the_files_as_well(tmp_path: Path) -> None:
    write_alerts(alerts(["SN Ib/c", None]).to_reader(), tmp_path, "finkclass", "csv", topic="t")
    (file,) = (tmp_path / "finkclass=SN%20Ib%2Fc").iterdir()
    assert file.read_text() == f'"candid","jd","finkclass"\n0,{JD},"SN Ib/c"\n'
    assert len(list(tmp_path.rglob("*.csv"))) == 2
