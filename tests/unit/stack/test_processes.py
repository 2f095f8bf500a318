"""On real processes and ports."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.errors import ServiceUnavailable
from stack.processes import ServerProcess, choose_port, end_processes_marked

WITHIN_S = 20
PARENT_OF_ONE = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
OWNER = """
import sys
from pathlib import Path
from stack.processes import ServerProcess
server = ServerProcess("Sleeper", Path(sys.argv[1]))
server.start([sys.executable, "-c", sys.argv[2]])
print(server.pid, flush=True)
sys.stdin.read()
"""


def wait_for(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def server(tmp_path: Path) -> ServerProcess:
    return ServerProcess("Sleeper", tmp_path / "logs" / "sleeper.log")


def test_a_free_port_is_given_as_wanted() -> None:
    wanted = choose_port(0)
    assert choose_port(wanted) == wanted


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_taken_port_gets_another(address: str) -> None:
    with socket.socket() as other:
        other.bind((address, 0))
        other.listen()
        taken = other.getsockname()[1]
        assert choose_port(taken) not in (0, taken)


def test_stop_ends_the_server_and_its_children(server: ServerProcess) -> None:
    server.start([sys.executable, "-c", PARENT_OF_ONE])
    wait_for(lambda: server.log_file.read_text().strip())
    family = [server.pid, int(server.log_file.read_text())]
    assert all(pid is not None and is_alive(pid) for pid in family)
    server.stop()
    assert not any(pid is not None and is_alive(pid) for pid in family)
    assert not server.is_running


def test_children_end_with_a_killed_owner(tmp_path: Path) -> None:
    log = tmp_path / "sleeper.log"
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(log), PARENT_OF_ONE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    server_pid = int(owner.stdout.readline())
    wait_for(lambda: log.read_text().strip())
    child_pid = int(log.read_text())
    owner.kill()
    owner.communicate(timeout=WITHIN_S)
    wait_for(lambda: not is_alive(server_pid) and not is_alive(child_pid))


def test_children_end_with_a_server_that_dies(server: ServerProcess) -> None:
    server.start([sys.executable, "-c", PARENT_OF_ONE])
    wait_for(lambda: server.log_file.read_text().strip())
    child_pid = int(server.log_file.read_text())
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    wait_for(lambda: not server.is_running)
    assert not is_alive(child_pid)


def test_a_server_that_ends_while_starting_shows_its_last_words(server: ServerProcess) -> None:
    server.start([sys.executable, "-c", "print('\\tat a.Frame'); raise SystemExit('no room')"])
    with pytest.raises(
        ServiceUnavailable, match=r"(?s)Sleeper ended while it was starting.*no room.*sleeper\.log"
    ) as e:
        server.wait_until_ready(lambda: False, WITHIN_S)
    assert "a.Frame" not in e.value.message


def test_a_server_that_never_answers_is_given_up(server: ServerProcess) -> None:
    server.start([sys.executable, "-c", "import time; time.sleep(600)"])
    with pytest.raises(ServiceUnavailable, match="did not answer within 0 s"):
        server.wait_until_ready(lambda: False, 0.2)
    server.stop()


def test_a_command_that_does_not_exist_says_so(server: ServerProcess) -> None:
    server.start(["/no/such/java"])
    with pytest.raises(ServiceUnavailable, match="/no/such/java"):
        server.wait_until_ready(lambda: False, WITHIN_S)
    server.stop()


def test_the_log_before_is_kept(server: ServerProcess) -> None:
    for word in ("first", "second"):
        server.start([sys.executable, "-c", f"print('{word}')"])
        wait_for(lambda: not server.is_running)
        server.stop()
    assert server.log_file.read_text() == "second\n"
    assert server.log_file.with_name("sleeper.log.1").read_text() == "first\n"


def test_only_marked_processes_are_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    ours = subprocess.Popen([*command, f"-Dstack={tmp_path}"])
    neighbour = subprocess.Popen([*command, f"-Dstack={tmp_path}2"])
    try:
        ended = end_processes_marked(f"-Dstack={tmp_path}")
        assert ended == [ours.pid]
        assert ours.wait(WITHIN_S) == -signal.SIGTERM
        assert neighbour.poll() is None
    finally:
        for process in (ours, neighbour):
            process.kill()
            process.wait()
