"""HDFS on loopback: a NameNode and its DataNodes, with WebHDFS."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

from backend.errors import ServiceUnavailable
from stack.java import Java
from stack.processes import HOST, choose_port
from stack.servers import ProcessServer, json_from

SUPERUSER = "hdfs"
USER = "quicklook"
"""Whom dashboard and jobs are to HDFS: a user without privileges."""
REPLICATION = 2
READY_TIMEOUT_S = 90
FORMAT_TIMEOUT_S = 60
_RUNNING = "RUNNING"
_OPERATIONAL = "Operational"

_OPENED = ("lang", "lang.reflect", "io", "util")
"""Packages of Java 17 that Hadoop looks into; without them WebHDFS answers with an internal error."""
_FLAGS = (
    "-Xms32m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    *(f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in _OPENED),
)

_LOGGING = """\
log4j.rootCategory=WARN, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n
# says on each start that a library which nobody needs is not there
log4j.logger.org.apache.hadoop.util.NativeCodeLoader=ERROR
"""

_SECONDS_MATTER: Mapping[str, str | int] = {
    # a DataNode that is silent for 3 s is asked last, and after 20 s it is dead: its blocks are copied again
    "dfs.heartbeat.interval": "1s",
    "dfs.namenode.heartbeat.recheck-interval": 5000,
    "dfs.namenode.stale.datanode.interval": 3000,
    "dfs.namenode.avoid.read.stale.datanode": "true",
    "dfs.namenode.avoid.write.stale.datanode": "true",
    # writable as soon as the blocks are reported
    "dfs.namenode.safemode.extension": 0,
    # between two tries of a DataNode to reach its NameNode, while that one starts
    "ipc.client.connect.retry.interval": 500,
}
_SAFE: Mapping[str, str | int] = {
    "dfs.namenode.datanode.registration.ip-hostname-check": "false",
    # a page that the user has open elsewhere must not be able to write
    "dfs.webhdfs.rest-csrf.enabled": "true",
    # users of HDFS need not be users of this machine
    "hadoop.user.group.static.mapping.overrides": f"{SUPERUSER}=supergroup;{USER}={USER};dr.who=;",
}


class _HdfsServer(ProcessServer):
    """What NameNode and DataNodes have in common: a folder with their configuration, Hadoop's class path, a user."""

    _main_class: str

    def __init__(
        self, name: str, java: Java, folder: Path, log_file: Path, classpath: Sequence[Path], mark: str
    ) -> None:
        super().__init__(name, log_file)
        self._folder = folder.absolute()
        self._conf_dir = self._folder / "conf"
        self._java = (str(java.executable), *_FLAGS, mark, "-cp", ":".join(map(str, (self._conf_dir, *classpath))))
        self._environment = {**os.environ, "HADOOP_USER_NAME": SUPERUSER}

    def start(self) -> None:
        """Start it without waiting, where it was before if it ran before."""
        self._write_configuration()
        self._prepare_data()
        self._process.start([*self._java, self._main_class], self._environment)

    def _prepare_data(self) -> None:
        """What must be done before the first start."""

    def _properties(self) -> dict[str, str | int]:
        return {"hadoop.tmp.dir": str(self._folder / "tmp"), "dfs.replication": REPLICATION, **_SECONDS_MATTER, **_SAFE}

    def _write_configuration(self) -> None:
        for page in ("hdfs", "datanode"):  # no server starts without a folder for the pages that it does not have
            (self._conf_dir / "webapps" / page).mkdir(parents=True, exist_ok=True)
        (self._conf_dir / "log4j.properties").write_text(_LOGGING)
        (self._conf_dir / "hdfs-site.xml").write_text(_xml(self._properties()))


class NameNode(_HdfsServer):
    """The server that knows which files there are. `SUPERUSER` may do anything, others what permissions allow.

    Parameters
    ----------
    folder
        Its configuration and data: files survive a restart.
    log_file
        Where its output goes.
    classpath
        The jars of the lock's ``hdfs`` group.
    mark
        An argument by which the process is recognised as this stack's.
    port, web_port
        Of ``hdfs://`` and of WebHDFS, if they are free; 0 for any.

    Raises
    ------
    ServiceUnavailable
        On its first start: its folder cannot be prepared; the message says what Hadoop said.
    """

    _main_class = "org.apache.hadoop.hdfs.server.namenode.NameNode"

    def __init__(
        self, java: Java, folder: Path, log_file: Path, classpath: Sequence[Path], mark: str, port: int, web_port: int
    ) -> None:
        super().__init__("NameNode", java, folder, log_file, classpath, mark)
        self._port = choose_port(port)
        self._web_port = choose_port(web_port)

    @property
    def uri(self) -> str:
        """What addresses of its files begin with."""
        return f"hdfs://{HOST}:{self._port}"

    @property
    def web_url(self) -> str:
        """Its address for WebHDFS."""
        return f"http://{HOST}:{self._web_port}"

    @property
    def address(self) -> str:
        """Where its clients find it; the same over restarts."""
        return self.uri

    def wait_until_ready(self) -> None:
        """Wait until files can be written, for which its DataNodes must have reported what they have.

        Raises
        ------
        ServiceUnavailable
            When it ends or does not answer; with the end of its log.
        """
        self._process.wait_until_ready(
            lambda: _told(self.web_url, "service=NameNode,name=FSNamesystemState", "FSState") == _OPERATIONAL,
            READY_TIMEOUT_S,
        )

    def _properties(self) -> dict[str, str | int]:
        return {
            **super()._properties(),
            "dfs.namenode.rpc-address": f"{HOST}:{self._port}",
            "dfs.namenode.http-address": f"{HOST}:{self._web_port}",
            "dfs.namenode.name.dir": self._name_dir.as_uri(),
        }

    @property
    def _name_dir(self) -> Path:
        return self._folder / "data"

    def _prepare_data(self) -> None:
        """Let Hadoop make an empty file system, once."""
        if any(self._name_dir.glob("current/fsimage_*.md5")):  # what a format writes last
            return
        shutil.rmtree(self._name_dir, ignore_errors=True)  # a format that was interrupted
        command = [*self._java, self._main_class, "-format", "-nonInteractive"]
        try:
            subprocess.run(
                command, env=self._environment, capture_output=True, text=True, timeout=FORMAT_TIMEOUT_S, check=True
            )
        except subprocess.CalledProcessError as error:
            message = f"HDFS's folder {self._name_dir} cannot be prepared: {(error.stderr or error.stdout)[-1000:]}"
            raise ServiceUnavailable("HDFS", message, "Is the disk full, or not ours to write to?") from error
        except subprocess.TimeoutExpired as error:
            raise ServiceUnavailable("HDFS", f"Preparing {self._name_dir} took over {FORMAT_TIMEOUT_S} s.") from error


class DataNode(_HdfsServer):
    """A server that keeps blocks of files. All but its WebHDFS port may change over a restart.

    Parameters
    ----------
    name
        As the user knows it.
    folder
        Its configuration and data.
    name_node
        Where it belongs.
    """

    _main_class = "org.apache.hadoop.hdfs.server.datanode.DataNode"

    def __init__(
        self,
        name: str,
        java: Java,
        folder: Path,
        log_file: Path,
        classpath: Sequence[Path],
        mark: str,
        name_node: NameNode,
    ) -> None:
        super().__init__(name, java, folder, log_file, classpath, mark)
        self._name_node = name_node
        self._web_port = choose_port(0)

    @property
    def address(self) -> str:
        """Where WebHDFS sends its clients."""
        return f"http://{HOST}:{self._web_port}"

    def wait_until_ready(self) -> None:
        """Wait until its NameNode has it.

        Raises
        ------
        ServiceUnavailable
            When it ends or is not accepted; with the end of its log.
        """
        self._process.wait_until_ready(self._is_registered, READY_TIMEOUT_S)

    def _properties(self) -> dict[str, str | int]:
        return {
            **super()._properties(),
            "fs.defaultFS": self._name_node.uri,
            "dfs.namenode.rpc-address": self._name_node.uri.removeprefix("hdfs://"),
            "dfs.datanode.data.dir": (self._folder / "data").as_uri(),
            "dfs.datanode.hostname": HOST,
            "dfs.datanode.address": f"{HOST}:0",
            "dfs.datanode.ipc.address": f"{HOST}:0",
            "dfs.datanode.http.address": f"{HOST}:{self._web_port}",
        }

    def _is_registered(self) -> bool:
        actors = _told(self.address, "service=DataNode,name=DataNodeInfo", "BPServiceActorInfo")
        return any(actor.get("ActorState") == _RUNNING for actor in json.loads(actors or "[]"))


def _told(url: str, bean: str, attribute: str) -> str:
    """What a server says about itself; nothing while it does not answer."""
    answer = json_from(f"{url}/jmx?get={quote(f'Hadoop:{bean}::{attribute}')}") or {}
    return next((found[attribute] for found in answer.get("beans", ()) if attribute in found), "")


def _xml(properties: Mapping[str, str | int]) -> str:
    lines = (
        f"<property><name>{name}</name><value>{escape(str(value))}</value></property>"
        for name, value in properties.items()
    )
    return "\n".join(("<configuration>", *lines, "</configuration>")) + "\n"
