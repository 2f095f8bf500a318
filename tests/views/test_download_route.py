"""A prepared download over HTTP, from the server that ``streamlit run`` starts."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from streamlit.starlette import App

from backend.download_shelf import DownloadShelf
from backend.errors import InvalidSettings
from tests.support.served_downloads import NAME, ServedDownloads, served_downloads
from views import download_route

MEGABYTES = 20
SIZE = MEGABYTES * 1_000_000
WITHIN_S = 20
FLAT_MB = 60
"""What sending may take, whatever the size of the file."""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def server(data_dir: Path) -> Iterator[ServedDownloads]:
    with served_downloads(MEGABYTES, data_dir) as running:
        yield running


def get(server: ServedDownloads, path: str, method: str = "GET", **headers: str) -> requests.Response:
    """What the server answers; by default a browser takes compressed answers, and so does this."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.request(method, server.url + path, headers=named, timeout=WITHIN_S)


def test_the_file_comes_as_it_is_with_its_name_and_length(server: ServedDownloads, data_dir: Path) -> None:
    answer = get(server, server.ready)
    (file,) = [path for path in (data_dir / "downloads").rglob(NAME) if path.stat().st_size == SIZE]
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).digest() == hashlib.sha256(file.read_bytes()).digest()
    assert answer.headers["Content-Length"] == str(SIZE)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{NAME}"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not answer.cookies


def test_head_tells_the_size_and_sends_nothing(server: ServedDownloads) -> None:
    answer = get(server, server.ready, "HEAD")
    assert answer.status_code == 200
    assert answer.headers["Content-Length"] == str(SIZE)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.content == b""


def test_an_interrupted_download_goes_on_where_it_was(server: ServedDownloads) -> None:
    whole = get(server, server.ready)
    with requests.get(server.url + server.ready, stream=True, timeout=WITHIN_S) as interrupted:
        begun = b"".join(chunk for chunk, _ in zip(interrupted.iter_content(1_000_003), range(7), strict=False))
    tag = interrupted.headers["ETag"]
    rest = get(server, server.ready, Range=f"bytes={len(begun)}-", If_Range=tag)
    assert rest.status_code == 206
    assert rest.headers["Content-Range"] == f"bytes {len(begun)}-{SIZE - 1}/{SIZE}"
    assert begun + rest.content == whole.content


def test_a_range_of_another_file_brings_the_whole(server: ServedDownloads) -> None:
    answer = get(server, server.ready, Range="bytes=5-", If_Range='"another"')
    assert (answer.status_code, len(answer.content)) == (200, SIZE)
    assert get(server, server.ready, Range=f"bytes={SIZE}-").status_code == 416


def test_an_address_that_is_not_offered_is_not_found(server: ServedDownloads) -> None:
    token = server.ready.split("/")[2]
    for path in (
        server.expired,
        f"/downloads/{'A' * len(token)}/{NAME}",
        f"/downloads/{token}/.owner",
        f"/downloads/{token}",
        f"/downloads/{token}/",
        "/downloads/",
        f"/downloads/{token}/{NAME}/",
        f"/downloads//{token}/{NAME}",
        f"/downloads/{token}/é",
    ):
        answer = get(server, path)
        assert answer.status_code == 404, path
        assert "Prepare it again" in answer.text


@pytest.mark.parametrize("up", ["../", "%2e%2e/", "..%2f", "%2e%2e%2f", "..%5c", "....//", "%00"])
def test_no_path_leads_to_another_file(server: ServedDownloads, data_dir: Path, up: str) -> None:
    (data_dir / "secret.txt").write_text("a secret")
    (data_dir / "downloads" / "secret.txt").write_text("a secret")
    token = server.ready.split("/")[2]
    for steps in (1, 2):
        for folder in ("/downloads/", f"/downloads/{token}/"):
            request = requests.Request("GET", server.url).prepare()
            request.url = f"{server.url}{folder}{up * steps}secret.txt"  # as it is, not made shorter
            with requests.Session() as session:
                answer = session.send(request, timeout=WITHIN_S)
            is_page = re.search(r"<title>", answer.text) is not None  # /secret.txt is a page for Streamlit
            assert answer.status_code in (400, 404) or is_page
            assert "a secret" not in answer.text


def test_nothing_can_be_sent_to_it(server: ServedDownloads) -> None:
    assert get(server, server.ready, "POST").status_code == 405


def test_the_server_removes_what_was_left_when_it_starts_and_all_when_it_ends(tmp_path: Path) -> None:
    left = tmp_path / "downloads" / "left"
    left.mkdir(parents=True)
    os.utime(left, (0, 0))
    with served_downloads(1, tmp_path) as running:
        assert not left.exists()
        assert get(running, running.ready, "HEAD").status_code == 200
    assert not list((tmp_path / "downloads").iterdir())


@pytest.mark.parametrize("megabytes", [300, pytest.param(3_000, marks=pytest.mark.soak)])
def test_the_memory_of_the_server_does_not_grow_with_the_file(tmp_path: Path, megabytes: int) -> None:
    with served_downloads(megabytes, tmp_path) as running:
        get(running, running.expired)  # what the first request of all takes
        before = peak_memory_mb(running.pid)
        with requests.get(running.url + running.ready, stream=True, timeout=WITHIN_S) as answer:
            received = sum(map(len, answer.iter_content(1 << 20)))
        assert received == megabytes * 1_000_000
        assert peak_memory_mb(running.pid) - before < FLAT_MB


def test_a_sweep_that_fails_is_logged_and_the_next_one_comes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    shelf = DownloadShelf(tmp_path, timedelta(hours=1))
    outcomes = iter([PermissionError("not ours"), InvalidSettings("wrong")])
    swept = threading.Event()

    def sweep() -> None:
        for failure in outcomes:
            raise failure
        swept.set()

    monkeypatch.setattr(shelf, "sweep", sweep)
    monkeypatch.setattr(download_route, "SWEEP_S", 0.01)

    async def serve() -> None:
        async with download_route.sweeping(lambda: shelf)(App("streamlit_app.py")):
            assert await asyncio.to_thread(swept.wait, WITHIN_S)

    asyncio.run(serve())
    (logged,) = [each for each in caplog.records if each.name == download_route.__name__]
    assert "not ours" in str(logged.exc_info)


def peak_memory_mb(pid: int) -> float:
    """The most that a process has had in memory so far."""
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1000
