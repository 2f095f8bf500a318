"""The job of a transfer: read the nights, select, cut, encode, publish; then the receipt.

Usage: ``spark-submit --py-files spark_scripts.zip transfer_alerts.py PLAN``, where PLAN is the path of a JSON plan on
any file system that Spark knows.
"""

from __future__ import annotations

import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from py4j.protocol import Py4JError
from pyspark.sql import SparkSession

from spark_scripts.archive import NightFiles
from spark_scripts.damaged_files import despite_damage
from spark_scripts.failures import LAST_WORD, sentence_of
from spark_scripts.java import bytes_read, executors_of
from spark_scripts.job_report import FAILURE, RECEIPT, JobReport
from spark_scripts.plan import TransferPlan, read_plan
from spark_scripts.portions import portions_of
from spark_scripts.publication import Publication
from spark_scripts.receipt import compose_receipt
from spark_scripts.repeated_alerts import look_at_ids
from spark_scripts.selection import Part, choose_part
from spark_scripts.session import run_document, seconds_since_start
from spark_scripts.source import Source, open_source
from spark_scripts.stopwatch import Stopwatch
from spark_scripts.topic_client import TopicClient
from spark_scripts.topic_writer import largest_request_bytes


def transfer(spark: SparkSession, plan: TransferPlan, client: TopicClient, report: JobReport) -> None:
    """Publish what the plan asks for, then the receipt that says what that was."""
    watch = Stopwatch()
    watch.laps_s["start"] = seconds_since_start(spark)
    with ThreadPoolExecutor(2) as beside:
        with watch.lap("plan"):
            source = open_source(spark, plan)
            part = _chosen_part(source)
            portions = list(portions_of(_of_nights(source.found, part)))
            some = portions[0] if portions else source.found
            first_ids = beside.submit(look_at_ids, source.rows(some))  # while the driver works out what is sent
            content = source.content(some)
        copies = beside.submit(client.publish, plan.schema_topic, content.schema_json, "", plan.schema_copies)
        published = Publication(source, content, part, report, watch).publish(portions, first_ids)
        copies.result()
    receipt = compose_receipt(
        plan,
        source.found,
        schema_json=content.schema_json,
        published=published,
        offsets=client.offsets(plan.topic),
        too_large=report.too_large(),
        bytes_read=bytes_read(spark),
        executors=executors_of(spark),
        drift=source.drift(),
        tns_catalogue=source.tns_version,
        versions={"spark": spark.version, "python": sys.version.split()[0]},
        timings_s=watch.laps_s,
    )
    report.note()  # the last moment at which it can be cancelled
    report.publish(RECEIPT, receipt)
    print(f"Published {receipt['published']} alerts of {len(source.found.files)} nights on {plan.topic}.")


def _chosen_part(source: Source) -> Part:
    if source.plan.sample is None and source.plan.limit is None:
        return Part()
    return despite_damage(source.spark, lambda _: choose_part(source.matching(source.rows(source.found)), source.plan))


def _of_nights(found: NightFiles, part: Part) -> NightFiles:
    if part.nights is None:
        return found
    return replace(found, files={night: files for night, files in found.files.items() if night in part.nights})


def main(arguments: list[str]) -> int:
    """Run the plan in the file that is the only argument; 0 when the receipt is published."""
    return run_document(arguments, __doc__, lambda spark, text: run(spark, read_plan(text)))


def run(spark: SparkSession, plan: TransferPlan) -> int:
    """Run the plan; what ends it early is said on the receipt topic too, for the user, and in the log."""
    try:
        with TopicClient(spark, plan.kafka, largest_request_bytes(plan)) as client:
            client.reach(plan.receipt_topic)
            with JobReport(spark, plan, client) as report:
                return _run_reported(spark, plan, client, report)
    except (Py4JError, TimeoutError) as error:  # Kafka keeps the job out or is away: then its log alone can tell
        traceback.print_exc()
        print(f"{LAST_WORD}{sentence_of(error)}", file=sys.stderr)
        return 1


def _run_reported(spark: SparkSession, plan: TransferPlan, client: TopicClient, report: JobReport) -> int:
    try:
        transfer(spark, plan, client, report)
    except Exception as error:  # noqa: BLE001  (whatever it is, the user must learn of it; the exit code tells Livy)
        if report.is_cancelled:
            print("Cancelled.", file=sys.stderr)
            return 1
        traceback.print_exc()
        report.publish(FAILURE, {"message": sentence_of(error)})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
