"""The job of a transfer: read the nights, select, cut, encode, publish; then the receipt.

Usage: ``spark-submit --py-files spark_scripts.zip transfer_alerts.py PLAN``, where PLAN is the path of a JSON plan on
any file system that Spark knows.
"""

from __future__ import annotations

import sys
import time
import traceback
from dataclasses import replace

from pyspark.sql import SparkSession

from spark_scripts.archive import find_night_files, read_nights, survey_schema, unsent_columns
from spark_scripts.archive_files import UnusableArchive
from spark_scripts.content import encoded, sent_content
from spark_scripts.damaged_files import despite_damage, find_damaged, whole_alerts
from spark_scripts.drift import describe_drift
from spark_scripts.java import reason
from spark_scripts.plan import TransferPlan, read_plan
from spark_scripts.receipt import RECEIPT, compose_receipt, count_alerts
from spark_scripts.schema_cache import load_schemas
from spark_scripts.selection import asked_columns, select_alerts, with_classes
from spark_scripts.session import open_session, read_text, seconds_since_start
from spark_scripts.tns_catalogue import UnusableCatalogue, read_catalogue
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


def transfer(spark: SparkSession, plan: TransferPlan, *, is_damaged: bool = False) -> None:
    """Publish what the plan asks for, then the receipt that says what that was.

    Parameters
    ----------
    is_damaged
        Whether some file is known to be damaged; then such files are looked for.
    """
    watch, writer = Stopwatch(), TopicWriter(spark, plan)
    watch.laps_s["start"] = seconds_since_start(spark)
    schema = survey_schema(spark, plan.schema_ddl)
    known = load_schemas(spark, plan.statistics_uri)
    found = find_night_files(spark, plan.archive_uri, plan.nights, known)
    catalogue = read_catalogue(spark, plan.tns_catalogue_uri) if plan.tns_catalogue_uri else None
    rows = read_nights(spark, plan.archive_uri, found, schema)
    alerts = with_classes(rows, catalogue)
    selected = select_alerts(alerts, plan)
    content = sent_content(spark, selected, plan.content, unsent_columns(found, schema))
    value = encoded(content)
    if is_damaged:
        found = replace(found, unreadable=(*found.unreadable, *find_damaged(rows, alerts, value)))
        selected = whole_alerts(selected, value)
    watch.lap("plan")
    writer.publish_schema(content.schema_json)
    watch.lap("schema")
    writer.publish_alerts(selected, value)
    watch.lap("publish")
    too_large = writer.oversize_alerts()
    counts = count_alerts(selected, too_large)
    watch.lap("count")
    receipt = compose_receipt(
        plan,
        found,
        schema_json=content.schema_json,
        counts=counts,
        offsets=writer.offsets(),
        too_large=too_large,
        drift=describe_drift(found, schema, asked_columns(plan)),
        tns_catalogue=catalogue.version if catalogue else "",
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
        despite_damage(spark, lambda is_damaged: transfer(spark, plan, is_damaged=is_damaged))
    except Exception as error:  # noqa: BLE001  (whatever it is, the user must learn of it; the exit code tells Livy)
        traceback.print_exc()
        is_for_the_user = isinstance(error, (UnusableArchive, UnusableCatalogue))
        message = str(error) if is_for_the_user else f"The job failed: {reason(error)}"
        TopicWriter(spark, plan).publish_record(FAILURE, {"message": message})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
