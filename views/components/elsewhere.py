"""How to get a transfer's data without this dashboard."""

from __future__ import annotations

import streamlit as st

from backend.models import Transfer
from backend.parquet_download import fetch_command


def elsewhere(transfer: Transfer) -> None:
    """Commands to copy, for each tool that reads the topic."""
    ours, finkctl, kcat, python = st.tabs(["This product", "finkctl", "kcat", "Python"])
    kafka = transfer.plan.kafka
    servers = kafka.public_servers or kafka.bootstrap_servers
    with ours:
        st.code(fetch_command(transfer.topic), language="bash", wrap_lines=True)
        st.caption("Parquet in a folder; an interrupted fetch goes on where it was.")
    with finkctl:
        st.code(_finkctl(transfer.topic, servers), language="bash", wrap_lines=True)
    with kcat:
        command = f"kcat -C -e -b {servers} -t {transfer.topic} -f '%p %o %S\\n'"
        st.code(command, language="bash", wrap_lines=True)
        st.caption("Values are Avro without a header; their schema is the key of each message of the schema topic.")
    with python:
        st.code(python_snippet(transfer.topic, servers), language="python")
    if kafka.options and not kafka.public_servers:
        st.caption(
            "This Kafka asks who you are: kcat and Python need your user of Kafka too, and finkctl has no way in."
        )


def _finkctl(topic: str, servers: str) -> str:
    return (
        f"finkctl auth register -survey ztf -username me -groupid quicklook_1 -servers {servers} -maxtimeout 5\n"
        f"finkctl transfer -survey ztf -topic {topic} -outdir alerts -partitionby time -nconsumers 2"
    )


def python_snippet(topic: str, servers: str) -> str:
    return f"""\
import io, json
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from fastavro import parse_schema, schemaless_reader

consumer = Consumer({{"bootstrap.servers": "{servers}", "group.id": "none", "enable.partition.eof": True}})

def messages(topic):  # from the first to the last that is there now
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
    open_ends = len(partitions)
    while open_ends:
        message = consumer.poll(1)
        if message is not None and message.error():
            open_ends -= 1
        elif message is not None:
            yield message

schema = parse_schema(json.loads(next(messages("{topic}_schema")).key()))
for message in messages("{topic}"):
    print(schemaless_reader(io.BytesIO(message.value()), schema)["candid"])
"""
