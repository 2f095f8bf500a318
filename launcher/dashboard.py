"""The dashboard's process: Streamlit on loopback, started, waited for, stopped."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests

from backend.errors import QuicklookError

APP = Path(__file__).resolve().parent.parent / "streamlit_app.py"
HOST = "127.0.0.1"
START_S = 60.0
STOP_S = 5.0
POLL_S = 0.2
LOOK_S = 2.0


@contextmanager
def running_dashboard(port: int, environment: Mapping[str, str], log_file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Streamlit, while the context is open; entered when its page answers.

    Parameters
    ----------
    port
        A free port.
    environment
        Settings by their names in the environment.
    log_file
        Where its output goes.

    Raises
    ------
    QuicklookError
        It ends or does not answer in time; the message names the log.
    """
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port)]
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("wb") as log:
        # A session of its own: Ctrl-C is for the launcher, which then stops everything in order.
        process = subprocess.Popen(
            command, cwd=APP.parent, env={**os.environ, **environment}, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_until_it_answers(process, f"http://{HOST}:{port}/_stcore/health", log_file)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], url: str, log_file: Path) -> None:
    deadline = time.monotonic() + START_S
    with requests.Session() as session:
        session.trust_env = False  # a proxy of the environment does not know this machine's loopback
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if session.get(url, timeout=LOOK_S).ok:
                    return
            except requests.RequestException:  # a machine under load may take longer for its first answer
                time.sleep(POLL_S)
    what = "ended at once" if process.poll() is not None else f"has not answered for {START_S:g} s"
    raise QuicklookError(f"The dashboard {what}.", f"Its log says why: {log_file}")
