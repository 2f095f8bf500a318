"""Whether a topic holds what its transfer should have sent: each alert is made again from the archive and compared.

Usage: ``spark-submit --py-files spark_scripts.zip verify_transfer.py PLAN``, where PLAN is the path of a JSON document
with the fields of `VerificationPlan`. The answer, JSON too, is put at ``answer_uri``.
"""

from __future__ import annotations

import hashlib
import json
import sys
import traceback
from dataclasses import dataclass, replace
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from spark_scripts.archive import NightFiles
from spark_scripts.archive_and_topic import compare, expected_alerts
from spark_scripts.content import encoded
from spark_scripts.damaged_files import despite_damage, find_damaged, whole_alerts
from spark_scripts.failures import sentence_of
from spark_scripts.plan import TransferPlan, read_plan
from spark_scripts.repeated_alerts import each_first
from spark_scripts.selection import CLASSES, select_alerts
from spark_scripts.session import run_document, write_text
from spark_scripts.source import open_source
from spark_scripts.topic_messages import MessageRange, read_messages


@dataclass(frozen=True)
class VerificationPlan:
    """What to compare.

    Attributes
    ----------
    transfer
        The plan of the transfer.
    schema_json
        The Avro schema that the topic has; empty when it has none.
    ranges
        The messages to look at.
    submitted_ms
        When the transfer was submitted, in milliseconds since 1970: files that are newer are named.
    examples
        How many differences of each kind are named.
    answer_uri
        Where the answer is put.
    """

    transfer: TransferPlan
    schema_json: str
    ranges: tuple[MessageRange, ...]
    submitted_ms: int
    examples: int
    answer_uri: str


def read_verification_plan(text: str) -> VerificationPlan:
    """Return the plan in a JSON document.

    Raises
    ------
    KeyError, TypeError, ValueError
        When the document is not a plan: backend and job are of different versions.
    """
    plan = json.loads(text)
    ranges = tuple(MessageRange(**each) for each in plan["ranges"])
    return VerificationPlan(**{**plan, "transfer": read_plan(json.dumps(plan["transfer"])), "ranges": ranges})


def verify(spark: SparkSession, plan: VerificationPlan, *, is_damaged: bool = False) -> dict[str, Any]:
    """Compare the alerts that the archive gives for the transfer's plan with the messages of its topic.

    Parameters
    ----------
    is_damaged
        Whether some file is known to be damaged; then such files are looked for, as the transfer does.

    Returns
    -------
    dict
        The answer, JSON-ready.
    """
    transfer = plan.transfer
    source = open_source(spark, transfer)
    found, rows = source.found, source.rows(source.found)
    content = source.content(found)
    value = encoded(content)
    if is_damaged:
        alerts = source.with_classes(rows)
        found = replace(found, unreadable=(*found.unreadable, *find_damaged(rows, alerts, value)))
        rows = whole_alerts(alerts, value).drop(*CLASSES)
    selected = select_alerts(source.with_classes(each_first(rows)), replace(transfer, limit=None))
    if is_damaged:
        selected = whole_alerts(selected, value)
    messages = read_messages(spark, transfer.kafka, transfer.topic, plan.schema_json, plan.ranges)
    if transfer.limit is not None:  # which of the matching alerts were taken, only the topic tells
        selected = selected.join(F.broadcast(messages.select("candid").distinct()), "candid", "left_semi")
    return {
        **_archive_now(found, plan),
        "tns_catalogue": source.tns_version,
        "schema_fingerprint": hashlib.sha256(content.schema_json.encode()).hexdigest(),
        **compare(expected_alerts(selected, value, transfer.max_message_bytes), messages, plan.examples),
    }


def _archive_now(found: NightFiles, plan: VerificationPlan) -> dict[str, Any]:
    """What may explain a difference: the archive is another than it was."""
    files = [file for night in sorted(found.files) for file in found.files[night]]
    newer = [file.path for file in files if file.modified_ms > plan.submitted_ms]
    return {
        "nights_missing": [str(night) for night in found.missing],
        "files_unreadable": sorted({file for file, _ in found.unreadable}),
        "files_newer": {"count": len(newer), "examples": newer[: plan.examples]},
    }


def main(arguments: list[str]) -> int:
    """Run the plan in the file that is the only argument; 0 when the answer is there, whatever it says."""
    return run_document(arguments, __doc__, lambda spark, text: run(spark, read_verification_plan(text)))


def run(spark: SparkSession, plan: VerificationPlan) -> int:
    """Run the plan; what ends it early is the answer too, in a sentence."""

    def work(is_damaged: bool) -> None:
        write_text(spark, plan.answer_uri, json.dumps(verify(spark, plan, is_damaged=is_damaged)))

    try:
        despite_damage(spark, work)
    except Exception as error:  # noqa: BLE001  (whatever it is, who asked must learn of it)
        traceback.print_exc()
        write_text(spark, plan.answer_uri, json.dumps({"failure": sentence_of(error)}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
