"""The job of a transfer: read the nights, select, cut, encode, publish; then the receipt.

Usage: ``spark-submit --py-files spark_scripts.zip transfer_alerts.py PLAN``, where PLAN is the path of a JSON plan on
any file system that Spark knows.
"""

from __future__ import annotations

import sys
import time
import traceback
from typing import Any

from pyspark.sql import SparkSession

from spark_scripts.archive import UnusableArchive, find_night_files, read_nights
from spark_scripts.content import empty_schema, encoded, sent_content
from spark_scripts.plan import TransferPlan, read_plan
from spark_scripts.receipt import RECEIPT, compose_receipt, count_alerts
from spark_scripts.selection import absent_fields, select_alerts, with_classes
from spark_scripts.session import open_session, read_text
from spark_scripts.topic_writer import TopicWriter

FAILURE = "failure"
"""Key of the record that says in a sentence why there will be no receipt."""


class Stopwatch:
    """Seconds since the last lap, by name."""

    def __init__(self) -> None:
        self.laps_s: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        """Note the time since the last lap."""
        now = time.monotonic()
        self.laps_s[name] = round(now - self._last, 3)
        self._last = now


def transfer(spark: SparkSession, plan: TransferPlan) -> None:
    """Publish what the plan asks for, then the receipt that says what that was."""
    watch, writer = Stopwatch(), TopicWriter(spark, plan)
    found = find_night_files(spark, plan.archive_uri, plan.nights)
    frame = read_nights(spark, plan.archive_uri, found)
    counts: list[dict[str, Any]] = []
    too_large: list[dict[str, int]] = []
    absent: tuple[str, ...] = ()
    if frame is None:
        schema_json = empty_schema(spark)
        writer.publish_schema(schema_json)
    else:
        classified = with_classes(frame)
        selected = select_alerts(classified, plan)
        content = sent_content(spark, selected, plan.content)
        schema_json = content.schema_json
        absent = tuple(dict.fromkeys((*content.absent, *absent_fields(classified, plan.condition_columns))))
        watch.lap("plan")
        writer.publish_schema(schema_json)
        watch.lap("schema")
        writer.publish_alerts(selected, encoded(content))
        watch.lap("publish")
        too_large = writer.oversize_alerts()
        counts = count_alerts(selected, too_large)
    watch.lap("count")
    receipt = compose_receipt(
        plan,
        found,
        schema_json=schema_json,
        counts=counts,
        offsets=writer.offsets(),
        too_large=too_large,
        columns_absent=absent,
        versions={"spark": spark.version, "python": sys.version.split()[0]},
        timings_s=watch.laps_s,
    )
    writer.publish_record(RECEIPT, receipt)
    print(f"Published {receipt['published']} alerts of {len(found.files)} nights on {plan.topic}.")


def main(arguments: list[str]) -> int:
    """Run the plan in the file that is the only argument; 0 when the receipt is published."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    spark = open_session()
    try:
        plan = read_plan(read_text(spark, arguments[0]))
        return run(spark, plan)
    finally:
        spark.stop()


def run(spark: SparkSession, plan: TransferPlan) -> int:
    """Run the plan; what ends it early is said on the receipt topic too, for the user, and in the log."""
    try:
        transfer(spark, plan)
    except Exception as error:  # noqa: BLE001  (whatever it is, the user must learn of it; the exit code tells Livy)
        traceback.print_exc()
        message = str(error) if isinstance(error, UnusableArchive) else f"The job failed: {_first_line(error)}"
        TopicWriter(spark, plan).publish_record(FAILURE, {"message": message})
        return 1
    return 0


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:500]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
