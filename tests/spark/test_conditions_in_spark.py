"""What Spark makes of a rendered condition is what plain Python says, with None for no value."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import (
    BooleanType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from tests.support.condition_parsing import ZTF, rendered
from tests.support.condition_strategies import CONDITIONS

INF, NAN = math.inf, math.nan
VALUES = (0.0, 1.0, -1.0, 0.5, 19.5, 1000.0, -999.0, 1e-30, NAN, INF, -INF, None)
TEXTS = ("SN candidate", "Unknown", "", None, "RRLyr_*", "a'b", "50%", "a\\b")
FLAGS = (True, False, None)
INTEGERS = (0, 1, -1, 2, 3, None, 2_147_483_647, -999)

SCHEMA = StructType(
    [
        StructField("candid", LongType(), nullable=False),
        StructField(
            "candidate",
            StructType([StructField("magpsf", FloatType()), StructField("fid", IntegerType())]),
        ),
        StructField("mulens", DoubleType()),
        StructField("mag_rate", DoubleType()),
        StructField("cdsxmatch", StringType()),
        StructField("from_upper", BooleanType()),
    ]
)


def rows() -> list[dict[str, Any]]:
    """Each value beside each; the last rows have no candidate at all."""
    pairs = [(x, y) for x in VALUES for y in VALUES]
    table = [
        {
            "candid": n,
            "candidate": {"magpsf": x, "fid": INTEGERS[n % len(INTEGERS)]},
            "mulens": x,
            "mag_rate": y,
            "cdsxmatch": TEXTS[n % len(TEXTS)],
            "from_upper": FLAGS[n % len(FLAGS)],
        }
        for n, (x, y) in enumerate(pairs)
    ]
    without = dict.fromkeys(("candidate", "mulens", "mag_rate", "cdsxmatch", "from_upper"))
    return [*table, {"candid": len(table), **without}]


ROWS = rows()


@pytest.fixture(scope="module")
def alerts(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> DataFrame:
    """The rows as Parquet, so that Spark runs them through generated code and not while it plans."""
    path: Path = tmp_path_factory.mktemp("conditions") / "alerts.parquet"
    spark.createDataFrame(ROWS, SCHEMA).coalesce(1).write.parquet(str(path))
    return spark.read.parquet(str(path))


def value(x: float | None) -> float | None:
    """None for no value."""
    return None if x is None or math.isnan(x) else x


def both(compute: Callable[..., Any]) -> Callable[..., Any]:
    """Null in, null out; an error of mathematics and NaN are no value."""

    def computed(*given: Any) -> Any:
        if any(each is None for each in given):
            return None
        try:
            result = compute(*given)
        except (ValueError, ZeroDivisionError):
            return None
        except OverflowError:
            return INF
        return value(result) if isinstance(result, float) else result

    return computed


def negated(x: bool | None) -> bool | None:
    return None if x is None else not x


def either(x: bool | None, y: bool | None) -> bool | None:
    return True if x or y else (None if x is None or y is None else False)


greater, less, equal = both(lambda a, b: a > b), both(lambda a, b: a < b), both(lambda a, b: a == b)
at_least = both(lambda a, b: a >= b)
plus, minus, times = both(lambda a, b: a + b), both(lambda a, b: a - b), both(lambda a, b: a * b)
divided = both(lambda a, b: a / b)
log10, ln, root = both(math.log10), both(math.log), both(math.sqrt)
remainder = both(math.fmod)


def all_of(x: bool | None, y: bool | None) -> bool | None:
    return negated(either(negated(x), negated(y)))


def between(x: float | None, low: float | None, high: float | None) -> bool | None:
    return all_of(at_least(x, low), at_least(high, x))


def first(*values: float | None) -> float | None:
    return next((each for each in values if each is not None), None)


def widest(choose: Callable[..., float], *values: float | None) -> float | None:
    """Spark's greatest and least pass over what has no value."""
    return choose((each for each in values if each is not None), default=None)


@both
def power(x: float, y: float) -> float:
    """Java's pow: infinite where Python refuses 0 to a negative power, no value for 1 to the power of infinity."""
    if x == 0 and y < 0:
        return INF
    return NAN if abs(x) == 1 and math.isinf(y) else math.pow(x, y)


class Row:
    """A row with None for no value."""

    def __init__(self, row: dict[str, Any]) -> None:
        candidate = row["candidate"] or {"magpsf": None, "fid": None}
        magpsf = value(candidate["magpsf"])
        self.m = None if magpsf is None else float(np.float32(magpsf))
        self.fid = candidate["fid"]
        self.x = value(row["mulens"])
        self.y = value(row["mag_rate"])
        self.raw_x = row["mulens"]
        self.s = row["cdsxmatch"]
        self.flag = row["from_upper"]
        self.candid = row["candid"]


CASES: tuple[tuple[str, Callable[[Row], Any]], ...] = (
    ("candidate.magpsf > 19", lambda r: greater(r.m, 19)),
    ("candidate.magpsf >= 19.5", lambda r: both(lambda a: a >= 19.5)(r.m)),
    ("candidate.magpsf < 0", lambda r: less(r.m, 0)),
    ("NOT candidate.magpsf > 19", lambda r: negated(greater(r.m, 19))),
    ("NOT (candidate.magpsf <= 0)", lambda r: negated(both(lambda a: a <= 0)(r.m))),
    ("mulens = mulens", lambda r: equal(r.x, r.x)),
    ("mulens = mag_rate", lambda r: equal(r.x, r.y)),
    ("mulens <> mag_rate", lambda r: negated(equal(r.x, r.y))),
    ("mulens != -999", lambda r: negated(equal(r.x, -999))),
    ("mulens IS NULL", lambda r: r.x is None),
    ("mulens IS NOT NULL", lambda r: r.x is not None),
    ("candidate.magpsf IS NULL AND mag_rate IS NOT NULL", lambda r: r.m is None and r.y is not None),
    ("mulens BETWEEN 0 AND 1", lambda r: both(lambda a: 0 <= a <= 1)(r.x)),
    ("mulens NOT BETWEEN 0 AND 1", lambda r: negated(both(lambda a: 0 <= a <= 1)(r.x))),
    ("mulens BETWEEN mag_rate AND 20", lambda r: between(r.x, r.y, 20)),
    ("mulens IN (0, 1, 0.5)", lambda r: both(lambda a: a in (0, 1, 0.5))(r.x)),
    ("mulens NOT IN (0, 1, 0.5)", lambda r: negated(both(lambda a: a in (0, 1, 0.5))(r.x))),
    ("0 IN (mulens, mag_rate)", lambda r: either(equal(r.x, 0), equal(r.y, 0))),
    ("0 NOT IN (mulens, mag_rate)", lambda r: negated(either(equal(r.x, 0), equal(r.y, 0)))),
    ("mulens - mag_rate > 0", lambda r: greater(minus(r.x, r.y), 0)),
    ("NOT (mulens - mag_rate > 0)", lambda r: negated(greater(minus(r.x, r.y), 0))),
    ("mulens + mag_rate IS NULL", lambda r: plus(r.x, r.y) is None),
    ("mulens * mag_rate >= 0", lambda r: both(lambda a: a >= 0)(times(r.x, r.y))),
    ("mulens / mag_rate < 1", lambda r: less(divided(r.x, r.y), 1)),
    ("mulens / 0 IS NULL", lambda r: True),
    ("NOT sqrt(mulens) > 1", lambda r: negated(greater(root(r.x), 1))),
    ("sqrt(mulens) > 0", lambda r: greater(root(r.x), 0)),
    ("LOG10(mulens) = 3", lambda r: equal(log10(r.x), 3)),
    ("log10(mulens) < 0 OR mag_rate > 1", lambda r: either(less(log10(r.x), 0), greater(r.y, 1))),
    ("ln(mulens) > 0", lambda r: greater(ln(r.x), 0)),
    ("log(mulens) IS NULL", lambda r: ln(r.x) is None),
    ("pow(mulens, mag_rate) > 0", lambda r: greater(power(r.x, r.y), 0)),
    ("pow(mulens, 0) = 1", lambda r: equal(power(r.x, 0), 1)),
    ("asin(mulens) >= -2", lambda r: both(lambda a: a >= -2)(both(math.asin)(r.x))),
    ("NOT cos(mulens) > 2", lambda r: negated(greater(both(math.cos)(r.x), 2))),
    ("atan2(mulens, mag_rate) > 0", lambda r: greater(both(math.atan2)(r.x, r.y), 0)),
    ("exp(mulens) > 1", lambda r: greater(both(math.exp)(r.x), 1)),
    ("mulens % mag_rate = 0", lambda r: equal(remainder(r.x, r.y), 0)),
    ("sign(mulens) = -1", lambda r: equal(both(lambda a: math.copysign(1, a) if a else 0)(r.x), -1)),
    ("abs(mulens) > 100", lambda r: greater(both(abs)(r.x), 100)),
    ("greatest(mulens, mag_rate) > 1", lambda r: greater(widest(max, r.x, r.y), 1)),
    ("least(mulens, mag_rate) < 1", lambda r: less(widest(min, r.x, r.y), 1)),
    ("coalesce(mulens, mag_rate, 7) = 7", lambda r: equal(first(r.x, r.y, 7), 7)),
    ("nullif(mulens, 1) IS NULL", lambda r: r.x is None or r.x == 1),
    ("isnan(mulens)", lambda r: r.raw_x is not None and math.isnan(r.raw_x)),
    ("CASE WHEN mulens > 0 THEN mag_rate ELSE 5 END > 1", lambda r: greater(r.y if r.x and r.x > 0 else 5, 1)),
    ("CASE mulens WHEN 0 THEN TRUE ELSE FALSE END", lambda r: r.x == 0),
    ("if(mulens > mag_rate, mulens, mag_rate) < 3", lambda r: less(r.x if greater(r.x, r.y) else r.y, 3)),
    ("CAST(mulens AS STRING) = 'NaN'", lambda r: None if r.x is None else False),
    ("candidate.fid = 2 AND NOT mulens > 0", lambda r: all_of(equal(r.fid, 2), negated(greater(r.x, 0)))),
    ("candidate.fid * 3 > 2147483647", lambda r: greater(times(r.fid, 3), 2_147_483_647)),
    ("2 * mod(candidate.fid, 2) = 2", lambda r: equal(both(lambda a: 2 * math.fmod(a, 2))(r.fid), 2)),
    ("pmod(candidate.fid, 2) = 1", lambda r: equal(both(lambda a: a % 2)(r.fid), 1)),
    ("candidate.fid / 2 > 0.5", lambda r: greater(divided(r.fid, 2), 0.5)),
    ("cdsxmatch = 'SN candidate'", lambda r: equal(r.s, "SN candidate")),
    ("cdsxmatch NOT IN ('Unknown', '')", lambda r: negated(both(lambda a: a in ("Unknown", ""))(r.s))),
    (r"cdsxmatch LIKE '%\%'", lambda r: both(lambda a: a.endswith("%"))(r.s)),
    ("cdsxmatch NOT LIKE 'SN%'", lambda r: negated(both(lambda a: a.startswith("SN"))(r.s))),
    (r"cdsxmatch RLIKE '^RR.*\\*$'", lambda r: equal(r.s, "RRLyr_*")),
    (r"cdsxmatch = 'a\'b' OR cdsxmatch = 'a\\b'", lambda r: both(lambda a: a in ("a'b", "a\\b"))(r.s)),
    ("upper(substring(cdsxmatch, 1, 2)) || 'x' = 'SNx'", lambda r: equal(r.s and r.s[:2].upper(), "SN")),
    ("startswith(lower(cdsxmatch), 'sn') = TRUE", lambda r: both(lambda a: a.lower().startswith("sn"))(r.s)),
    ("length(cdsxmatch) > 3", lambda r: both(lambda a: len(a) > 3)(r.s)),
    ("from_upper", lambda r: r.flag),
    ("NOT from_upper", lambda r: negated(r.flag)),
    ("TRUE = NOT from_upper", lambda r: negated(r.flag)),
    ("(mulens IS NULL) = from_upper", lambda r: equal(r.x is None, r.flag)),
    ("mulens IS NULL = (mag_rate IS NULL)", lambda r: (r.x is None) == (r.y is None)),
)


def test_spark_tells_false_from_no_value_as_python_does(alerts: DataFrame) -> None:
    columns = [f"{rendered(text)} AS c{n}" for n, (text, _) in enumerate(CASES)]
    answers = {row["candid"]: row for row in alerts.selectExpr("candid", *columns).collect()}

    wrong = [
        (text, row, answers[row["candid"]][f"c{n}"], expected(Row(row)))
        for row in ROWS
        for n, (text, expected) in enumerate(CASES)
        if answers[row["candid"]][f"c{n}"] is not expected(Row(row))
    ]

    assert wrong == []


def test_a_condition_runs_as_generated_code(alerts: DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    alerts.where(rendered("NOT sqrt(candidate.magpsf) > 1")).explain()

    assert "*(1) Filter" in capsys.readouterr().out


EXPRESSIONS = (
    *("log10({x})", "log2({x})", "ln({x})", "log({x})", "log(3, {x})", "sqrt({x})", "cbrt({x})", "exp({x})"),
    *("sin({x})", "cos({x})", "tan({x})", "asin({x})", "acos({x})", "atan({x})", "atan2({x}, 2)"),
    *("degrees({x})", "radians({x})", "floor({x})", "ceil({x})", "ceiling({x})", "round({x})", "round({x}, 1)"),
    *("signum({x})", "abs({x})", "{x} % 7", "pmod({x}, 7)", "mod({x} + 1, 7) * 2", "2 * mod({x}, 7)"),
    *("-{x} - -1", "{x} / 3 - {x} * 3", "nvl({x}, 1)", "ifnull({x}, 1)", "pow({x}, 3)", "power({x}, 2)"),
)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_rendering_changes_no_value_that_spark_computes(alerts: DataFrame, expression: str) -> None:
    """sqlglot rewrites some functions: what it writes must give the same bits where there is a value."""
    typed = expression.format(x="mulens")
    computed = alerts.where("NOT isnan(mulens)").selectExpr("mulens", f"CAST({typed} AS DOUBLE) AS mag_rate")
    has_value = computed.where("mag_rate IS NOT NULL AND NOT isnan(mag_rate)")

    same = has_value.where(rendered(f"{typed} = mag_rate"))

    assert same.count() == has_value.count() > 0


@pytest.fixture(scope="module")
def no_alerts(spark: SparkSession) -> DataFrame:
    """A table with every field that a condition may use, and no rows."""
    return spark.createDataFrame([], f"{ZTF.ddl}, finkclass STRING, tnsclass STRING")


@settings(max_examples=60, deadline=None)
@given(text=CONDITIONS)
def test_spark_understands_whatever_is_accepted(no_alerts: DataFrame, text: str) -> None:
    assert no_alerts.where(rendered(text)).schema == no_alerts.schema
