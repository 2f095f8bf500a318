"""What every Spark driver of the embedded stack starts with, and what makes it start fast."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from stack.exclusive import exclusively
from stack.ivy import spark_home
from stack.java import Java
from stack.processes import HOST

DRIVER_FLAGS = (
    "-XX:+UseParallelGC",
    # A driver's first seconds are code that runs a few times. What takes the processors then is the JVM's compilers:
    # with five times their usual thresholds, and light profiling while they are busy, the first alert comes 2 s sooner.
    "-XX:Tier3DelayOn=0",
    "-XX:Tier4InvocationThreshold=25000",
    "-XX:Tier4MinInvocationThreshold=3000",
    "-XX:Tier4CompileThreshold=75000",
    "-XX:Tier4BackEdgeThreshold=200000",
)
LAUNCHER_FLAGS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""For the short-lived JVM that only puts the driver's command line together."""
TRAINING_TIMEOUT_S = 300
_TRAINING_SCRIPT = Path(__file__).with_name("typical_driver.py")

_LOGGING = """\
rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{yyyy-MM-dd HH:mm:ss} %p %c{1}: %m%n%ex
# says on each start that a library which nobody needs is not there
logger.native.name = org.apache.hadoop.util.NativeCodeLoader
logger.native.level = error
"""
TEMPORARY = "tmp"
"""In the drivers' folder: what they write and remove again, unless they are killed."""


def driver_environment(
    java: Java, folder: Path, conf_dir: Path, flags: Sequence[str], class_archive: Path | None
) -> dict[str, str]:
    """Write the drivers' files into ``folder``; give the environment in which ``spark-submit`` uses them.

    Settings go through the driver's own flags, not through ``spark-defaults.conf``: a class archive is valid only
    while no folder on the class path, and the one of that file is, has files in it.

    Parameters
    ----------
    folder
        Gets the logging configuration and the drivers' temporary files.
    conf_dir
        An empty folder; part of what the archive remembers.
    flags
        Further flags of the driver's JVM.
    class_archive
        From `provide_class_archive`.
    """
    temporary = folder / TEMPORARY
    temporary.mkdir(parents=True, exist_ok=True)
    conf_dir.mkdir(parents=True, exist_ok=True)
    logging = folder / "log4j2.properties"
    logging.write_text(_LOGGING)
    settings = {
        "java.io.tmpdir": temporary,
        "log4j2.configurationFile": logging.as_uri(),
        "spark.driver.bindAddress": HOST,
        "spark.driver.host": HOST,
        "spark.sql.warehouse.dir": temporary / "warehouse",
        "spark.ui.enabled": "false",
    }
    sharing = (f"-XX:SharedArchiveFile={class_archive}",) if class_archive else ()
    options = [*DRIVER_FLAGS, *flags, *sharing, *(f"-D{name}={value}" for name, value in settings.items())]
    return {
        **os.environ,
        "JAVA_HOME": str(java.home),
        "SPARK_HOME": str(spark_home()),
        "SPARK_CONF_DIR": str(conf_dir),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_HOSTNAME": HOST,
        "SPARK_LOCAL_DIRS": str(temporary),
        "SPARK_LAUNCHER_OPTS": " ".join(LAUNCHER_FLAGS),
        "SPARK_SUBMIT_OPTS": " ".join(f'"{option}"' for option in options),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "PYTHONUNBUFFERED": "1",
    }


def provide_class_archive(
    java: Java, folder: Path, conf_dir: Path, connectors: Sequence[Path], report: Callable[[str], None] = print
) -> Path | None:
    """Give an archive of the classes that a typical driver loads, made once for this Java and this Spark.

    With it a driver is up, and has run its first query, in about half the time. The JVM itself ignores an archive
    that does not fit any more.

    Returns
    -------
    Path or None
        None when it could not be made: drivers then work without.
    """
    if not (java.home / "lib" / "server" / "classes.jsa").is_file():
        report(f"spark: its drivers start slower on the Java in {java.home}, which has no archive of its own classes")
        return None
    archive = folder / f"driver-{_fingerprint(java)}.jsa"
    with exclusively(folder, lambda: report("spark: another start is preparing its drivers; waiting for it")):
        if archive.is_file():
            return archive
        report("spark: preparing fast starts of its drivers, once")
        unfinished = folder / ".training" / "classes.jsa"
        try:
            _run_typical_driver(java, unfinished, conf_dir, connectors, folder / "training.log")
            unfinished.replace(archive)
            for other in set(folder.glob("driver-*.jsa")) - {archive}:
                other.unlink()
            return archive
        except (OSError, subprocess.SubprocessError):
            report(f"spark: that failed; its drivers work, but start slower (log: {folder / 'training.log'})")
            return None
        finally:
            shutil.rmtree(unfinished.parent, ignore_errors=True)


def _run_typical_driver(java: Java, archive: Path, conf_dir: Path, connectors: Sequence[Path], log_file: Path) -> None:
    recording = (f"-XX:ArchiveClassesAtExit={archive}", "-Xlog:cds=off", "-Xlog:cds+dynamic=off")
    submit = (spark_home() / "bin" / "spark-submit", "--master", "local[2]", "--jars", ",".join(map(str, connectors)))
    with log_file.open("wb") as log:
        subprocess.run(
            [*map(str, submit), str(_TRAINING_SCRIPT), str(archive.with_name("night"))],
            env=driver_environment(java, archive.parent, conf_dir, recording, None),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=TRAINING_TIMEOUT_S,
            check=True,
        )


def _fingerprint(java: Java) -> str:
    """Of what the archive depends on: the runtime, Spark's jars, and the script that was run."""
    jars = sorted((jar.name, jar.stat().st_size) for jar in (spark_home() / "jars").glob("*.jar"))
    runtime = (java.home / "release").read_bytes() if (java.home / "release").is_file() else b""
    known = (str(java.home), str(spark_home()), runtime, jars, _TRAINING_SCRIPT.read_bytes(), DRIVER_FLAGS)
    return hashlib.sha256(repr(known).encode()).hexdigest()[:16]
