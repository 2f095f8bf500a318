"""How to get a transfer's data without this dashboard."""

from __future__ import annotations

import shlex
from pathlib import Path

import streamlit as st

from backend.logins import SASL, TLS
from backend.models import KafkaTarget, Transfer

REPOSITORY = Path(__file__).resolve().parents[2]


def elsewhere(transfer: Transfer) -> None:
    """Commands to copy, for each tool that reads the topic."""
    ours, finkctl, kcat, python = st.tabs(["This product", "finkctl", "kcat", "Python"])
    kafka = transfer.plan.kafka
    servers = kafka.public_servers or kafka.bootstrap_servers
    with ours:
        _shell(installed_fetch(transfer.topic, servers))
        st.caption("A few packages, without Spark and this dashboard; on another machine from a copy of this folder.")
        _shell(own_fetch(transfer.topic, servers))
        st.caption("The same where the dashboard is. Parquet in a folder; an interrupted fetch goes on where it was.")
    with finkctl:
        _shell(finkctl_commands(transfer.topic, servers))
        st.caption("Parquet in a folder. Your own registration with Fink stays; registered again, it reads all again.")
    with kcat:
        _shell(kcat_commands(transfer.topic, servers))
        st.caption("In alerts.bin each message follows its length (4 bytes, big-endian): Avro without a header.")
    with python:
        st.code(python_snippet(transfer.topic, servers), language="python")
        st.caption("Needs confluent-kafka and fastavro. A record is a dictionary with all that was sent.")
    if kafka.options and not kafka.public_servers:
        st.caption(_way_in(kafka))


def installed_fetch(topic: str, servers: str) -> str:
    """Our own command by itself: it needs the topic's name and nothing of this installation."""
    return f"pip install {shlex.quote(str(REPOSITORY))}\nquicklook-fetch {_fetched(topic, servers)}"


def own_fetch(topic: str, servers: str) -> str:
    """The same command as a part of this installation, for who is in its folder."""
    return f"python -m backend fetch {_fetched(topic, servers)}"


def finkctl_commands(topic: str, servers: str) -> str:
    """The community's client; a registration for the survey's own servers, in the user's home, is left alone.

    A group never reads a message twice, so each registration gets its own. Of several consumers one can wait for ever.
    """
    return (
        "pip install fink-client\n"
        'HOME=$PWD finkctl auth register -survey ztf -username me -groupid "quicklook_$(date +%s)"'
        f" -servers {shlex.quote(servers)} -maxtimeout 2\n"
        f"HOME=$PWD finkctl transfer -survey ztf -topic {shlex.quote(topic)} -outdir alerts -partitionby time"
        " -nconsumers 1"
    )


def kcat_commands(topic: str, servers: str) -> str:
    """Schema and messages as they are, in two files, and how many messages there are."""
    read = f"kcat -C -e -q -b {shlex.quote(servers)} -t"
    return (
        f"{read} {shlex.quote(f'{topic}_schema')} -c 1 -f '%k\\n' > alerts.avsc\n"
        f"{read} {shlex.quote(topic)} -f '%R%s' > alerts.bin\n"
        f"{read} {shlex.quote(topic)} -f '%p %o %S\\n' | wc -l"
    )


def python_snippet(topic: str, servers: str) -> str:
    """A program that reads the topic from the first message to the last that is there."""
    return f"""\
import io, json
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition
from fastavro import parse_schema, schemaless_reader

consumer = Consumer({{"bootstrap.servers": "{servers}", "group.id": "none", "enable.partition.eof": True}})

def messages(topic):  # from the first to the last that is there now
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
    unread = set(partitions)
    while unread:
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error() is None:
            yield message
        elif message.error().code() == KafkaError._PARTITION_EOF:
            unread.discard(message.partition())
        else:
            raise KafkaException(message.error())

schema = parse_schema(json.loads(next(messages("{topic}_schema")).key()))
for message in messages("{topic}"):
    print(schemaless_reader(io.BytesIO(message.value()), schema)["candid"])
"""


def _fetched(topic: str, servers: str) -> str:
    return f"{shlex.quote(topic)} --servers {shlex.quote(servers)} --out alerts"


def _shell(commands: str) -> None:
    st.code(commands, language="bash", wrap_lines=True)


def _way_in(kafka: KafkaTarget) -> str:
    """What a Kafka that is not open to all needs beside the commands."""
    protocol = kafka.options.get("security.protocol", "")
    names = [f"security.protocol={protocol}"]
    if protocol in SASL:
        mechanism = kafka.options.get("sasl.mechanism", "…")
        names += [f"sasl.mechanism={mechanism}", "sasl.username=…", "sasl.password=…"]
    if protocol in TLS:
        names.append("ssl.ca.location=…")
    settings = ", ".join(f"`{name}`" for name in names)
    return (
        f"This Kafka is not open to all. kcat (each with `-X`) and Python (in its `Consumer`) need {settings}; "
        "fetch has them from the settings `KAFKA_…`; finkctl has no way in."
    )
