"""Three real brokers with users and rights: what is lost with one of them (nothing), and who may do what."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from stack.jar_lock import Lock
from stack.jars import JarCache
from stack.java import find_java
from stack.kafka import KafkaCluster
from stack.kafka_security import KafkaSecurity
from stack.places import JARS_DIR, RUNTIMES_DIR
from tests.support.faults import wait_until

TOPIC = "ftransfer_cluster_test"
OTHER_TOPIC = "not_a_transfer"
PARTITIONS = 3
ANSWER_S = 30
NOTICED_WITHIN_S = 60
"""A dead broker is given up after some seconds, and its partitions get another leader then."""
FORBIDDEN = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
}

Login = dict[str, Any]


def make_cluster(folder: Path) -> KafkaCluster:
    lock, cache = Lock.read().only(("kafka",)), JarCache(JARS_DIR)
    java = find_java(RUNTIMES_DIR)
    cache.provide(lock, lambda: java)
    classpath = [cache.path_of(jar) for jar in lock.groups["kafka"]]
    security = KafkaSecurity(folder / "security", plaintext_readers=True)
    mark = f"-Dquicklook.stack={folder}"
    log_file = folder / "logs" / "kafka.log"
    return KafkaCluster(java, folder / "kafka", log_file, classpath, mark, 0, brokers=3, security=security)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kafka")


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Iterator[KafkaCluster]:
    made = make_cluster(folder)
    try:
        made.start()
        made.wait_until_ready()
        create_topic(AdminClient(facade_login(made)), TOPIC)
        yield made
    finally:
        made.stop()


@pytest.fixture
def facade(cluster: KafkaCluster) -> Login:
    return facade_login(cluster)


@pytest.fixture
def job(cluster: KafkaCluster) -> Login:
    return facade_login(cluster) | job_credentials(cluster)


@pytest.fixture
def anonymous(cluster: KafkaCluster) -> Login:
    return {"bootstrap.servers": cluster.reader_bootstrap_servers, "log_level": 0}


def facade_login(cluster: KafkaCluster) -> Login:
    given = cluster.client_settings
    return {
        "bootstrap.servers": given["kafka_bootstrap_servers"],
        "security.protocol": given["kafka_security_protocol"],
        "sasl.mechanism": given["kafka_sasl_mechanism"],
        "sasl.username": given["kafka_username"],
        "sasl.password": given["kafka_password"].get_secret_value(),
        "ssl.ca.location": given["kafka_ca_file"],
        "log_level": 0,
    }


def job_credentials(cluster: KafkaCluster) -> dict[str, str]:
    """What the job's file says, which Java reads there."""
    file = Path(cluster.client_settings["kafka_job_secrets_file"])
    found = re.search(r'username="(.+)" password="(.+)";', file.read_text())
    assert found is not None
    return {"sasl.username": found[1], "sasl.password": found[2]}


def create_topic(admin: AdminClient, name: str) -> None:
    admin.create_topics([NewTopic(name, PARTITIONS, -1)])[name].result(ANSWER_S)
    wait_until(lambda: -1 not in (leaders(admin, name) or [-1]), ANSWER_S, f"leaders of {name}")


def leaders(admin: AdminClient, topic: str) -> list[int]:
    found = admin.list_topics(topic, timeout=ANSWER_S).topics[topic]
    return [partition.leader for partition in found.partitions.values()]


def in_sync(admin: AdminClient, topic: str) -> list[set[int]]:
    answer = admin.describe_topics(TopicCollection([topic]))[topic].result(ANSWER_S)
    return [{node.id for node in partition.isr} for partition in answer.partitions]


def publish(login: Login, topic: str, values: list[str], partition: int = -1) -> list[KafkaError | None]:
    """Publish as the job does; give each message's error."""
    outcomes: list[KafkaError | None] = []

    def note(error: KafkaError | None, message: Message) -> None:
        outcomes.append(error)

    producer = Producer({"acks": "all", "enable.idempotence": True} | login)
    for value in values:
        producer.produce(topic, value, partition=partition, on_delivery=note)
    assert producer.flush(NOTICED_WITHIN_S) == 0
    return outcomes


def read(login: Login, topic: str, group: str = "test") -> list[str]:
    """All values of a topic, up to the end that it has now; its group keeps the place."""
    consumer = Consumer(login | {"group.id": group, "enable.auto.commit": False, "auto.offset.reset": "earliest"})
    values: list[str] = []
    try:
        partitions = [TopicPartition(topic, number, 0) for number in range(PARTITIONS)]
        expected = sum(consumer.get_watermark_offsets(each, timeout=ANSWER_S)[1] for each in partitions)
        consumer.assign(partitions)
        while len(values) < expected:
            message = consumer.poll(ANSWER_S)
            assert message is not None
            if error := message.error():
                raise KafkaException(error)
            values.append(message.value().decode())
        consumer.commit(asynchronous=False)
        return values
    finally:
        consumer.close()


def refused(call: Callable[[], Any]) -> bool:
    """Whether Kafka refuses with its word that the user may not do this."""
    with pytest.raises(KafkaException) as refusal:
        call()
    return refusal.value.args[0].code() in FORBIDDEN


def test_three_brokers_hold_everything_and_two_must_confirm(facade: Login) -> None:
    admin = AdminClient(facade)
    assert in_sync(admin, TOPIC) == [{1, 2, 3}] * PARTITIONS
    resource = ConfigResource(ResourceType.TOPIC, TOPIC)
    config = admin.describe_configs([resource])[resource].result(ANSWER_S)
    assert config["min.insync.replicas"].value == "2"
    assert config["unclean.leader.election.enable"].value == "false"


def test_the_job_writes_and_reads_transfers_and_the_dashboard_reads_and_deletes_them(job: Login, facade: Login) -> None:
    admin = AdminClient(facade)
    create_topic(admin, "ftransfer_brief")
    assert publish(job, "ftransfer_brief", ["a", "b"]) == [None, None]
    assert sorted(read(facade, "ftransfer_brief")) == ["a", "b"]
    shorter = ConfigEntry("retention.ms", "1000", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, "ftransfer_brief", incremental_configs=[shorter])
    admin.incremental_alter_configs([resource])[resource].result(ANSWER_S)
    admin.delete_topics(["ftransfer_brief"])["ftransfer_brief"].result(ANSWER_S)


@pytest.mark.parametrize("who", ["job", "anonymous"])
def test_others_neither_make_nor_delete_topics_nor_see_those_of_nobody(
    who: str, cluster: KafkaCluster, request: pytest.FixtureRequest
) -> None:
    admin = AdminClient(request.getfixturevalue(who))
    assert refused(lambda: admin.create_topics([NewTopic("ftransfer_x", 1, -1)])["ftransfer_x"].result(ANSWER_S))
    assert refused(lambda: admin.delete_topics([TOPIC])[TOPIC].result(ANSWER_S))
    seen = admin.list_topics(timeout=ANSWER_S).topics
    assert TOPIC in seen
    assert "__consumer_offsets" not in seen
    nodes = ConfigResource(ResourceType.BROKER, "1")
    assert refused(lambda: admin.describe_configs([nodes])[nodes].result(ANSWER_S))


def test_the_job_cannot_write_elsewhere_nor_the_dashboard(cluster: KafkaCluster, job: Login, facade: Login) -> None:
    create_topic(AdminClient(cluster.brokers[0].inner_settings), OTHER_TOPIC)
    admin = AdminClient(facade)
    for login in (job, facade):
        (error,) = publish(login, OTHER_TOPIC, ["a"])
        assert error is not None
        assert error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    assert refused(lambda: admin.delete_topics([OTHER_TOPIC])[OTHER_TOPIC].result(ANSWER_S))


def test_by_the_open_listener_anybody_reads_and_nobody_writes(anonymous: Login, job: Login) -> None:
    publish(job, TOPIC, ["read me"])
    assert "read me" in read(anonymous, TOPIC, "a group of anybody's")
    (error,) = publish(anonymous | {"enable.idempotence": False}, TOPIC, ["from nobody"])
    assert error is not None
    assert error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"sasl.password": "not this one"}, KafkaError._AUTHENTICATION),
        ({"sasl.username": "nobody"}, KafkaError._AUTHENTICATION),
        ({"sasl.username": "broker", "sasl.mechanism": "PLAIN"}, KafkaError._AUTHENTICATION),
        ({"security.protocol": "SSL"}, KafkaError._TRANSPORT),  # without a name
        ({"security.protocol": "PLAINTEXT"}, KafkaError._TRANSPORT),
        ({"ssl.ca.location": None}, KafkaError._SSL),  # the machine's authorities have not signed this certificate
    ],
    ids=["password", "user", "broker", "anonymous", "plaintext", "authority"],
)
def test_nobody_else_comes_in(facade: Login, changed: Login, code: int) -> None:
    said: list[int] = []
    login = {name: value for name, value in (facade | changed).items() if value is not None}
    admin = AdminClient(login | {"error_cb": lambda error: said.append(error.code())})
    with pytest.raises(KafkaException) as refusal:
        admin.list_topics(timeout=1)
    said.append(refusal.value.args[0].code())

    def it_is_said() -> bool:
        admin.poll(0)
        return code in said

    wait_until(it_is_said, ANSWER_S, "the reason of the refusal")


def test_writing_goes_on_without_one_of_three_and_it_catches_up(
    cluster: KafkaCluster, job: Login, facade: Login
) -> None:
    admin = AdminClient(facade)
    assert publish(job, TOPIC, [f"before {n}" for n in range(30)]) == [None] * 30
    lost = cluster.brokers[leaders(admin, TOPIC)[0] - 1]  # one that leads a partition at least
    port, others = lost.address, {1, 2, 3} - {lost.number}
    lost.kill()
    assert not cluster.is_running
    assert cluster.log_file == lost.log_file
    for partition in range(PARTITIONS):
        assert publish(job, TOPIC, [f"without it {partition}"], partition) == [None]
    wait_until(lambda: in_sync(admin, TOPIC) == [others] * PARTITIONS, NOTICED_WITHIN_S, "the loss is noticed")
    lost.start()
    lost.wait_until_ready()
    assert lost.address == port
    wait_until(lambda: in_sync(admin, TOPIC) == [{1, 2, 3}] * PARTITIONS, NOTICED_WITHIN_S, "it is in sync")
    found = read(facade, TOPIC)
    assert {value for value in found if "before" in value} == {f"before {n}" for n in range(30)}
    assert {value for value in found if "without" in value} == {f"without it {n}" for n in range(PARTITIONS)}
    assert cluster.is_running


def test_secrets_are_in_their_files_and_nowhere_else(cluster: KafkaCluster, folder: Path) -> None:
    kept = {"passwords.json", "quicklook-job.properties", "server.properties"}
    known = json.loads((folder / "security" / "passwords.json").read_text())
    inner = [str(broker.inner_settings["sasl.password"]) for broker in cluster.brokers]
    canaries = [secret.encode() for secret in (*known.values(), *inner)]
    holders: set[str] = set()
    for path in filter(Path.is_file, folder.rglob("*")):
        content = path.read_bytes()
        if any(canary in content for canary in canaries):
            holders.add(path.name)
            assert path.stat().st_mode & 0o077 == 0, path
    assert holders == kept
    assert cluster.is_running
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = process.read_bytes()
        except OSError:
            continue
        assert not any(canary in command for canary in canaries)
    assert not any(canary.decode() in repr(cluster.client_settings) for canary in canaries)


def test_after_a_restart_the_topics_the_addresses_and_the_passwords_are_the_same(
    cluster: KafkaCluster, folder: Path, facade: Login, job: Login
) -> None:
    cluster.stop()
    assert [broker.pid for broker in cluster.brokers] == [None] * 3
    assert len(list(folder.rglob("data/.kafka_cleanshutdown"))) == 3  # in order, not by the patience of who stops them
    cluster.start()
    cluster.wait_until_ready()
    assert facade_login(cluster) == facade
    assert publish(job, TOPIC, ["again"]) == [None]
    assert "again" in read(facade, TOPIC)
