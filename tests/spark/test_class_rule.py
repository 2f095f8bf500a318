"""The class rule: each step, each pair of steps, values that are no value, and the community's own answers."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.types import DoubleType, IntegerType, StringType, StructField, StructType

from spark_scripts.class_rule import INPUTS, finkclass

JD = 2_460_000.5
QUIET = {
    "cdsxmatch": "Unknown",
    "roid": 0,
    "mulens": 0.0,
    "snn_snia_vs_nonia": 0.0,
    "snn_sn_vs_all": 0.0,
    "rf_snia_vs_nonia": 0.0,
    "rf_kn_vs_nonkn": 0.0,
    "tracklet": "",
    "candidate.ndethist": 5,
    "candidate.drb": 0.9,
    "candidate.classtar": 0.9,
    "candidate.jd": JD,
    "candidate.jdstarthist": JD - 3,
}
"""An alert that no step of the rule takes, and whose other inputs stand in no step's way."""
MICROLENSING = {"mulens": 0.5}
SUPERNOVA = {"snn_sn_vs_all": 0.9}
EARLY_SUPERNOVA = {"snn_snia_vs_nonia": 0.9, "rf_snia_vs_nonia": 0.9, "candidate.jdstarthist": JD - 91}
KILONOVA = {"rf_kn_vs_nonkn": 0.9}
MOVING = {"roid": 2}
TRACKLET = {"tracklet": "TRCK_20240115_01"}
KNOWN_MOVING = {"roid": 3}
STAR = {"cdsxmatch": "RRLyr"}
SUPERNOVA_IN_SIMBAD = {"cdsxmatch": "SN"}  # a SIMBAD type that does not speak against an extragalactic host

SINGLE = [
    ({}, "Unknown"),
    (MICROLENSING, "Microlensing candidate"),
    (SUPERNOVA, "SN candidate"),
    ({"snn_snia_vs_nonia": 0.9}, "SN candidate"),
    (EARLY_SUPERNOVA, "Early SN Ia candidate"),
    (KILONOVA, "Kilonova candidate"),
    (MOVING, "Solar System candidate"),
    (TRACKLET, "Tracklet"),
    (KNOWN_MOVING, "Solar System MPC"),
    (STAR, "RRLyr"),
]
PAIRS = [
    (MICROLENSING | SUPERNOVA, "Ambiguous"),
    (MICROLENSING | EARLY_SUPERNOVA, "Early SN Ia candidate"),
    (MICROLENSING | KILONOVA, "Kilonova candidate"),
    (MICROLENSING | MOVING, "Ambiguous"),
    (MICROLENSING | TRACKLET, "Tracklet"),
    (MICROLENSING | KNOWN_MOVING, "Ambiguous"),
    (MICROLENSING | STAR, "RRLyr"),
    (SUPERNOVA | {"rf_snia_vs_nonia": 0.9}, "Early SN Ia candidate"),
    (SUPERNOVA | KILONOVA, "Kilonova candidate"),
    (SUPERNOVA | MOVING, "Ambiguous"),
    (SUPERNOVA | TRACKLET, "Tracklet"),
    (SUPERNOVA | KNOWN_MOVING, "Solar System MPC"),
    (SUPERNOVA | SUPERNOVA_IN_SIMBAD, "SN"),
    (KILONOVA | EARLY_SUPERNOVA | {"candidate.jdstarthist": JD - 3}, "Kilonova candidate"),
    (EARLY_SUPERNOVA | MOVING, "Solar System candidate"),
    (EARLY_SUPERNOVA | TRACKLET, "Tracklet"),
    (EARLY_SUPERNOVA | KNOWN_MOVING, "Solar System MPC"),
    (EARLY_SUPERNOVA | SUPERNOVA_IN_SIMBAD, "SN"),
    (KILONOVA | MOVING, "Solar System candidate"),
    (KILONOVA | TRACKLET, "Tracklet"),
    (KILONOVA | KNOWN_MOVING, "Solar System MPC"),
    (KILONOVA | SUPERNOVA_IN_SIMBAD, "SN"),
    (MOVING | TRACKLET, "Tracklet"),
    (MOVING | STAR, "RRLyr"),
    (TRACKLET | KNOWN_MOVING, "Solar System MPC"),
    (TRACKLET | STAR, "RRLyr"),
    (KNOWN_MOVING | STAR, "RRLyr"),
    (MICROLENSING | MOVING | TRACKLET, "Ambiguous"),
    (MICROLENSING | MOVING | KILONOVA, "Ambiguous"),
    (MICROLENSING | SUPERNOVA | {"rf_snia_vs_nonia": 0.9}, "Ambiguous"),
    (MICROLENSING | MOVING | STAR, "RRLyr"),
]
LIMITS = [
    (SUPERNOVA | {"snn_sn_vs_all": 0.5}, "Unknown"),
    (SUPERNOVA | {"candidate.drb": 0.5}, "Unknown"),
    (SUPERNOVA | {"candidate.classtar": 0.4}, "Unknown"),
    (SUPERNOVA | {"candidate.ndethist": 1}, "Unknown"),
    (SUPERNOVA | {"candidate.jdstarthist": JD - 90}, "SN candidate"),
    (SUPERNOVA | {"candidate.jdstarthist": JD - 90.5}, "Unknown"),
    (SUPERNOVA | {"cdsxmatch": "Star"}, "Star"),
    (EARLY_SUPERNOVA | {"candidate.ndethist": 20}, "Early SN Ia candidate"),
    (EARLY_SUPERNOVA | {"candidate.ndethist": 21}, "Unknown"),
    (KILONOVA | {"candidate.ndethist": 20}, "Unknown"),
    (KILONOVA | {"candidate.jdstarthist": JD - 5}, "Unknown"),
    ({"tracklet": "X_TRCK_"}, "Unknown"),
    *(({"cdsxmatch": label}, "Unknown") for label in ("Transient", "Fail", "Fail 504", "Failure", "Galaxy", "GalaxyX")),
    ({"cdsxmatch": "IR>30um"}, "IR>30um"),
    ({"cdsxmatch": "galaxy"}, "galaxy"),
]
NO_VALUE = [
    *((SUPERNOVA | {name: None}, "Unknown") for name in QUIET if name.startswith("candidate.") or name == "roid"),
    *((SUPERNOVA | {name: math.nan}, "Unknown") for name in ("candidate.drb", "candidate.classtar", "snn_sn_vs_all")),
    *(({name: math.nan}, "Unknown") for name in QUIET if INPUTS[name] == "double"),
    ({"mulens": None}, "Unknown"),
    ({"tracklet": None}, "Unknown"),
    ({"cdsxmatch": None}, "Unknown"),
    (SUPERNOVA | {"cdsxmatch": None}, "Unknown"),
]
TYPES = {"string": StringType(), "int": IntegerType(), "double": DoubleType()}


def _schema() -> StructType:
    nested = [StructField(name.split(".")[1], TYPES[kind]) for name, kind in INPUTS.items() if "." in name]
    flat = [StructField(name, TYPES[kind]) for name, kind in INPUTS.items() if "." not in name]
    return StructType([*flat, StructField("candidate", StructType(nested))])


def _row(changes: dict[str, object]) -> tuple[object, ...]:
    values = QUIET | changes
    nested = tuple(values[name] for name in INPUTS if "." in name)
    return (*(values[name] for name in INPUTS if "." not in name), nested)


def _classes(spark: SparkSession, cases: list[tuple[dict[str, object], str]]) -> list[str]:
    frame = spark.createDataFrame([_row(changes) for changes, _ in cases], _schema()).coalesce(1)
    return [row.found for row in frame.select(finkclass(frame).alias("found")).collect()]


@pytest.mark.parametrize("cases", [SINGLE, PAIRS, LIMITS, NO_VALUE], ids=["single", "pairs", "limits", "no value"])
def test_each_case_gets_its_class(spark: SparkSession, cases: list[tuple[dict[str, object], str]]) -> None:
    assert list(zip(_classes(spark, cases), cases, strict=True)) == [(want, (case, want)) for case, want in cases]


def test_an_input_that_the_nights_do_not_have_fires_no_rule(spark: SparkSession) -> None:
    frame = spark.createDataFrame([_row(SUPERNOVA | MICROLENSING)], _schema()).drop("snn_sn_vs_all", "tracklet")
    assert frame.select(finkclass(frame)).first()[0] == "Microlensing candidate"


def test_a_struct_where_a_number_is_due_fires_no_rule(spark: SparkSession) -> None:
    frame = spark.sql("SELECT named_struct('class_1', 'ML', 'ml_score_1', 0.9D) AS mulens, 3 AS roid")
    assert frame.select(finkclass(frame)).first()[0] == "Solar System MPC"


def test_real_alerts_get_the_class_of_the_community(spark: SparkSession, real_alerts: Path) -> None:
    with (real_alerts / "expected_finkclass.csv").open() as file:
        expected = {int(row["candid"]): row["finkclass"] for row in csv.DictReader(file)}
    found: dict[int, str] = {}
    for file in sorted((real_alerts / "archive" / "science").glob("*/*/*/*.parquet")):
        frame = spark.read.parquet(str(file))
        rows = frame.select("candid", finkclass(frame).alias("found")).collect()
        found |= {row.candid: row.found for row in rows if row.candid in expected}
    assert found == expected
