"""Conditions on an object's history give what plain Python gives, with None for no value."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession

from tests.support.condition_parsing import rendered

NAN = math.nan

Entry = dict[str, Any]
Number = float | None


def entry(magpsf: Number, fid: int | None, jd: Number) -> Entry:
    return {"magpsf": magpsf, "fid": fid, "jd": jd}


HISTORIES: tuple[list[Entry] | None, ...] = (
    None,
    [],
    [entry(None, None, None)],
    [entry(NAN, 1, 1.0)],
    [entry(17.5, 1, 1.0)],
    [entry(18.5, 2, 1.0), entry(17.0, 1, 2.0)],
    [entry(NAN, 1, 1.0), entry(19.0, 2, 2.0), entry(None, 1, 3.0)],
    [entry(17.0, 2, 3.0), entry(NAN, 2, NAN)],
    [entry(19.5, 1, 1.0), entry(19.25, 1, 1.5), entry(16.0, 3, 2.0), entry(-999.0, 2, 4.0)],
)
SCHEMA = """candid BIGINT, candidate STRUCT<magpsf: FLOAT>, cmagpsf ARRAY<FLOAT>,
    prv_candidates ARRAY<STRUCT<magpsf: FLOAT, fid: INT, jd: DOUBLE>>"""


def value(x: Number) -> Number:
    return None if x is None or math.isnan(x) else x


def some(answers: list[bool | None]) -> bool | None:
    return True if True in answers else (None if None in answers else False)


def every(answers: list[bool | None]) -> bool | None:
    return False if False in answers else (None if None in answers else True)


def less(x: Number, y: Number) -> bool | None:
    return None if value(x) is None or value(y) is None else x < y


def magnitudes(history: list[Entry]) -> list[float]:
    return [each["magpsf"] for each in history if value(each["magpsf"]) is not None]


def total(history: list[Entry]) -> Number:
    values = [value(each["magpsf"]) for each in history]
    return None if None in values else sum(values)


def exists_pair(history: list[Entry]) -> bool | None:
    def both(p: Entry, q: Entry) -> bool | None:
        later, fainter = less(p["jd"], q["jd"]), less(p["magpsf"], q["magpsf"])
        return every([later, fainter])

    return some([some([both(p, q) for q in history]) for p in history])


CASES: tuple[tuple[str, Callable[[list[Entry]], bool | None]], ...] = (
    ("size(prv_candidates) > 1", lambda h: len(h) > 1),
    ("size(prv_candidates) >= 0", lambda h: True),
    ("cardinality(prv_candidates) = 0", lambda h: len(h) == 0),
    ("exists(prv_candidates, p -> p.magpsf < 18)", lambda h: some([less(e["magpsf"], 18) for e in h])),
    ("NOT exists(prv_candidates, p -> p.magpsf > 18)", lambda h: every([_not(less(18, e["magpsf"])) for e in h])),
    ("forall(prv_candidates, p -> p.magpsf > 0)", lambda h: every([less(0, e["magpsf"]) for e in h])),
    ("exists(prv_candidates, p -> p.magpsf IS NULL)", lambda h: len(magnitudes(h)) < len(h)),
    ("exists(prv_candidates, p -> isnan(p.magpsf))", lambda h: any(_is_nan(e["magpsf"]) for e in h)),
    ("size(filter(prv_candidates, p -> p.magpsf IS NOT NULL)) > 1", lambda h: len(magnitudes(h)) > 1),
    ("size(filter(prv_candidates, p -> p.magpsf > 18)) = 1", lambda h: sum(m > 18 for m in magnitudes(h)) == 1),
    (
        "array_max(transform(prv_candidates, p -> p.magpsf)) > 18",
        lambda h: less(18, max(magnitudes(h), default=None)),
    ),
    (
        "array_min(transform(prv_candidates, p -> p.magpsf)) < candidate.magpsf",
        lambda h: less(min(magnitudes(h), default=None), 18.0),
    ),
    ("array_max(cmagpsf) > 18", lambda h: less(18, max(magnitudes(h), default=None))),
    ("exists(cmagpsf, m -> m > 19)", lambda h: some([less(19, e["magpsf"]) for e in h])),
    ("element_at(prv_candidates, 1).magpsf < 18", lambda h: less(h[0]["magpsf"], 18) if h else None),
    ("element_at(prv_candidates, -1).magpsf < 18", lambda h: less(h[-1]["magpsf"], 18) if h else None),
    ("element_at(prv_candidates, 3).jd IS NULL", lambda h: len(h) < 3 or value(h[2]["jd"]) is None),
    ("element_at(cmagpsf, 2) IS NULL", lambda h: len(h) < 2 or value(h[1]["magpsf"]) is None),
    ("array_contains(transform(prv_candidates, p -> p.fid), 3)", lambda h: some([_same(e["fid"], 3) for e in h])),
    (
        "size(array_distinct(transform(prv_candidates, p -> p.magpsf))) = 2",
        lambda h: len({value(e["magpsf"]) for e in h}) == 2,
    ),
    ("aggregate(prv_candidates, 0, (t, p) -> t + p.magpsf) > 20", lambda h: less(20, total(h))),
    (
        "aggregate(prv_candidates, 0, (t, p) -> t + if(p.fid = 1, 1, 0)) >= 2",
        lambda h: sum(e["fid"] == 1 for e in h) >= 2,
    ),
    (
        "exists(prv_candidates, p -> exists(prv_candidates, q -> p.jd < q.jd AND p.magpsf < q.magpsf))",
        exists_pair,
    ),
    (
        "exists(filter(prv_candidates, p -> p.fid = 1), p -> p.magpsf < candidate.magpsf)",
        lambda h: some([less(e["magpsf"], 18.0) for e in h if e["fid"] == 1]),
    ),
)


def without_history(text: str) -> bool | None:
    """An alert that has no list: an entry of it is null, and all else is no value."""
    return True if text.endswith("IS NULL") else None


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _is_nan(x: Number) -> bool:
    return x is not None and math.isnan(x)


def _same(x: int | None, y: int) -> bool | None:
    return None if x is None else x == y


@pytest.fixture(scope="module")
def alerts(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> DataFrame:
    """One alert of 18 mag for each history, as Parquet, so that Spark does not compute while it plans."""
    path = tmp_path_factory.mktemp("histories") / "alerts.parquet"
    rows = [
        {
            "candid": n,
            "candidate": {"magpsf": 18.0},
            "prv_candidates": history,
            "cmagpsf": None if history is None else [each["magpsf"] for each in history],
        }
        for n, history in enumerate(HISTORIES)
    ]
    spark.createDataFrame(rows, SCHEMA).coalesce(1).write.parquet(str(path))
    return spark.read.parquet(str(path))


def test_history_means_in_spark_what_python_says(alerts: DataFrame) -> None:
    columns = [f"{rendered(text)} AS c{n}" for n, (text, _) in enumerate(CASES)]
    answers = {row["candid"]: row for row in alerts.selectExpr("candid", *columns).collect()}

    wrong = [
        (text, history, answers[candid][f"c{n}"])
        for candid, history in enumerate(HISTORIES)
        for n, (text, expected) in enumerate(CASES)
        if answers[candid][f"c{n}"] is not (without_history(text) if history is None else expected(history))
    ]

    assert wrong == []


def test_history_of_real_alerts(spark: SparkSession, real_alerts: Path) -> None:
    folder = real_alerts / "archive" / "science" / "year=2024" / "month=01" / "day=15"
    files = sorted(str(each) for each in folder.glob("*.parquet"))
    table = [row for file in files for row in pq.read_table(file, columns=["prv_candidates"]).to_pylist()]
    texts = [
        "exists(prv_candidates, p -> p.magpsf < 17)",
        "size(filter(prv_candidates, p -> p.magpsf IS NOT NULL)) > 5",
        "array_max(transform(prv_candidates, p -> p.magpsf)) - array_min(transform(prv_candidates, p -> p.magpsf)) > 1",
    ]
    kept = [0, 0, 0]
    for row in table:
        found = magnitudes(row["prv_candidates"] or [])
        kept[0] += any(each < 17 for each in found)
        kept[1] += len(found) > 5
        kept[2] += bool(found) and max(found) - min(found) > 1

    flags = [f"count_if({rendered(text)})" for text in texts]
    counted = spark.read.parquet(*files).selectExpr(*flags).first()

    assert list(counted) == kept
    assert all(0 < each < len(table) for each in kept)
