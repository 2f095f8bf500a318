"""The job of a transfer: read the nights, select, cut, encode, publish; then the receipt.

Usage: ``spark-submit --py-files spark_scripts.zip transfer_alerts.py PLAN``, where PLAN is the path of a JSON plan on
any file system that Spark knows.
"""

from __future__ import annotations

import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from pyspark.sql import SparkSession

from spark_scripts.alignment import wanted_schema
from spark_scripts.archive import NightFiles, find_night_files, survey_schema, unsent_columns
from spark_scripts.archive_files import UnusableArchive
from spark_scripts.content import sent_content
from spark_scripts.damaged_files import despite_damage
from spark_scripts.drift import describe_drift
from spark_scripts.java import bytes_read, reason
from spark_scripts.job_report import FAILURE, RECEIPT, JobReport
from spark_scripts.plan import TransferPlan, read_plan
from spark_scripts.portions import portions_of
from spark_scripts.publication import Publication, Source, Stopwatch
from spark_scripts.receipt import compose_receipt
from spark_scripts.schema_cache import load_schemas
from spark_scripts.selection import Part, asked_columns, choose_part, with_classes
from spark_scripts.session import open_session, read_text, seconds_since_start
from spark_scripts.tns_catalogue import UnusableCatalogue, read_catalogue
from spark_scripts.topic_client import TopicClient
from spark_scripts.topic_writer import largest_request_bytes


def transfer(spark: SparkSession, plan: TransferPlan, client: TopicClient, report: JobReport) -> None:
    """Publish what the plan asks for, then the receipt that says what that was."""
    watch = Stopwatch()
    watch.laps_s["start"] = seconds_since_start(spark)
    with watch.lap("plan"):
        schema = survey_schema(spark, plan.schema_ddl)
        known = load_schemas(spark, plan.statistics_uri)
        found = find_night_files(spark, plan.archive_uri, plan.nights, known)
        catalogue = read_catalogue(spark, plan.tns_catalogue_uri) if plan.tns_catalogue_uri else None
        source = Source(spark, plan, wanted_schema(schema, found.distinct_schemas), catalogue)
        part = _chosen_part(source, found)
        portions = list(portions_of(_of_nights(found, part)))
        some = portions[0] if portions else replace(found, files={})  # all have the same columns
        content = sent_content(spark, with_classes(source.rows(some)), plan.content, unsent_columns(found, schema))
    with ThreadPoolExecutor(1) as beside:
        copies = beside.submit(client.publish, plan.schema_topic, content.schema_json, "", plan.schema_copies)
        published = Publication(source, content, part, report, watch).publish(portions)
        copies.result()
    receipt = compose_receipt(
        plan,
        found,
        schema_json=content.schema_json,
        published=published,
        offsets=client.offsets(plan.topic),
        too_large=report.too_large(),
        bytes_read=bytes_read(spark),
        drift=describe_drift(found, schema, asked_columns(plan)),
        tns_catalogue=catalogue.version if catalogue else "",
        versions={"spark": spark.version, "python": sys.version.split()[0]},
        timings_s=watch.laps_s,
    )
    report.note()  # the last moment at which it can be cancelled
    report.publish(RECEIPT, receipt)
    print(f"Published {receipt['published']} alerts of {len(found.files)} nights on {plan.topic}.")


def _chosen_part(source: Source, found: NightFiles) -> Part:
    if source.plan.sample is None and source.plan.limit is None:
        return Part()
    return despite_damage(source.spark, lambda _: choose_part(source.matching(source.rows(found)), source.plan))


def _of_nights(found: NightFiles, part: Part) -> NightFiles:
    if part.nights is None:
        return found
    return replace(found, files={night: files for night, files in found.files.items() if night in part.nights})


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
    with (
        TopicClient(spark, plan.bootstrap_servers, largest_request_bytes(plan)) as client,
        JobReport(spark, plan, client) as report,
    ):
        try:
            transfer(spark, plan, client, report)
        except Exception as error:  # noqa: BLE001  (whatever it is, the user must learn of it; the exit code tells Livy)
            if report.is_cancelled:
                print("Cancelled.", file=sys.stderr)
                return 1
            traceback.print_exc()
            is_for_the_user = isinstance(error, (UnusableArchive, UnusableCatalogue))
            message = str(error) if is_for_the_user else f"The job failed: {reason(error)}"
            report.publish(FAILURE, {"message": message})
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
