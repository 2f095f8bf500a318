"""The statistics of an archive: alerts, and their encoded size in each content, per night and class.

Usage: ``spark-submit --py-files spark_scripts.zip archive_statistics.py PLAN``, where PLAN is the path of a JSON
document with ``archive_uri``, ``statistics_uri``, ``contents`` (name -> what is sent) and ``refresh`` (do all nights
again). Each run writes folders of its own below ``statistics_uri``; a reader takes, for each night, the youngest
folder that has it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_scripts.archive import NIGHT, NightFiles, find_night_files, list_nights, read_nights
from spark_scripts.content import encoded, sent_content
from spark_scripts.java import hadoop_file_system, hadoop_path
from spark_scripts.plan import ContentPlan, read_content
from spark_scripts.selection import with_classes
from spark_scripts.session import open_session, read_text

NIGHTS_AT_ONCE = 32
"""Nights whose statistics become visible together."""
SAMPLED_ALERTS = 200
"""Alerts of a night's first file on which sizes are measured; images and history of all would have to be read else."""
CLASSES = ("finkclass", "tnsclass")


@dataclass(frozen=True)
class StatisticsPlan:
    """What to count, and where to put it."""

    archive_uri: str
    statistics_uri: str
    contents: dict[str, ContentPlan]
    refresh: bool


def read_statistics_plan(text: str) -> StatisticsPlan:
    """Return the plan in a JSON document."""
    plan = json.loads(text)
    contents = {name: read_content(content) for name, content in plan["contents"].items()}
    return StatisticsPlan(plan["archive_uri"], plan["statistics_uri"], contents, plan["refresh"])


def update_statistics(spark: SparkSession, plan: StatisticsPlan) -> int:
    """Count the nights that are not counted yet; return how many that were."""
    old_folders = _folders(spark, plan.statistics_uri)
    done = set() if plan.refresh else _nights_done(spark, old_folders)
    nights = [night for night in list_nights(spark, plan.archive_uri) if night not in done]
    counted = 0
    for start in range(0, len(nights), NIGHTS_AT_ONCE):
        found = find_night_files(spark, plan.archive_uri, tuple(nights[start : start + NIGHTS_AT_ONCE]))
        for group in _of_one_schema(found):
            alerts = _classified(spark, plan.archive_uri, group)
            some = _classified(spark, plan.archive_uri, _first_files(group))
            _write(night_statistics(spark, alerts, some, plan.contents), plan.statistics_uri)
            counted += len(group.files)
        print(f"Counted {counted} of {len(nights)} nights.", flush=True)
    if plan.refresh:
        _remove(spark, old_folders)
    return counted


def night_statistics(
    spark: SparkSession, alerts: DataFrame, some: DataFrame, contents: dict[str, ContentPlan]
) -> DataFrame:
    """Alerts and bytes per night and class.

    Parameters
    ----------
    alerts
        All alerts of nights of one schema, with classes.
    some
        Some of them in each night, of which sizes are measured.
    contents
        Name -> what is sent; gives a column ``bytes_<name>`` each.

    Returns
    -------
    DataFrame
        ``night, finkclass, tnsclass, alerts`` (exact: each ``candid`` once), and bytes: the mean size in the sample of
        the same night and class, else of the night, times the alerts.
    """
    identified = alerts.select("candid", NIGHT, *CLASSES)
    once = identified.groupBy("candid").agg(F.min(F.struct(NIGHT, *CLASSES)).alias("first")).select("first.*")
    counts = once.groupBy(NIGHT, *CLASSES).agg(F.count("*").alias("alerts"))
    sample = _sizes(spark, some, contents)
    names = [f"bytes_{name}" for name in contents]
    by_class = sample.groupBy(NIGHT, *CLASSES).agg(*(F.avg(name).alias(name) for name in names))
    by_night = sample.groupBy(NIGHT).agg(*(F.avg(name).alias(f"night_{name}") for name in names))
    joined = counts.join(by_class, [NIGHT, *CLASSES], "left").join(by_night, NIGHT, "left")
    mean = {name: F.coalesce(F.col(name), F.col(f"night_{name}")) for name in names}
    sizes = [F.round(mean[name] * F.col("alerts")).cast("bigint").alias(name) for name in names]
    return joined.select(F.col(NIGHT).alias("night"), *CLASSES, "alerts", *sizes)


def _sizes(spark: SparkSession, some: DataFrame, contents: dict[str, ContentPlan]) -> DataFrame:
    """Encoded size of the first alerts of each file, in each content."""
    sizes = [
        F.length(encoded(sent_content(spark, some, content))).alias(f"bytes_{name}")
        for name, content in contents.items()
    ]
    return some.filter(F.col("_metadata.row_index") < SAMPLED_ALERTS).select(NIGHT, *CLASSES, *sizes)


def _classified(spark: SparkSession, archive_uri: str, found: NightFiles) -> DataFrame:
    frame = read_nights(spark, archive_uri, found)
    assert frame is not None, "a group has at least one file"
    return with_classes(frame)


def _first_files(found: NightFiles) -> NightFiles:
    """The first file of each night only."""
    return replace(found, files={night: names[:1] for night, names in found.files.items()})


def _of_one_schema(found: NightFiles) -> Iterator[NightFiles]:
    """Groups of nights that can be read together; a night with files of several schemas is left out for now."""
    for schema, names in found.schemas.items():
        nights = {night: files for night, files in found.files.items() if set(files) <= set(names)}
        if nights:
            yield NightFiles(files=nights, missing=(), unreadable=(), schemas={schema: names})


def _write(rows: DataFrame, statistics_uri: str) -> None:
    """One small file in a folder of its own, complete or absent."""
    folder = f"{statistics_uri.rstrip('/')}/{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    rows.coalesce(1).write.parquet(folder)


def _folders(spark: SparkSession, statistics_uri: str) -> list[str]:
    """The complete folders of earlier runs."""
    root = hadoop_path(spark, statistics_uri)
    file_system = hadoop_file_system(spark, root)
    if not file_system.exists(root):
        return []
    folders = [status.getPath() for status in file_system.listStatus(root) if status.isDirectory()]
    complete = (folder for folder in folders if file_system.exists(hadoop_path(spark, f"{folder}/_SUCCESS")))
    return sorted(folder.toString() for folder in complete)


def _nights_done(spark: SparkSession, folders: list[str]) -> set[date]:
    if not folders:
        return set()
    return {row.night for row in spark.read.parquet(*folders).select("night").distinct().collect()}


def _remove(spark: SparkSession, folders: list[str]) -> None:
    for folder in folders:
        path = hadoop_path(spark, folder)
        hadoop_file_system(spark, path).delete(path, True)


def main(arguments: list[str]) -> int:
    """Run the plan in the file that is the only argument."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    spark = open_session()
    try:
        update_statistics(spark, read_statistics_plan(read_text(spark, arguments[0])))
    finally:
        spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
