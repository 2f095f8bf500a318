"""Make the table of docs/estimates.md: 40 random requests, estimated and counted, on a simulated archive.

Usage: ``python -m docs.scripts.check_estimates --archive ARCHIVE --out FOLDER``. The archive is simulated first, unless
it is there; the statistics job counts it twice below FOLDER, once as always and once with all alerts in the sample: its
"estimates" are the true numbers.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import random
import statistics
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
from pyspark.sql import SparkSession

from backend.alert_schema import survey
from backend.archive_estimates import ArchiveEstimates
from backend.config import Settings
from backend.models import Estimate, TransferRequest
from backend.nights import NightRange
from backend.statistics_job import sample_columns, statistics_plan
from simulator.archive import simulate_archive
from spark_scripts.archive_statistics import read_statistics_plan, update_statistics
from spark_scripts.session import SQL_SETTINGS
from stack.jar_lock import Lock
from stack.jars import JarCache
from stack.java import find_java
from stack.places import JARS_DIR, RUNTIMES_DIR

PAGE = Path(__file__).parents[1] / "estimates.md"
BEGIN, END = "<!-- figures of check_estimates -->", "<!-- end of the figures -->"
FIRST_NIGHT, NIGHTS, ALERTS_PER_NIGHT = date(2024, 9, 1), 20, 5_000
REQUESTS, OF_RARE_CLASSES, SEED = 40, 10, 20260101
RARE = 0.001
"""Share of all alerts below which a class is rare."""
ALL = 10**9
LARGE = 1_000


@dataclasses.dataclass(frozen=True)
class Case:
    """A request, what was estimated and what is true."""

    request: TransferRequest
    estimate: Estimate
    truth: int

    @property
    def bounds(self) -> tuple[int, int]:
        """Of the interval."""
        bounds = self.estimate.bounds
        return (bounds.lowest, bounds.highest) if bounds else (self.estimate.alerts, self.estimate.alerts)

    @property
    def half_width(self) -> float:
        """Of the interval, in alerts."""
        return (self.bounds[1] - self.bounds[0]) / 2

    @property
    def is_inside(self) -> bool:
        """Whether the true number lies in the interval."""
        return self.bounds[0] <= self.truth <= self.bounds[1]

    def binomial_half_width(self, alerts: int) -> float:
        """Of Clopper and Pearson's interval for the same share of the same number of rows, in alerts."""
        rows = self.estimate.sample_rows
        low, high = clopper_pearson(self.estimate.alerts / alerts * rows, rows)
        return (high - low) / 2 * alerts


def clopper_pearson(matching: float, rows: int) -> tuple[float, float]:
    """The exact 95 % interval of a share; `matching` need not be whole, as where rows have weights."""
    return (
        _beta_quantile(0.025, matching, rows - matching + 1) if matching > 0 else 0.0,
        _beta_quantile(0.975, matching + 1, rows - matching) if matching < rows else 1.0,
    )


def _beta_quantile(probability: float, a: float, b: float) -> float:
    """By summing the density on a fine grid around its mean."""
    mean, deviation = a / (a + b), math.sqrt(a * b / (a + b + 1)) / (a + b)
    edges = np.linspace(max(mean - 12 * deviation, 0.0), min(mean + 12 * deviation, 1.0), 400_001)
    x = (edges[1:] + edges[:-1]) / 2
    logarithm = (a - 1) * np.log(x) + (b - 1) * np.log1p(-x)
    summed = np.cumsum(np.exp(logarithm - logarithm.max()))
    return float(edges[1:][np.searchsorted(summed, probability * summed[-1])])


def main() -> int:
    """Count, estimate, compare; write the table into the page."""
    options = _parse(sys.argv[1:])
    nights = tuple(FIRST_NIGHT + timedelta(days=n) for n in range(NIGHTS))
    simulate_archive(options.archive, nights, ALERTS_PER_NIGHT, processes=os.cpu_count() or 1)
    rows = Settings().sample_rows_per_night
    sampled, whole = (_estimates(options, name, number) for name, number in (("sampled", rows), ("whole", ALL)))
    cases = [
        Case(request, sampled.estimate(request), whole.estimate(request).alerts)
        for request in random_requests(sampled, options.out / "whole")
    ]
    of_classes = [sampled.estimate(case.request.model_copy(update={"conditions": ""})).alerts for case in cases]
    page = PAGE.read_text(encoding="utf-8")
    before, after = page[: page.index(BEGIN)], page[page.index(END) :]
    PAGE.write_text(f"{before}{BEGIN}\n\n{_table(cases, of_classes, rows, sampled)}\n\n{after}", encoding="utf-8")
    return 0


def random_requests(estimates: ArchiveEstimates, whole: Path) -> Iterator[TransferRequest]:
    """Always the same: nights, classes and up to three conditions, drawn without looking at what they give."""
    choose = random.Random(SEED)  # noqa: S311 nothing secret
    nights = estimates.nights().nights
    counts = {label: n for label, n in estimates.class_counts(nights).items() if n}
    alerts = NIGHTS * ALERTS_PER_NIGHT
    rare = [label for label, number in counts.items() if number < RARE * alerts]
    frequent = [label for label, number in counts.items() if number >= RARE * alerts]
    for n in range(REQUESTS):
        labels = choose.sample(rare, choose.randint(1, 3)) if n < OF_RARE_CLASSES else []
        if n >= OF_RARE_CLASSES and choose.random() < 0.6:
            labels = choose.sample(frequent, choose.randint(1, 4))
        first, last = sorted(choose.choices(range(NIGHTS), k=2)) if choose.random() < 0.5 else (0, NIGHTS - 1)
        conditions = "\n".join(_condition(choose, whole) for _ in range(choose.randint(0, 3)))
        yield TransferRequest(
            nights=NightRange(start=nights[first], stop=nights[last]), classes=tuple(labels), conditions=conditions
        )


def _condition(choose: random.Random, whole: Path) -> str:
    """A field above or below one of its quantiles."""
    fields = [survey("ztf").fields[path] for path in sample_columns(survey("ztf"))]
    while True:
        path = choose.choice([field.path for field in fields if field.type in ("float", "double")])
        quantile, sign = choose.uniform(0.02, 0.98), choose.choice("<>")
        value = duckdb.execute(
            f"SELECT quantile_disc(\"{path}\", {quantile}) FROM '{whole}/*/sample/*.parquet'"  # noqa: S608
            f' WHERE NOT isnan("{path}") HAVING count(DISTINCT "{path}") > 20'
        ).fetchone()
        if value is not None and "-" not in path:
            return f"{path} {sign} {value[0]:.6g};"


def _estimates(options: argparse.Namespace, name: str, rows_per_night: int) -> ArchiveEstimates:
    folder = (options.out / name).absolute()
    if not folder.exists():
        plan = statistics_plan("ztf", str(options.archive), folder.as_uri(), sample_rows_per_night=rows_per_night)
        update_statistics(_spark(), read_statistics_plan(json.dumps(plan)))
    return ArchiveEstimates(folder.as_uri(), "ztf", options.out / "cache")


def _spark() -> SparkSession:
    java = find_java(RUNTIMES_DIR)
    os.environ |= {"JAVA_HOME": str(java.home), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    lock, cache = Lock.read().only(["spark"]), JarCache(JARS_DIR)
    cache.provide(lock, lambda: java)
    jars = ",".join(str(cache.path_of(jar)) for jar in lock.groups["spark"])
    settings = {**SQL_SETTINGS, "spark.jars": jars, "spark.ui.enabled": "false", "spark.driver.memory": "2g"}
    return SparkSession.builder.master("local[*]").config(map=settings).getOrCreate()


def _table(cases: list[Case], of_classes: list[int], rows: int, estimates: ArchiveEstimates) -> str:
    ratios = [
        case.half_width / binomial if (binomial := case.binomial_half_width(alerts)) else 0.0
        for case, alerts in zip(cases, of_classes, strict=True)
    ]
    large = [case.half_width / case.truth for case in cases if case.truth >= LARGE and case.estimate.bounds]
    request = TransferRequest(nights=NightRange(start=FIRST_NIGHT, stop=FIRST_NIGHT + timedelta(days=NIGHTS - 1)))
    drawn = estimates.estimate(request).sample_rows / NIGHTS
    lines = [
        f"{NIGHTS} nights of {ALERTS_PER_NIGHT:,} simulated alerts; `SAMPLE_ROWS_PER_NIGHT` = {rows} gives"
        f" {drawn:,.0f} rows a night.",
        "",
        f"* The true number lies in the interval: **{sum(case.is_inside for case in cases)} of {len(cases)}**.",
        f"* Half-width beside the binomial one: **at most {max(ratios):.2f}**, median {statistics.median(ratios):.2f}.",
        f"* Half-width where at least {LARGE:,} match and the number is not known exactly: **median"
        f" {100 * statistics.median(large):.1f} %** of the true number ({len(large)} requests).",
        "",
        "| nights | classes | conditions | true | estimate | interval | inside | half-width / binomial |",
        "| --- | --- | --- | --: | --: | --- | --- | --: |",
    ]
    for case, ratio in zip(cases, ratios, strict=True):
        nights = f"{case.request.every_night()[0]:%d}-{case.request.every_night()[-1]:%d}"
        low, high = case.bounds
        conditions = "<br>".join(f"`{each}`" for each in case.request.conditions.splitlines())
        lines.append(
            f"| {nights} | {', '.join(case.request.classes) or 'all'} | {conditions} | {case.truth:,} |"
            f" {case.estimate.alerts:,} | {low:,} – {high:,} | {'yes' if case.is_inside else '**no**'} | {ratio:.2f} |"
        )
    return "\n".join(lines)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
