"""The peer of ``make bench``: the same transfer as one would write it by hand with Spark.

It stands for the usual way: classes and the match with TNS as pandas UDFs, the partition of an alert drawn by
``rand()``, Kafka's defaults, no compression, no receipt. It reads the same plan as the product's job (nights, classes,
conditions, content) and must publish the same alerts. Standard library, pyspark, pandas, numpy, astropy.

Usage: ``spark-submit plain_job.py PLAN``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from astropy.coordinates import SkyCoord
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 everyone writes Spark so
from pyspark.sql.avro.functions import to_avro
from pyspark.sql.types import StringType, StructType

RADIUS_ARCSEC = 1.5
FOLDER_COLUMNS = ("year", "month", "day")
RULE_INPUTS = (
    "cdsxmatch", "roid", "mulens", "snn_snia_vs_nonia", "snn_sn_vs_all", "rf_snia_vs_nonia", "rf_kn_vs_nonkn",
    "tracklet", "candidate.ndethist", "candidate.drb", "candidate.classtar", "candidate.jd", "candidate.jdstarthist",
)  # fmt: skip
EXTRAGALACTIC_HOSTS = (
    "BClG", "BlueCompG", "Candidate_SN*", "ClG", "Compact_Gr_G", "EmG", "Fail", "Fail 504", "Galaxy", "GinCl",
    "GinGroup", "GinPair", "GravLens_Candidate", "GroupG", "HII_G", "High_z_G", "IG", "LINER", "LSB_G", "PairG",
    "PartofG", "Possible_ClG", "Possible_SClG", "SN", "SN*_Candidate", "Seyfert", "Seyfert_1", "Seyfert_2",
    "StarburstG", "SuperClG", "Transient", "Unknown", "Void", "galaxy",
)  # fmt: skip


@F.pandas_udf(StringType())
def finkclass(
    cdsxmatch: pd.Series,
    roid: pd.Series,
    mulens: pd.Series,
    snn_snia: pd.Series,
    snn_sn: pd.Series,
    rf_snia: pd.Series,
    rf_kn: pd.Series,
    tracklet: pd.Series,
    ndethist: pd.Series,
    drb: pd.Series,
    classtar: pd.Series,
    jd: pd.Series,
    jdstarthist: pd.Series,
) -> pd.Series:
    """The class of each alert."""
    host, age_d = cdsxmatch.isin(EXTRAGALACTIC_HOSTS), jd - jdstarthist
    good_source = (drb > 0.5) & (classtar > 0.4)
    not_known_moving = roid.notna() & (roid != 3)
    supernova_score = (snn_snia > 0.5) | (snn_sn > 0.5)
    microlensing, moving, known_moving = mulens > 0, roid == 2, roid == 3
    supernova = supernova_score & host & (age_d <= 90) & good_source & not_known_moving & (ndethist > 1)
    early_supernova = supernova_score & (rf_snia > 0.5) & (ndethist <= 20) & good_source & host
    kilonova = (rf_kn > 0.5) & good_source & (age_d < 5) & (ndethist < 20) & not_known_moving & host
    several = sum(rule.astype(int) for rule in (microlensing, supernova, moving, known_moving)) > 1
    no_type = cdsxmatch.isna() | cdsxmatch.isin(["Unknown", "Transient"])
    simbad = ~(no_type | cdsxmatch.str.startswith(("Fail", "Galaxy"), na=False))
    classes = np.select(
        [
            simbad, several, known_moving, tracklet.str.startswith("TRCK_", na=False), moving, kilonova,
            early_supernova, supernova, microlensing,
        ],
        [
            cdsxmatch, "Ambiguous", "Solar System MPC", "Tracklet", "Solar System candidate", "Kilonova candidate",
            "Early SN Ia candidate", "SN candidate", "Microlensing candidate",
        ],
        "Unknown",
    )  # fmt: skip
    return pd.Series(classes)


def tns_match(catalogue: str | None) -> Any:
    """A pandas UDF of right ascension and declination (degrees): the type of the nearest object of TNS within 1.5″."""
    objects = pd.read_csv(catalogue, usecols=["ra", "declination", "type"]).dropna() if catalogue else pd.DataFrame()
    if objects.empty:
        return lambda ra, dec: F.lit("Unknown")
    ra_deg, dec_deg = objects["ra"].to_numpy(), objects["declination"].to_numpy()
    labels = ("(TNS) " + objects["type"]).to_numpy()

    @F.pandas_udf(StringType())
    def tnsclass(positions: Iterator[tuple[pd.Series, pd.Series]]) -> Iterator[pd.Series]:
        known = SkyCoord(ra_deg, dec_deg, unit="deg")
        for ra, dec in positions:
            nearest, separation, _ = SkyCoord(ra.to_numpy(), dec.to_numpy(), unit="deg").match_to_catalog_sky(known)
            yield pd.Series(np.where(separation.arcsec <= RADIUS_ARCSEC, labels[nearest], "Unknown"))

    return tnsclass


def read_nights(spark: SparkSession, plan: dict[str, Any]) -> DataFrame:
    """All columns of the nights."""
    root = plan["archive_uri"]
    paths = [f"{root}/year={n[:4]}/month={n[5:7]}/day={n[8:]}" for n in plan["nights"]]
    return spark.read.option("basePath", root).parquet(*paths)


def select_alerts(alerts: DataFrame, plan: dict[str, Any]) -> DataFrame:
    """The alerts of the wanted classes that fulfil the conditions."""
    if plan["finkclasses"] or plan["tnsclasses"]:
        is_wanted = F.col("finkclass").isin(plan["finkclasses"]) | F.col("tnsclass").isin(plan["tnsclasses"])
        alerts = alerts.filter(is_wanted)
    for condition in plan["conditions"]:
        alerts = alerts.filter(F.expr(condition))
    return alerts


def sent_columns(alerts: DataFrame, content: dict[str, Any]) -> list[Column]:
    """What is sent of an alert; times as text, as the community's client reads them."""
    named = {column["name"]: column["source"] for column in content["columns"]}
    if content["others"]:
        left_out = {*content["without"], *named, *FOLDER_COLUMNS}
        named |= {name: name for name in alerts.columns if name not in left_out}
    types = {field.name: field.dataType.typeName() for field in alerts.schema.fields}
    return [
        (F.col(source).cast("string") if types.get(source) == "timestamp" else F.col(source)).alias(name)
        for name, source in named.items()
    ]


def avro_schema(spark: SparkSession, record: StructType) -> str:
    """The Avro schema of the record."""
    jvm: Any = spark._jvm
    java_type = spark._jsparkSession.parseDataType(record.json())
    schema: str = jvm.org.apache.spark.sql.avro.SchemaConverters.toAvroType(java_type, False, "alert", "").toString()
    return schema


def publish(messages: DataFrame, plan: dict[str, Any], topic: str) -> None:
    """Write to Kafka with its defaults; only the size of a message is raised, or full packets would not pass."""
    kafka = plan["kafka"]
    largest = str(kafka["max_message_bytes"])
    writer = messages.write.format("kafka").option("kafka.bootstrap.servers", kafka["bootstrap_servers"])
    writer.option("kafka.max.request.size", largest).option("topic", topic).save()


def main(plan_path: str) -> None:
    """Do what the plan says."""
    plan = json.loads(Path(plan_path).read_text(encoding="utf-8"))
    spark = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    match = tns_match(plan["tns_catalogue_uri"])
    alerts = (
        read_nights(spark, plan)
        .withColumn("finkclass", finkclass(*(F.col(path) for path in RULE_INPUTS)))
        .withColumn("tnsclass", match(F.col("candidate.ra"), F.col("candidate.dec")))
    )
    selected = select_alerts(alerts, plan)
    columns = sent_columns(selected, plan["content"])
    schema = avro_schema(spark, selected.select(*columns).schema)
    copies = spark.range(0, plan["schema_copies"], 1, 1)
    publish(copies.select(F.lit(schema).alias("key"), F.lit("").alias("value")), plan, f"{plan['topic']}_schema")
    partition = (F.rand() * plan["kafka"]["partitions"]).cast("int")
    value = to_avro(F.struct(*columns), schema)
    publish(selected.select(value.alias("value"), partition.alias("partition")), plan, plan["topic"])
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1])
