"""Files with a fine footer and damaged pages: what of them is counted, sampled and named."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from backend.alert_schema import survey
from simulator.archive import night_folder, simulate_archive
from spark_scripts.archive import find_night_files, read_nights, survey_schema
from spark_scripts.archive_statistics import update_statistics
from spark_scripts.content import encoded, sent_content
from spark_scripts.damaged_files import TOLERANT, despite_damage, find_damaged
from spark_scripts.plan import ContentPlan
from spark_scripts.selection import with_classes
from spark_scripts.tns_catalogue import read_catalogue
from tests.support.archives import DAMAGED_AFTER, nights_of, write_damaged
from tests.support.plans import a_statistics_plan

NIGHT, ALERTS = date(2024, 9, 1), 60
WHOLE_FILE = 40
"""Alerts of the second file; the first has the others, and is damaged."""


def _archive(folder: Path, damaged: str) -> Path:
    """A night in two files, of which the first lacks this column from some row on."""
    simulate_archive(folder, (NIGHT,), ALERTS, stamps="none")
    alerts = nights_of(folder, NIGHT)
    (first,) = night_folder(folder, NIGHT).glob("*.parquet")
    simulate_archive(folder / "more", (NIGHT,), WHOLE_FILE, 2, stamps="none")
    (second,) = night_folder(folder / "more", NIGHT).glob("*.parquet")
    second.rename(first.with_name("part-00001.snappy.parquet"))
    write_damaged(first, alerts, damaged)
    return folder


@pytest.mark.parametrize("damaged", ["candidate.rb", "candidate.ra", "prv_candidates.list.element.magpsf"])
def test_statistics_count_what_can_be_read_and_sample_no_other(
    spark: SparkSession, tmp_path: Path, damaged: str
) -> None:
    archive, folder = _archive(tmp_path / "archive", damaged), tmp_path / "statistics"
    assert update_statistics(spark, a_statistics_plan(archive, folder, sample_rows_per_night=1000)) == 1
    counts = duckdb.sql(f"SELECT sum(alerts), sum(sampled), min(bytes_full) FROM '{folder}/*/counts/*.parquet'")
    sampled = duckdb.sql(f"SELECT count(DISTINCT candid), count(*) FROM '{folder}/*/sample/*.parquet'")
    readable = ALERTS if damaged.startswith("prv_candidates") else DAMAGED_AFTER  # the history is only measured
    assert counts.fetchall()[0][:2] == (readable + WHOLE_FILE,) * 2
    assert sampled.fetchall() == [(readable + WHOLE_FILE,) * 2]
    assert counts.fetchall()[0][2] > 0
    assert len(list(folder.glob("2*"))) == 1, "the first try left nothing behind"


def test_a_damaged_file_is_named_also_when_a_catalogue_needs_what_is_damaged(
    spark: SparkSession, tmp_path: Path
) -> None:
    archive = _archive(tmp_path / "archive", "candidate.ra")
    (tmp_path / "tns.csv").write_text("name,ra,declination,type\n2024abc,10.0,20.0,SN Ia\n")
    catalogue = read_catalogue(spark, str(tmp_path / "tns.csv"))
    found = find_night_files(spark, str(archive), (NIGHT,))
    named: list[Any] = []
    strict = {name: spark.conf.get(name) for name in TOLERANT}

    def look(is_damaged: bool) -> None:
        rows = read_nights(spark, str(archive), found, survey_schema(spark, survey("ztf").ddl))
        alerts = with_classes(rows, catalogue)
        value = encoded(sent_content(spark, alerts, ContentPlan()))
        alerts.select(F.sum(F.length(value))).collect()
        assert is_damaged
        named.extend(find_damaged(rows, alerts, value))

    despite_damage(spark, look)
    ((first, _),) = found.files.values()
    assert named == [(first.path, f"damaged: {DAMAGED_AFTER} of its {ALERTS} alerts can be read")]
    assert {name: spark.conf.get(name) for name in TOLERANT} == strict


def test_what_fails_for_another_reason_is_not_tried_again(spark: SparkSession) -> None:
    tries: list[bool] = []

    def fail(is_damaged: bool) -> None:
        tries.append(is_damaged)
        spark.range(1).select(F.raise_error(F.lit("something else"))).collect()

    with pytest.raises(Py4JJavaError, match="something else"):
        despite_damage(spark, fail)
    assert tries == [False]
