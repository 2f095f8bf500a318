"""The cluster profile: HDFS, a Spark cluster and several Kafka brokers, as processes on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from backend.config import Settings
from stack.drivers import DRIVER_FLAGS
from stack.hdfs import REPLICATION, SUPERUSER, USER, DataNode, NameNode
from stack.hdfs_folders import HdfsFolders
from stack.java import Java
from stack.kafka import KafkaCluster
from stack.kafka_security import KafkaSecurity
from stack.places import JARS_DIR
from stack.server_stack import KAFKA, KAFKA_PORT, LIVY, LIVY_PORT, ServerStack
from stack.servers import Server
from stack.spark_standalone import SparkMaster, SparkWorker

NAME_NODE = "NameNode"
WEB_HDFS = "WebHDFS"
MASTER = "Spark master"
MASTER_PAGE = "Spark master's page"
CUSTOMARY_PORTS: Mapping[str, int] = {
    NAME_NODE: 8020,
    WEB_HDFS: 9870,
    MASTER: 7077,
    MASTER_PAGE: 8080,
    KAFKA: KAFKA_PORT,
    LIVY: LIVY_PORT,
}
HOME = "/quicklook"
"""Folder of the dashboard, for itself alone."""
ARCHIVES = "/archives"


class ClusterStack(ServerStack):
    """HDFS, Spark's master and workers, Kafka's brokers and Livy, running while the context is open.

    Each address names its file system; a plain path is a file of this machine, which all processes here can read.

    Parameters
    ----------
    settings
        ``data_dir`` says where everything variable lives, ``plaintext_readers`` whether Kafka has a door where anybody
        on this machine may read the topics of transfers.
    report
        Is told each step.
    any_ports
        Whether to take any free ports instead of the customary ones.
    data_nodes, workers, brokers
        How many there are of each.
    worker_cores, worker_memory
        What each worker offers; see `SparkWorker`.

    Raises
    ------
    QuicklookError
        On entering, as in `ServerStack`.
    """

    _jar_groups = ("hdfs", "kafka", "livy", "spark")

    def __init__(
        self,
        settings: Settings,
        report: Callable[[str], None] = print,
        *,
        any_ports: bool = False,
        data_nodes: int = 2,
        workers: int = 2,
        brokers: int = 3,
        worker_cores: int = 2,
        worker_memory: str = "3g",
    ) -> None:
        super().__init__(settings, report, dict.fromkeys(CUSTOMARY_PORTS, 0) if any_ports else CUSTOMARY_PORTS)
        self._data_nodes, self._workers, self._brokers = data_nodes, workers, brokers
        self._offer = (worker_cores, worker_memory)
        self._java: Java | None = None

    @property
    def name_node(self) -> NameNode:
        """The server that knows HDFS's files."""
        return self._server(NAME_NODE, NameNode)

    @property
    def data_nodes(self) -> list[DataNode]:
        """The servers that keep their blocks; each can be killed and started alone."""
        return [server for server in self.servers.values() if isinstance(server, DataNode)]

    @property
    def master(self) -> SparkMaster:
        """Spark's master."""
        return self._server(MASTER, SparkMaster)

    @property
    def workers(self) -> list[SparkWorker]:
        """Spark's workers; each can be killed and started alone."""
        return [server for server in self.servers.values() if isinstance(server, SparkWorker)]

    @property
    def addresses(self) -> dict[str, Any]:
        """What others need to reach this stack, keyed by the settings' names."""
        return {
            **self.kafka.client_settings,
            "kafka_public_servers": self.kafka.reader_bootstrap_servers,
            "livy_url": self.livy_url,
            "script_store_uri": f"{self.name_node.uri}{HOME}/scripts",
            "spark_jars": [str(jar) for jar in self._jars["spark"]],
            "spark_master": self.master.url,
            "statistics_uri": f"{self.name_node.uri}{HOME}/statistics",
            "webhdfs_url": self.name_node.web_url,
            "webhdfs_user": USER,
        }

    def share(self, folder: Path) -> str:
        """Put a local folder on HDFS, unless it is there as it is now; jobs can read it and not change it.

        Raises
        ------
        ServiceUnavailable
            HDFS does not take it.
        """
        path = f"{ARCHIVES}/{folder.name}"
        files = HdfsFolders(self.name_node.web_url)
        if not files.has(folder, path):
            self._report(f"{folder.name}: putting it on HDFS")
            files.put(folder, path)
        return f"{self.name_node.uri}{path}"

    def add_worker(self) -> SparkWorker:
        """Let another worker join the running cluster; it is stopped with the rest."""
        name, worker = self._make_worker(self.master, len(self.workers) + 1)
        self._closing.callback(worker.stop)
        worker.start()
        self._servers[name] = worker
        self._await(name, worker)
        return worker

    def _start(self, closing: ExitStack) -> None:
        super()._start(closing)
        self._report(f"pages: HDFS on {self.name_node.web_url}, Spark on {self.master.web_url}")
        if readers := self.kafka.reader_bootstrap_servers:
            self._report(f"{KAFKA}: anybody on this machine may read transfers on {readers}")
        folders = HdfsFolders(self.name_node.web_url)
        folders.make(HOME, owner=USER, permission="700")
        folders.make(ARCHIVES, owner=SUPERUSER, permission="755")

    def _make_servers(self, java: Java) -> dict[str, Server]:
        self._java = java
        ports = self._ports[MASTER], self._ports[MASTER_PAGE]
        master = SparkMaster(java, self._log_file("spark-master"), self._mark, *ports)
        workers = (self._make_worker(master, number) for number in _numbers(self._workers))
        return {
            **self._make_hdfs(java),
            MASTER: master,
            **dict(workers),
            KAFKA: self._make_kafka(java),
            LIVY: self._make_livy(java, master.url, (JARS_DIR,), self._driver_flags(), HADOOP_USER_NAME=USER),
        }

    def _make_hdfs(self, java: Java) -> dict[str, Server]:
        folder, jars = self._folder / "hdfs", self._jars["hdfs"]
        ports = self._ports[NAME_NODE], self._ports[WEB_HDFS]
        name_node = NameNode(java, folder / "name-node", self._log_file("name-node"), jars, self._mark, *ports)
        servers: dict[str, Server] = {NAME_NODE: name_node}
        for number in _numbers(self._data_nodes):
            name, own = f"DataNode {number}", f"data-node-{number}"
            servers[name] = DataNode(name, java, folder / own, self._log_file(own), jars, self._mark, name_node)
        return servers

    def _make_kafka(self, java: Java) -> KafkaCluster:
        folder, log_file = self._folder / f"kafka-{self._brokers}", self._log_file("kafka")
        security = KafkaSecurity(folder / "security", plaintext_readers=self._given.plaintext_readers)
        port, jars = self._ports[KAFKA], self._jars["kafka"]
        return KafkaCluster(java, folder, log_file, jars, self._mark, port, brokers=self._brokers, security=security)

    def _make_worker(self, master: SparkMaster, number: int) -> tuple[str, SparkWorker]:
        assert self._java is not None, "the stack was not entered"
        name, own = f"Spark worker {number}", f"spark-worker-{number}"
        folder = self._folder / "spark" / own
        worker = SparkWorker(name, self._java, folder, self._log_file(own), self._mark, master, *self._offer)
        return name, worker

    def _driver_flags(self) -> tuple[str, ...]:
        """What drivers here are told beside what all are: how executors start, and how HDFS keeps what they write."""
        logging = (self._folder / "drivers" / "log4j2.properties").as_uri()
        flags = (*DRIVER_FLAGS, self._mark, f"-Dlog4j2.configurationFile={logging}")
        executors = " ".join(f"'{flag}'" for flag in flags)
        return (f"-Dspark.executor.extraJavaOptions={executors}", f"-Dspark.hadoop.dfs.replication={REPLICATION}")


def _numbers(count: int) -> range:
    return range(1, count + 1)
