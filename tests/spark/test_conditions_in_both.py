"""Spark and DuckDB give the same alerts for a condition, and for the mission's conditions plain pandas does too."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from backend.conditions import Condition, parse_conditions
from tests.support.condition_cases import MISSION, natural_conditions, systematic_conditions
from tests.support.condition_parsing import ZTF
from tests.support.flat_alerts import hard_alerts, nested, read_real_alerts

CONDITIONS_A_JOB = 100
"""More columns in one projection take Spark's optimizer longer than another job."""

Answers = list[list[bool | None]]
"""For each alert, in the order of the table, what each condition says."""


def parsed(texts: list[str]) -> list[Condition]:
    return [condition for text in texts for condition in parse_conditions(text, ZTF)]


def answers_of_spark(spark: SparkSession, alerts: pa.Table, conditions: list[Condition], folder: Path) -> Answers:
    file = folder / "alerts.parquet"
    pq.write_table(alerts, file)
    frame = nested(spark, file).coalesce(1)
    answers: Answers = [[] for _ in range(alerts.num_rows)]
    for first in range(0, len(conditions), CONDITIONS_A_JOB):
        part = conditions[first : first + CONDITIONS_A_JOB]
        rows = frame.selectExpr(*(f"{each.spark_sql} AS c{n}" for n, each in enumerate(part))).collect()
        for answer, row in zip(answers, rows, strict=True):
            answer += list(row)
    return answers


def answers_of_duckdb(alerts: pa.Table, conditions: list[Condition]) -> Answers:
    connection = duckdb.connect()
    connection.register("alerts", alerts)
    connection.execute("SET threads = 1")
    columns = []
    for each in conditions:
        answers = connection.execute(f"SELECT {each.duckdb_sql} FROM alerts").fetchall()
        columns.append([answer for (answer,) in answers])
    return [list(row) for row in zip(*columns, strict=True)]


def differing(conditions: list[Condition], alerts: pa.Table, one: Answers, other: Answers) -> list[str]:
    """For each condition of which the two disagree, the first alert that they disagree on."""
    found = []
    for n, condition in enumerate(conditions):
        rows = [row for row in range(len(one)) if one[row][n] is not other[row][n]]
        if rows:
            values = {path: alerts.column(path)[rows[0]].as_py() for path in condition.columns}
            found.append(f"{condition.text}: {one[rows[0]][n]} and {other[rows[0]][n]} for {values}, {len(rows)} rows")
    return found


@pytest.fixture(scope="module")
def real(real_alerts: Path) -> pa.Table:
    return read_real_alerts(real_alerts / "archive" / "science")


def test_spark_and_duckdb_agree_on_every_function_and_every_hard_value(spark: SparkSession, tmp_path: Path) -> None:
    alerts, conditions = hard_alerts(), parsed(systematic_conditions())

    in_spark = answers_of_spark(spark, alerts, conditions, tmp_path)

    assert len(conditions) > 600
    assert differing(conditions, alerts, in_spark, answers_of_duckdb(alerts, conditions)) == []


def test_spark_and_duckdb_agree_on_the_real_archive(spark: SparkSession, real: pa.Table, tmp_path: Path) -> None:
    conditions = parsed([*natural_conditions(), MISSION])

    in_spark = answers_of_spark(spark, real, conditions, tmp_path)

    assert len(conditions) >= 150
    assert differing(conditions, real, in_spark, answers_of_duckdb(real, conditions)) == []
    kept = [sum(answer is True for answer in column) for column in zip(*in_spark, strict=True)]
    assert sum(0 < each < real.num_rows for each in kept) >= 120


@pytest.mark.parametrize("which", ["real", "hard"])
def test_the_conditions_of_the_mission_are_what_pandas_says(which: str, request: pytest.FixtureRequest) -> None:
    """Comparisons of pandas are false for NaN, which also stands for null there."""
    alerts = request.getfixturevalue("real") if which == "real" else hard_alerts()
    frame: pd.DataFrame = alerts.to_pandas()
    magnitude, distance = frame["candidate.magpsf"], frame["candidate.distnr"]
    with np.errstate(all="ignore"):
        log10 = np.log10(distance.astype("float64")).where(distance > 0)
    expected = [
        magnitude > 19.5,
        distance > 2,
        (frame["candidate.magnr"] - magnitude) < -4 * (log10 + 0.2),
        frame["rf_snia_vs_nonia"] > 0.5,
        frame["snn_snia_vs_nonia"] > 0.5,
    ]

    answers = answers_of_duckdb(alerts, parsed([MISSION]))

    for n, mask in enumerate(expected):
        assert [row[n] is True for row in answers] == mask.tolist()
