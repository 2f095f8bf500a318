"""The document that tells a job what to do."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession

from spark_scripts.session import read_text


def test_a_plan_is_read_as_it_was_written(spark: SparkSession, tmp_path: Path) -> None:
    text = '{"request": {"classes": ["(SIMBAD) IR>30um"], "conditions": "-- 2′′\\n"}}\n'
    (tmp_path / "plan.json").write_text(text, encoding="utf-8")
    assert read_text(spark, str(tmp_path / "plan.json")) == text
    assert read_text(spark, (tmp_path / "plan.json").as_uri()) == text
