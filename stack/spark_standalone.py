"""A Spark cluster on loopback: a master and workers of the pip-installed Spark."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from stack.ivy import spark_home
from stack.java import Java
from stack.processes import HOST, choose_port
from stack.servers import ProcessServer, json_from

READY_TIMEOUT_S = 90
APPLICATION_DATA_S = 24 * 3600
"""How long a worker keeps logs and files of a job that has ended."""
_ALIVE = "ALIVE"

_OPENED = ("lang", "lang.invoke", "io", "net", "nio", "util", "util.concurrent")
_FLAGS = (
    "-Xms32m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dspark.port.maxRetries=0",  # on another port than the one that was chosen, nobody would find it
    *(f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in _OPENED),
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
)


class _SparkServer(ProcessServer):
    """What master and workers have in common."""

    def __init__(self, name: str, java: Java, log_file: Path, mark: str) -> None:
        super().__init__(name, log_file)
        self._java = java
        self._flags = (*_FLAGS, mark)

    def _run(self, main_class: str, flags: tuple[str, ...], *arguments: object, **environment: str) -> None:
        command = [str(self._java.executable), *self._flags, *flags, "-cp", str(spark_home() / "jars" / "*")]
        own = {
            "JAVA_HOME": str(self._java.home),
            "SPARK_HOME": str(spark_home()),
            "SPARK_SCALA_VERSION": _scala_version(),  # a worker that is not told looks for where Spark was built
            "SPARK_LOCAL_IP": HOST,  # its pages, too
            "SPARK_LOCAL_HOSTNAME": HOST,
            **environment,
        }
        self._process.start([*command, main_class, *map(str, arguments)], {**os.environ, **own})


class SparkMaster(_SparkServer):
    """The server that shares the workers' cores out among the jobs.

    Parameters
    ----------
    log_file
        Where its output goes.
    mark
        An argument by which the process is recognised as this stack's.
    port, web_port
        Of its protocol and its page, if they are free; 0 for any.
    """

    def __init__(self, java: Java, log_file: Path, mark: str, port: int, web_port: int) -> None:
        super().__init__("Spark master", java, log_file, mark)
        self._port = choose_port(port)
        self._web_port = choose_port(web_port)

    @property
    def url(self) -> str:
        """Its address for workers and drivers."""
        return f"spark://{HOST}:{self._port}"

    @property
    def address(self) -> str:
        """Where its clients find it; the same over restarts."""
        return self.url

    @property
    def web_url(self) -> str:
        """Address of its page."""
        return f"http://{HOST}:{self._web_port}"

    def start(self) -> None:
        """Start it without waiting, on the ports it had before if it ran before."""
        ports = ("--host", HOST, "--port", self._port, "--webui-port", self._web_port)
        # a page that the user has open elsewhere must not be able to end a job
        self._run("org.apache.spark.deploy.master.Master", ("-Dspark.ui.killEnabled=false",), *ports)

    def wait_until_ready(self) -> None:
        """Wait until its page answers.

        Raises
        ------
        ServiceUnavailable
            When it ends or does not answer; with the end of its log.
        """
        self._process.wait_until_ready(lambda: bool(self.state()), READY_TIMEOUT_S)

    def state(self) -> dict[str, Any]:
        """What it says of workers and jobs (``workers``, ``activeapps``, …); nothing while it does not answer."""
        return json_from(f"{self.web_url}/json/") or {}

    def has_worker(self, port: int) -> bool:
        """Whether the worker on this port is registered and lives."""
        return any(worker["port"] == port and worker["state"] == _ALIVE for worker in self.state().get("workers", ()))


class SparkWorker(_SparkServer):
    """A server that runs executors. One may join at any time.

    Parameters
    ----------
    name
        As the user knows it.
    folder
        Logs and files of its executors.
    master
        Where it belongs.
    cores
        How many it offers; they may be more than the machine has.
    memory
        How much it offers, as Spark writes it: ``2g``.
    """

    def __init__(
        self,
        name: str,
        java: Java,
        folder: Path,
        log_file: Path,
        mark: str,
        master: SparkMaster,
        cores: int,
        memory: str,
    ) -> None:
        super().__init__(name, java, log_file, mark)
        self._folder = folder.absolute()
        self._master = master
        self._cores = cores
        self._memory = memory
        self._port = choose_port(0)

    @property
    def address(self) -> str:
        """Where its master finds it; the same over restarts."""
        return f"{HOST}:{self._port}"

    def start(self) -> None:
        """Start it without waiting, on the port it had before if it ran before."""
        work_dir, local_dir = self._folder / "work", self._folder / "local"
        shutil.rmtree(local_dir, ignore_errors=True)  # of executors that were killed
        for folder in (work_dir, local_dir):
            folder.mkdir(parents=True, exist_ok=True)
        offer = ("--cores", self._cores, "--memory", self._memory, "--work-dir", work_dir)
        self._run(
            "org.apache.spark.deploy.worker.Worker",
            ("-Dspark.worker.cleanup.enabled=true", f"-Dspark.worker.cleanup.appDataTtl={APPLICATION_DATA_S}"),
            *("--host", HOST, "--port", self._port, "--webui-port", 0, *offer, self._master.url),
            SPARK_LOCAL_DIRS=str(local_dir),
            PYSPARK_PYTHON=sys.executable,
        )

    def wait_until_ready(self) -> None:
        """Wait until its master has it.

        Raises
        ------
        ServiceUnavailable
            When it ends or is not accepted; with the end of its log.
        """
        self._process.wait_until_ready(lambda: self._master.has_worker(self._port), READY_TIMEOUT_S)


def _scala_version() -> str:
    """The Scala that Spark's jars are made for, such as 2.12: it is part of their names."""
    core = next((spark_home() / "jars").glob("spark-core_*.jar"))
    return core.name.removeprefix("spark-core_").partition("-")[0]
