"""The dashboard's server with downloads made beforehand: ``python -m tests.support.served_downloads MB``.

The first lines that it prints are the address of a download of so many MB, and of one that has expired.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import requests
from streamlit.web import cli

from backend.prepared_download import PreparedDownload, Tell
from stack.processes import choose_port
from tests.support.waiting import wait_for
from views.components.session import downloads
from views.download_route import download_link

ROOT = Path(__file__).resolve().parents[2]
NAME = "alerts.parquet"
STARTED_WITHIN_S = 60.0
_BLOCK = os.urandom(1_000_000)


@dataclass(frozen=True)
class ServedDownloads:
    """A running server."""

    url: str
    ready: str
    """Where the download is."""
    expired: str
    """Where another one was."""
    pid: int


@contextmanager
def served_downloads(megabytes: int, data_dir: Path) -> Iterator[ServedDownloads]:
    """The server in a process of its own, while the context is open."""
    port = choose_port(0)
    command = [sys.executable, "-m", "tests.support.served_downloads", str(megabytes), "--server.port", str(port)]
    environment = {**os.environ, "DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            ready, expired = (server.stdout.readline().strip() for _ in range(2))
            url = f"http://127.0.0.1:{port}"
            wait_for(lambda: server.poll() is not None or _answers(url), STARTED_WITHIN_S)
            yield ServedDownloads(url, ready, expired, server.pid)
        finally:
            server.terminate()


def main(megabytes: int, options: list[str]) -> None:
    """Make the downloads, and serve until terminated."""
    ready, expired = _prepared("ready", megabytes), _prepared("expired", 1)
    expired.progress = replace(expired.progress, expires_at=datetime.now(UTC))
    for each in (ready, expired):
        print(download_link(str(each.address)), flush=True)
    sys.argv = ["streamlit", "run", "streamlit_app.py", *options]
    cli.main()


def _prepared(wanted: str, megabytes: int) -> PreparedDownload:
    def write(folder: Path, _tell: Tell) -> Path:
        file = folder / NAME
        with file.open("wb") as writing:
            for number in range(megabytes):
                writing.write(number.to_bytes(8))  # a byte that is missing or doubled is seen
                writing.write(_BLOCK[8:])
        return file

    download = downloads().prepare(Path(wanted), wanted, 1, megabytes * 1_000_000, write)
    wait_for(lambda: download.address, 600)
    return download


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/_stcore/health", timeout=2).ok
    except requests.ConnectionError:
        return False


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
