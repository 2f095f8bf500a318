"""Publishing alerts to Kafka, from where they are read."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_scripts.job_report import OVERSIZE
from spark_scripts.plan import TransferPlan

RECORD_OVERHEAD_BYTES = 64 * 1024
"""What Kafka adds to a value (key, headers, batch header), with a wide margin."""


def largest_request_bytes(plan: TransferPlan) -> int:
    """The size of the largest message, with what Kafka adds."""
    return plan.max_message_bytes + RECORD_OVERHEAD_BYTES


def spark_options(kafka: dict[str, str]) -> dict[str, str]:
    """What a client of Kafka needs, as Spark's options have it."""
    return {f"kafka.{name}": value for name, value in kafka.items()}


def publish_alerts(alerts: DataFrame, value: Column, plan: TransferPlan, compression: str) -> None:
    """Publish each row's encoded `value`; one that is too large is named on the receipt topic instead.

    The partition is a hash of ``candid``: a task that runs again writes the same messages to the same places, and
    nothing is shuffled. The value stands in a projection of its own because Spark then encodes it once, however
    often it is used here.
    """
    fits = F.length("value") <= plan.max_message_bytes
    in_topic = F.expr(f"pmod(xxhash64(candid), {plan.partitions})").cast("int")
    oversize = F.to_json(F.struct(F.col("candid"), F.length("value").alias("size_bytes")))
    routed = alerts.select("candid", value.alias("value")).select(
        F.when(fits, F.lit(plan.topic)).otherwise(F.lit(plan.receipt_topic)).alias("topic"),
        F.when(fits, in_topic).otherwise(F.lit(0)).alias("partition"),
        F.when(~fits, F.lit(OVERSIZE)).alias("key"),
        F.when(fits, F.col("value")).otherwise(oversize.cast("binary")).alias("value"),
    )
    largest = largest_request_bytes(plan)
    (
        routed.write.format("kafka")
        .options(**spark_options(plan.kafka))
        .option("kafka.acks", "all")
        .option("kafka.enable.idempotence", "true")
        .option("kafka.compression.type", compression)
        .option("kafka.max.request.size", str(largest))
        .option("kafka.buffer.memory", str(max(4 * largest, 64 * 1024**2)))
        .option("kafka.batch.size", str(256 * 1024))
        .option("kafka.linger.ms", "50")
        .save()
    )
