"""Our own job, but for Kafka: what it has encoded goes to Spark's ``noop``. The ceiling of what publishing can reach.

Usage: ``spark-submit --py-files spark_scripts.zip without_kafka.py PLAN``. The receipt tells how long it took.
"""

from __future__ import annotations

import sys

from pyspark.sql import Column, DataFrame

from spark_scripts import publication, transfer_alerts
from spark_scripts.plan import TransferPlan


def encode_alerts(alerts: DataFrame, value: Column, plan: TransferPlan, compression: str) -> None:
    """Encode each alert, and keep nothing; in the place of the job's step that publishes."""
    alerts.select("candid", value.alias("value")).write.format("noop").mode("overwrite").save()


if __name__ == "__main__":
    publication.publish_alerts = encode_alerts
    sys.exit(transfer_alerts.main(sys.argv[1:]))
