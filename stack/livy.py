"""A Livy server on loopback, which runs batches with the pip-installed Spark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from stack.java import Java
from stack.processes import HOST, choose_port
from stack.servers import ProcessServer, json_from

READY_TIMEOUT_S = 90

_LIVY_CONF = """\
livy.server.host = {host}
livy.server.port = {port}
# a page that the user has open elsewhere must not be able to submit: POST and DELETE need the header X-Requested-By
livy.server.csrf-protection.enabled = true
livy.spark.master = {spark_master}
livy.spark.deploy-mode = client
livy.file.local-dir-whitelist = {readable}
livy.server.session.state-retain.sec = 7d
livy.server.session.timeout-check = false
# lines of log that a batch keeps
livy.cache-log.size = 2000
"""

_LOGGING = """\
log4j.rootCategory=INFO, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n
log4j.logger.org.eclipse.jetty=WARN
"""


class LivyServer(ProcessServer):
    """A stack's Livy.

    Parameters
    ----------
    folder
        Its configuration.
    log_file
        Where its output goes.
    classpath
        The jars of the lock's ``livy`` group.
    mark
        An argument by which the process and its drivers are recognised as this stack's.
    port
        The port to listen on, if it is free; 0 for any.
    spark_master
        Where its batches run: ``local[*]``, ``spark://...``.
    readable
        The only folders that a batch's files and jars may come from.
    drivers_environment
        From `stack.drivers.driver_environment`.
    """

    def __init__(
        self,
        java: Java,
        folder: Path,
        log_file: Path,
        classpath: Sequence[Path],
        mark: str,
        port: int,
        spark_master: str,
        readable: Sequence[Path],
        drivers_environment: Mapping[str, str],
    ) -> None:
        super().__init__("Livy", log_file)
        self._java = java
        self._folder = folder.absolute()
        self._classpath = classpath
        self._mark = mark
        self._wanted_port = port
        self._port: int | None = None
        self._spark_master = spark_master
        self._readable = readable
        self._drivers_environment = drivers_environment

    @property
    def url(self) -> str:
        """Its address; the same over restarts."""
        return f"http://{HOST}:{self._port}"

    @property
    def address(self) -> str:
        """Its address; the same over restarts."""
        return self.url

    def start(self) -> None:
        """Start it without waiting, on the port it had before if it ran before."""
        if self._port is None:
            self._port = choose_port(self._wanted_port)
        self._write_conf()
        flags = ("-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", self._mark)
        classpath = ":".join(map(str, (self._folder / "conf", *self._classpath)))
        command = [str(self._java.executable), *flags, "-cp", classpath, "org.apache.livy.server.LivyServer"]
        self._process.start(command, {**self._drivers_environment, **self._own_environment()})

    def wait_until_ready(self) -> None:
        """Wait until it lists its batches.

        Raises
        ------
        ServiceUnavailable
            When it ends or does not answer; with the end of its log.
        """
        self._process.wait_until_ready(lambda: json_from(f"{self.url}/batches") is not None, READY_TIMEOUT_S)

    def _write_conf(self) -> None:
        conf_dir = self._folder / "conf"
        conf_dir.mkdir(parents=True, exist_ok=True)
        (self._folder / "logs").mkdir(exist_ok=True)
        readable = ",".join(f"{folder.absolute()}/" for folder in self._readable)
        (conf_dir / "livy.conf").write_text(
            _LIVY_CONF.format(host=HOST, port=self._port, spark_master=self._spark_master, readable=readable)
        )
        (conf_dir / "log4j.properties").write_text(_LOGGING)

    def _own_environment(self) -> dict[str, str]:
        return {"LIVY_HOME": str(self._folder), "LIVY_CONF_DIR": str(self._folder / "conf")}
