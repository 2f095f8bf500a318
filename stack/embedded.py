"""The embedded default: Kafka and Livy, whose jobs run in its drivers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from backend.config import Settings
from stack.java import Java
from stack.kafka import KafkaCluster
from stack.places import JARS_DIR
from stack.server_stack import KAFKA, KAFKA_PORT, LIVY, LIVY_PORT, ServerStack
from stack.servers import Server


class EmbeddedStack(ServerStack):
    """Kafka and, unless told otherwise, Livy, running while the context is open.

    Parameters
    ----------
    settings
        ``data_dir`` says where everything variable lives, ``spark_master`` where Livy's batches run.
    report
        Is told each step.
    kafka_port, livy_port
        Wanted ports; a free one is taken, and said, when somebody listens there. 0 for any.
    with_livy
        Whether Livy is started as well.

    Raises
    ------
    QuicklookError
        On entering, as in `ServerStack`.
    """

    _jar_groups = ("kafka", "livy", "spark")

    def __init__(
        self,
        settings: Settings,
        report: Callable[[str], None] = print,
        *,
        kafka_port: int = KAFKA_PORT,
        livy_port: int = LIVY_PORT,
        with_livy: bool = True,
    ) -> None:
        super().__init__(settings, report, {KAFKA: kafka_port, LIVY: livy_port})
        self._with_livy = with_livy
        self._script_store = self._data_dir / "scripts"

    @property
    def addresses(self) -> dict[str, Any]:
        """What others need to reach this stack, keyed by the settings' names."""
        found: dict[str, Any] = {
            **self.kafka.client_settings,
            "spark_jars": [str(jar) for jar in self._jars["spark"]],
            "script_store_uri": self._script_store.as_uri(),
            **self._job_sizes,
        }
        return {**found, "livy_url": self.livy_url} if LIVY in self.servers else found

    def share(self, folder: Path) -> str:
        """Its jobs run on this machine: they read the folder where it is."""
        return str(folder.absolute())

    @property
    def _job_sizes(self) -> dict[str, int]:
        """No choice between small and large jobs where Spark has no executors, unless somebody wants one."""
        sizes = {"executors_small": 1, "executors_large": 1}
        chosen = sizes.keys() & self._given.model_fields_set
        return {} if chosen or not self._given.spark_master.startswith("local") else sizes

    def _make_servers(self, java: Java) -> dict[str, Server]:
        kafka = KafkaCluster(
            java, self._folder / "kafka", self._log_file("kafka"), self._jars["kafka"], self._mark, self._ports[KAFKA]
        )
        if not self._with_livy:
            return {KAFKA: kafka}
        self._script_store.mkdir(parents=True, exist_ok=True)
        readable = (self._script_store, JARS_DIR)
        return {KAFKA: kafka, LIVY: self._make_livy(java, self._given.spark_master, readable)}
