"""How to get a transfer's data without this dashboard."""

from __future__ import annotations

import streamlit as st

from backend.models import Transfer
from backend.parquet_download import fetch_command


def elsewhere(transfer: Transfer) -> None:
    """Commands to copy, for each tool that reads the topic."""
    ours, finkctl, kcat, python = st.tabs(["This product", "finkctl", "kcat", "Python"])
    servers = transfer.plan.kafka.bootstrap_servers
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
        st.code(_python(transfer.topic, servers), language="python")


def _finkctl(topic: str, servers: str) -> str:
    return (
        f"finkctl auth register -survey ztf -username me -groupid quicklook_1 -servers {servers} -maxtimeout 5\n"
        f"finkctl transfer -survey ztf -topic {topic} -outdir alerts -partitionby time -nconsumers 2"
    )


def _python(topic: str, servers: str) -> str:
    return f"""\
import io, json
from confluent_kafka import Consumer
from fastavro import parse_schema, schemaless_reader

settings = {{"bootstrap.servers": "{servers}", "group.id": "my_reader", "auto.offset.reset": "earliest"}}
schemas = Consumer(settings)
schemas.subscribe(["{topic}_schema"])
schema = parse_schema(json.loads(schemas.poll(30).key()))

alerts = Consumer(settings)
alerts.subscribe(["{topic}"])
while message := alerts.poll(10):
    print(schemaless_reader(io.BytesIO(message.value()), schema)["candid"])
"""
