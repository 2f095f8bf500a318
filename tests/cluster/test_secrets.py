"""Passwords on a cluster: a whole transfer is run, and then they are looked for where nobody may find them."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from confluent_kafka import Consumer, TopicPartition
from fsspec.implementations.webhdfs import WebHDFS
from pydantic import SecretStr

from backend.alert_stream import AlertStream
from backend.config import stack_addresses_path
from backend.errors import ServiceUnavailable
from backend.kafka_access import GROUP, KafkaAccess
from backend.models import Phase, TransferRequest
from backend.nights import NightRange
from backend.receipt_topic import ReceiptTopics, read_job_records
from backend.topic_names import names_of
from backend.topics import TopicAdmin
from backend.transfers import Transfers
from stack.cluster import ClusterStack
from tests.cluster.conftest import ALERTS_PER_NIGHT, hdfs_as
from tests.support.archives import SIMULATED_NIGHTS
from tests.support.command_line import Answer, CommandLine
from tests.support.secret_search import Found, Watch, in_files
from tests.support.transfers import ended, settings_on

LIVY_PASSWORD = "canary-of-livy-8231"
REQUEST = "nights: {start: 2024-09-01, stop: 2024-09-01}\n"
PARTITIONS = 10
TO_BE_SEEN = {
    "driver": "/transfer_alerts.py",
    "executor": "CoarseGrainedExecutorBackend",
    "where the secret is": "${file:/",
    "end of the job": f"Published {ALERTS_PER_NIGHT} alerts",
}
"""What the same look must find, or it would prove nothing."""
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"


@pytest.fixture(scope="module")
def secrets(cluster: ClusterStack) -> dict[str, str]:
    """All passwords that are in use."""
    password = cluster.settings.kafka_password
    assert password is not None
    login = Path(cluster.settings.kafka_job_secrets_file or "").read_text()
    (of_job,) = re.findall('password="([^"]+)"', login)
    return {"ours": password.get_secret_value(), "the job's": of_job, "Livy's": LIVY_PASSWORD}


def said_by_servers(cluster: ClusterStack, hdfs: WebHDFS) -> Iterator[tuple[str, bytes]]:
    """What Livy tells of its batches, and the plans that wait for them."""
    batches = requests.get(f"{cluster.livy_url}/batches", timeout=10)
    yield "Livy's batches", batches.content
    for batch in batches.json()["sessions"]:
        log = requests.get(f"{cluster.livy_url}/batches/{batch['id']}/log", params={"size": "2000"}, timeout=10)
        yield "Livy's log", log.content
    plans = "/quicklook/scripts/plans"
    for plan in hdfs.ls(plans, detail=False) if hdfs.exists(plans) else []:
        try:
            yield "a plan", hdfs.cat_file(plan)
        except FileNotFoundError:
            continue  # its job has ended


def messages(kafka: KafkaAccess, topic: str, partitions: int) -> Iterator[bytes]:
    """Key and value of each message, as Kafka's own client gives them."""
    consumer = kafka.client(Consumer, {"group.id": GROUP})
    try:
        for partition in range(partitions):
            place = TopicPartition(topic, partition, 0)
            _, end = consumer.get_watermark_offsets(place, 10)
            consumer.assign([place])
            for _ in range(end):
                message = consumer.poll(10)
                assert message is not None
                assert message.error() is None, message.error()
                yield b"".join(part for part in (message.key(), message.value()) if isinstance(part, bytes))
    finally:
        consumer.close()


def test_no_password_is_seen_anywhere_but_in_its_file(
    cluster: ClusterStack, hdfs_archive: str, secrets: dict[str, str], tmp_path: Path
) -> None:
    data_dir, events = cluster.settings.data_dir, tmp_path / "events"
    events.mkdir()
    request = tmp_path / "request.yml"
    request.write_text(REQUEST)
    quicklook = CommandLine(
        DATA_DIR=str(data_dir),
        ARCHIVE_URI=hdfs_archive,
        LIVY_URL=cluster.livy_url.replace("://", f"://lena:{LIVY_PASSWORD}@"),
        # What Spark's pages show (environment, queries) is what it writes there.
        SPARK_CONF=json.dumps({"spark.eventLog.enabled": "true", "spark.eventLog.dir": events.as_uri()}),
    )
    answers: list[Answer] = []

    def told(*arguments: str | Path) -> Answer:
        answers.append(quicklook(*arguments))
        return answers[-1]

    hdfs = hdfs_as(cluster, cluster.addresses["webhdfs_user"])
    with Watch({**secrets, **TO_BE_SEEN}, data_dir, lambda: said_by_servers(cluster, hdfs)) as watch:
        transfer = told("submit", request, "--wait", "--json").json
        assert (transfer["phase"], transfer["published"]) == ("COMPLETED", ALERTS_PER_NIGHT), transfer["message"]
        assert told("fetch", transfer["id"], "--out", tmp_path / "alerts").code == 0
        verified = told("verify", transfer["id"])
        assert verified.code == 0, verified.out + verified.notes
        told("log", transfer["id"])

    assert secrets.keys().isdisjoint(watch.found), watch.found
    said = Found()
    for answer in answers:
        said.note(secrets, "the command line", f"{answer.out}{answer.notes}".encode())
    for topic, partitions in zip(names_of(transfer["topic"]), (PARTITIONS, 1, 1), strict=True):
        said.note(secrets, "messages", b"".join(messages(KafkaAccess.of(cluster.settings), topic, partitions)))
    assert said == in_files(secrets, tmp_path) == {}

    # Where they belong they are found, by the same way of looking; and processes and plans were really looked at.
    security = Path(cluster.settings.kafka_job_secrets_file or "").parent.relative_to(data_dir)
    addresses = str(stack_addresses_path(data_dir).relative_to(data_dir))
    assert in_files(secrets, data_dir) == {
        "ours": {addresses, str(security / "passwords.json")},
        "the job's": {str(security / "quicklook-job.properties"), str(security / "passwords.json")},
    }
    # Livy also tells what the batches of other tests have logged.
    assert "process cmdline" in watch.found["driver"] & watch.found["executor"]
    assert "a plan" in watch.found["where the secret is"]
    assert "Livy's log" in watch.found["end of the job"]
    assert any(b"SparkListenerSQLExecutionStart" in file.read_bytes() for file in events.iterdir())


def test_each_part_tells_that_the_password_is_wrong(cluster: ClusterStack) -> None:
    kafka = replace(KafkaAccess.of(cluster.settings), password=SecretStr("wrong"))
    for ask in (
        TopicAdmin(kafka, timeout_s=2).ping,
        lambda: AlertStream(kafka, "ftransfer_x", timeout_s=2).__enter__(),
        lambda: read_job_records(kafka, "ftransfer_x", 2),
        lambda: ReceiptTopics(kafka, 2).mark_cancelled("ftransfer_x", "Cancelled."),
    ):
        with pytest.raises(ServiceUnavailable, match="refuses the user quicklook"):
            ask()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sasl_mechanism": "SCRAM-SHA-256"}, "does not take the mechanism SCRAM-SHA-256. Check KAFKA_SASL_MECHANISM"),
        ({"ca_file": ""}, "is not one that we trust. Check KAFKA_CA_FILE"),
    ],
    ids=["mechanism", "authority"],
)
def test_who_is_not_let_in_is_told_why(cluster: ClusterStack, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ServiceUnavailable, match=f"Kafka at {cluster.kafka_bootstrap_servers} {sentence}"):
        TopicAdmin(replace(KafkaAccess.of(cluster.settings), **changes), timeout_s=2).ping()


def test_without_a_user_nothing_can_be_done(cluster: ClusterStack) -> None:
    nobody = KafkaAccess(cluster.kafka_bootstrap_servers)
    with pytest.raises(ServiceUnavailable, match=r"cannot be reached\. .*KAFKA_SECURITY_PROTOCOL"):
        TopicAdmin(nobody, timeout_s=2).ping()


def test_a_right_that_is_missing_is_named(cluster: ClusterStack, secrets: dict[str, str]) -> None:
    ours, name = KafkaAccess.of(cluster.settings), f"ftransfer_rights_{uuid.uuid4().hex}"
    of_job = replace(ours, username="quicklook-job", password=SecretStr(secrets["the job's"]))
    with pytest.raises(ServiceUnavailable, match=f"does not let the user quicklook-job CREATE the topic {name}"):
        TopicAdmin(of_job).create(name)
    TopicAdmin(ours).create(name)
    try:
        with pytest.raises(ServiceUnavailable, match=f"does not let the user quicklook-job DELETE the topic {name}"):
            TopicAdmin(of_job).delete(name)
    finally:
        TopicAdmin(ours).delete(name)


def test_a_job_that_kafka_keeps_out_says_why(cluster: ClusterStack, hdfs_archive: str, tmp_path: Path) -> None:
    file, wrong = tmp_path / "job.properties", "canary-of-job-5521"
    file.write_text(f'sasl.jaas.config={SCRAM} required username="quicklook-job" password="{wrong}";')
    settings = settings_on(cluster, tmp_path / "var", hdfs_archive, kafka_job_secrets_file=str(file))
    transfers = Transfers.connect(settings)
    request = TransferRequest(nights=(NightRange(start=SIMULATED_NIGHTS[0], stop=SIMULATED_NIGHTS[0]),))
    failed = ended(transfers, transfers.submit(request, is_test=True).id)
    assert failed.phase is Phase.ERROR
    assert failed.message.startswith("Kafka refuses the jobs' user: check the login in the file of KAFKA_JOB_SECRETS")
    assert wrong not in " ".join((failed.message, *transfers.log_lines(failed.id)))
