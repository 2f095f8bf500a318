"""Does once, on a handful of made-up alerts, what a transfer does: run to learn which classes a driver loads."""

import sys

import pyspark.sql.functions as F  # noqa: N812 - pyspark's own custom
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.avro.functions import to_avro

ALERTS = 2000


def make_night(spark: SparkSession, folder: str) -> None:
    """Write alerts with structs, arrays, binary, timestamps and nulls as Snappy Parquet."""
    candidate = F.struct(
        (F.rand(1) * 5 + 16).alias("magpsf"),
        F.lit(1).alias("fid"),
        F.lit("t").alias("isdiffpos"),
        F.rand(2).alias("jd"),
    )
    spark.range(ALERTS).select(
        F.col("id").alias("candid"),
        F.concat(F.lit("ZTF"), F.col("id")).alias("objectId"),
        candidate.alias("candidate"),
        F.array(candidate, candidate).alias("prv_candidates"),
        F.struct(F.encode(F.lit("stamp"), "UTF-8").alias("stampData")).alias("cutoutScience"),
        F.when(F.rand(3) > 0.5, F.rand(4)).alias("score"),
        F.current_timestamp().alias("timestamp"),
        F.lit("Unknown").alias("cdsxmatch"),
        F.lit(2024).alias("year"),
    ).write.mode("overwrite").partitionBy("year").parquet(folder)


def select(spark: SparkSession, folder: str) -> DataFrame:
    """Filter by conditions and class as a transfer does."""
    finkclass = F.expr("CASE WHEN score > 0.5 AND cdsxmatch IN ('Unknown', 'Galaxy') THEN 'SN' ELSE cdsxmatch END")
    return (
        spark.read.parquet(folder)
        .withColumn("finkclass", finkclass)
        .where("candidate.magpsf > 17 AND NOT isnan(candidate.magpsf) AND log10(candidate.jd) < 2")
        .where(F.col("finkclass").isin("SN", "Unknown"))
    )


def touch_kafka(spark: SparkSession) -> None:
    """Make the clients of a Kafka that is not there."""
    jvm = spark._jvm
    strings, clients = "org.apache.kafka.common.serialization.String", jvm.org.apache.kafka.clients  # type: ignore[union-attr]
    for client, names in (
        (clients.producer.KafkaProducer, ("key.serializer", "value.serializer")),
        (clients.consumer.KafkaConsumer, ("key.deserializer", "value.deserializer")),
    ):
        properties = jvm.java.util.Properties()  # type: ignore[union-attr]
        properties.setProperty("bootstrap.servers", "127.0.0.1:1")
        for name in names:
            properties.setProperty(name, f"{strings}{name.partition('.')[2].capitalize()}")
        client(properties).close(jvm.java.time.Duration.ZERO)  # type: ignore[union-attr]


def main(folder: str) -> None:
    """Make a night, then select, encode, write and count it."""
    spark = SparkSession.builder.getOrCreate()
    make_night(spark, folder)
    touch_kafka(spark)
    alerts = select(spark, folder).withColumn("timestamp", F.col("timestamp").cast("string"))
    content = F.struct("objectId", "candid", "candidate.*", "prv_candidates", "cutoutScience", "timestamp", "finkclass")
    converters = spark._jvm.org.apache.spark.sql.avro.SchemaConverters  # type: ignore[union-attr]
    java_type = alerts.select(content.alias("alert"))._jdf.schema().apply("alert").dataType()
    schema = converters.toAvroType(java_type, False, "alert", "").toString()
    partition = F.expr("CAST(pmod(xxhash64(candid), 10) AS INT)")
    encoded = alerts.select(to_avro(content, schema).alias("value"), partition.alias("partition"))
    encoded.write.format("noop").mode("overwrite").save()
    alerts.groupBy("year", "finkclass").agg(F.count("candid"), F.countDistinct("candid")).collect()
    alerts.select("candid").limit(10).toJSON().collect()


if __name__ == "__main__":
    main(sys.argv[1])
