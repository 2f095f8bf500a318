"""Faults on a real stack: a slow Kafka, a Livy that crashes without its drivers, and what is left of a job."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from stack.embedded import EmbeddedStack
from stack.kafka import KafkaCluster
from stack.kafka_broker import ClientSettings
from stack.private_files import write_privately

POLL_S = 0.1


def wait_until(happened: Callable[[], bool], within_s: float, what: str) -> float:
    """Wait for something; give the seconds that it took."""
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < within_s, f"{what}: not within {within_s:g} s"
        time.sleep(POLL_S)
    return time.monotonic() - began


def limit_producers(kafka: KafkaCluster, folder: Path, bytes_per_s: int | None) -> None:
    """Let each broker take no more than this from each producer, so that a small job lasts; None: as much as comes.

    Parameters
    ----------
    folder
        Where the brokers' own login lies meanwhile, if they have one.
    """
    inner = kafka.brokers[0].inner_settings
    login = folder / "login.properties"
    write_privately(login, _login(inner) if "sasl.username" in inner else "")
    rate = "producer_byte_rate"
    change = f"--delete-config={rate}" if bytes_per_s is None else f"--add-config={rate}={bytes_per_s}"
    where = ("--bootstrap-server", str(inner["bootstrap.servers"]), "--command-config", str(login))
    what = ("--alter", change, "--entity-type", "clients", "--entity-default")
    command = [*kafka._java, "kafka.admin.ConfigCommand", *where, *what]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    login.unlink()


def _login(inner: ClientSettings) -> str:
    """The same login in the words of Kafka's own tools."""
    lines = {
        "security.protocol": inner["security.protocol"],
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": inner["ssl.ca.location"],
        "sasl.mechanism": inner["sasl.mechanism"],
        "sasl.jaas.config": "org.apache.kafka.common.security.plain.PlainLoginModule required "
        f'username="{inner["sasl.username"]}" password="{inner["sasl.password"]}";',
    }
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def crash_livy(stack: EmbeddedStack) -> None:
    """End Livy alone, as where nobody keeps it and its drivers together: they go on.

    Its keeper would end them with it, and so it is ended first.
    """
    process, pid = stack.livy._process, stack.livy.pid
    assert pid is not None
    assert process._keeper is not None
    process._keeper.kill()
    process._keeper.wait()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not _is_running(pid), 10, "the end of Livy")
    process._forget()


def restart_livy(stack: EmbeddedStack) -> None:
    """Start it again where it was; it knows no batch, and counts from 0."""
    stack.livy.start()
    stack.livy.wait_until_ready()


def processes_of(name: str) -> dict[int, str]:
    """The processes that have a plan with this in its name among their arguments: id -> program.

    Parameters
    ----------
    name
        A transfer's topic: those of its driver. Its id: also those of its verifications.
    """
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            arguments = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            plans = (Path(argument).name for argument in arguments if argument.endswith(".json"))
            if any(name in plan for plan in plans):
                found[int(folder.name)] = Path(arguments[0]).name
    return found


def kill_driver(topic: str) -> None:
    """Kill the driver's JVM with SIGKILL."""
    (pid,) = [pid for pid, program in processes_of(topic).items() if program == "java"]
    os.kill(pid, signal.SIGKILL)


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
