"""Publishing to Kafka: the schema, the alerts, and the records about the transfer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_scripts.java import java
from spark_scripts.plan import TransferPlan

RECORD_OVERHEAD_BYTES = 64 * 1024
"""What Kafka adds to a value (key, headers, batch header), with a wide margin."""
OVERSIZE = "oversize"
"""Key of the record that names an alert too large for a message."""


@dataclass(frozen=True)
class PartitionOffsets:
    """First offset, and the one after the last, of a partition."""

    partition: int
    begin: int
    end: int


class TopicWriter:
    """Writes the three topics of a transfer.

    Parameters
    ----------
    spark
        The session; needs the Kafka connector among its jars.
    plan
        Names the topics, the brokers and the largest message.
    """

    def __init__(self, spark: SparkSession, plan: TransferPlan) -> None:
        self._spark = spark
        self._plan = plan

    def publish_schema(self, schema_json: str) -> None:
        """Fill the schema topic: the schema is the key of each message, for the community's client eats one a run."""
        copies = self._spark.range(0, self._plan.schema_copies, 1, 1)
        self._write(copies.select(F.lit(schema_json).alias("key"), F.lit("").alias("value")), self._plan.schema_topic)

    def publish_alerts(self, alerts: DataFrame, value: Column) -> None:
        """Publish each row's encoded `value`; one that is too large is named on the receipt topic instead.

        The partition is a hash of ``candid``: a task that runs again writes the same messages to the same places, and
        nothing is shuffled. The value stands in a projection of its own because Spark then encodes it once, however
        often it is used here.
        """
        fits = F.length("value") <= self._plan.max_message_bytes
        in_topic = F.expr(f"pmod(xxhash64(candid), {self._plan.partitions})").cast("int")
        oversize = F.to_json(F.struct(F.col("candid"), F.length("value").alias("size_bytes")))
        routed = alerts.select("candid", value.alias("value")).select(
            F.when(fits, F.lit(self._plan.topic)).otherwise(F.lit(self._plan.receipt_topic)).alias("topic"),
            F.when(fits, in_topic).otherwise(F.lit(0)).alias("partition"),
            F.when(~fits, F.lit(OVERSIZE)).alias("key"),
            F.when(fits, F.col("value")).otherwise(oversize.cast("binary")).alias("value"),
        )
        self._write(routed)

    def publish_record(self, key: str, record: dict[str, Any]) -> None:
        """Publish one JSON record about the transfer on the receipt topic."""
        row = self._spark.range(0, 1, 1, 1)
        value = json.dumps(record, separators=(",", ":"), default=str)
        self._write(row.select(F.lit(key).alias("key"), F.lit(value).alias("value")), self._plan.receipt_topic)

    def oversize_alerts(self) -> list[dict[str, int]]:
        """``candid`` and ``size_bytes`` of each alert that was too large, once each."""
        if not any(offsets.end for offsets in self._offsets_of(self._plan.receipt_topic)):
            return []
        records = (
            self._spark.read.format("kafka")
            .option("kafka.bootstrap.servers", self._plan.bootstrap_servers)
            .option("subscribe", self._plan.receipt_topic)
            .load()
            .filter(F.col("key").cast("string") == OVERSIZE)
            .select(F.from_json(F.col("value").cast("string"), "candid bigint, size_bytes bigint").alias("alert"))
        )
        return [row.asDict() for row in records.select("alert.*").distinct().orderBy("candid").collect()]

    def offsets(self) -> list[PartitionOffsets]:
        """The broker's word on what each partition of the data topic holds."""
        return self._offsets_of(self._plan.topic)

    def _write(self, messages: DataFrame, topic: str | None = None) -> None:
        largest = self._plan.max_message_bytes + RECORD_OVERHEAD_BYTES
        writer = (
            messages.write.format("kafka")
            .option("kafka.bootstrap.servers", self._plan.bootstrap_servers)
            .option("kafka.acks", "all")
            .option("kafka.enable.idempotence", "true")
            .option("kafka.compression.type", "zstd")
            .option("kafka.max.request.size", str(largest))
            .option("kafka.buffer.memory", str(max(4 * largest, 64 * 1024**2)))
            .option("kafka.batch.size", str(256 * 1024))
            .option("kafka.linger.ms", "50")
        )
        (writer.option("topic", topic) if topic else writer).save()

    def _offsets_of(self, topic: str) -> list[PartitionOffsets]:
        jvm = java(self._spark)
        settings = jvm.java.util.Properties()
        settings.setProperty("bootstrap.servers", self._plan.bootstrap_servers)
        bytes_reader = "org.apache.kafka.common.serialization.ByteArrayDeserializer"
        settings.setProperty("key.deserializer", bytes_reader)
        settings.setProperty("value.deserializer", bytes_reader)
        consumer = jvm.org.apache.kafka.clients.consumer.KafkaConsumer(settings)
        try:
            partitions = jvm.java.util.ArrayList()
            for info in consumer.partitionsFor(topic):
                partitions.add(jvm.org.apache.kafka.common.TopicPartition(topic, info.partition()))
            begin, end = consumer.beginningOffsets(partitions), consumer.endOffsets(partitions)
            found = [PartitionOffsets(each.partition(), begin[each], end[each]) for each in partitions]
        finally:
            consumer.close()
        return sorted(found, key=lambda offsets: offsets.partition)
