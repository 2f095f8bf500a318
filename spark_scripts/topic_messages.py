"""The messages that are on a topic, as narrow as they can be compared: id and hash, never the alert."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.avro.functions import from_avro

from spark_scripts.topic_writer import spark_options

DIGEST = "digest"
"""Column with the 64-bit hash of an encoded alert."""
_COLUMNS = f"candid bigint, {DIGEST} bigint, partition int, offset bigint"


@dataclass(frozen=True)
class MessageRange:
    """The messages of a partition from one offset up to, without, another."""

    partition: int
    begin: int
    end: int


def read_messages(
    spark: SparkSession, kafka: dict[str, str], topic: str, schema_json: str, ranges: tuple[MessageRange, ...]
) -> DataFrame:
    """``candid`` (null in a message that cannot be decoded), hash, partition and offset of each message.

    Parameters
    ----------
    kafka
        What a client of Kafka needs, as a plan has it.
    schema_json
        The Avro schema of all messages; empty when the topic has none, and then nothing can be decoded.
    """
    if not any(each.end > each.begin for each in ranges):
        return spark.createDataFrame([], _COLUMNS)
    messages = (
        spark.read.format("kafka")
        .options(**spark_options(kafka))
        .option("assign", json.dumps({topic: [each.partition for each in ranges]}))
        .option("startingOffsets", json.dumps({topic: {each.partition: each.begin for each in ranges}}))
        .option("endingOffsets", json.dumps({topic: {each.partition: each.end for each in ranges}}))
        .load()
    )
    candid = F.lit(None).cast("bigint")
    if schema_json:
        # With a reader's schema of one field the others are passed over, not decoded.
        candid = from_avro(
            "value", schema_json, {"avroSchema": _candid_alone(schema_json), "mode": "PERMISSIVE"}
        ).getField("candid")
    return messages.select(candid.alias("candid"), F.xxhash64("value").alias(DIGEST), "partition", "offset")


def _candid_alone(schema_json: str) -> str:
    schema = json.loads(schema_json)
    fields = [field for field in schema["fields"] if field["name"] == "candid"]
    return json.dumps({**schema, "fields": fields})
