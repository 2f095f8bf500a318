"""HDFS from outside, on servers that answer what a test says: what is tried again, and what is said of an error."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from backend.archive_folder import check_archive
from backend.config import Settings
from backend.errors import InvalidSettings, ServiceUnavailable
from backend.script_store import ScriptStore
from backend.shared_files import WITHOUT_HDFS, SharedFiles
from backend.statistics import Statistics
from tests.support.ports import refused_port, silent_port
from tests.support.scripted_server import ScriptedServer, serving

ADDRESS = "hdfs://cluster/quicklook"
FOLDER = json.dumps({"FileStatus": {"type": "DIRECTORY", "length": 0}})
EMPTY = json.dumps({"FileStatuses": {"FileStatus": []}})
TOKEN = "a-token-for-one-file"


def _files(*servers: ScriptedServer | int, kerberos: bool = False) -> SharedFiles:
    ports = (server if isinstance(server, int) else server.server_port for server in servers)
    return SharedFiles.of(
        Settings(
            _env_file=None,  # type: ignore[call-arg]
            webhdfs_url=", ".join(f"http://127.0.0.1:{port}/" for port in ports) or None,
            webhdfs_user="ada",
            webhdfs_kerberos=kerberos,
            connect_timeout_s=0.5,
            request_timeout_s=1.0,
        )
    )


def _refusal(exception: str, message: str = "no") -> str:
    return json.dumps({"RemoteException": {"exception": exception, "javaClassName": "x", "message": message}})


def test_without_a_way_to_hdfs_the_setting_is_named() -> None:
    for use in (ScriptStore, Statistics, WITHOUT_HDFS.open, lambda uri: check_archive(uri, 1.0)):
        with pytest.raises(InvalidSettings, match="WEBHDFS_URL"):
            use(ADDRESS)
    with pytest.raises(InvalidSettings, match="nowhere://"):
        WITHOUT_HDFS.open("nowhere://x")


@pytest.mark.parametrize("url", ["namenode:9870", "hdfs://namenode:8020", "http://ada:hunter2@namenode:9870"])
def test_an_address_that_is_none_or_has_a_password_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ValidationError, match="http://namenode:9870") as caught:
        Settings(_env_file=None, webhdfs_url=url)  # type: ignore[call-arg]
    assert "hunter2" not in str(caught.value)


def test_kerberos_without_its_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "requests_kerberos", None)
    with pytest.raises(InvalidSettings, match="pip install requests-kerberos"):
        _files(1, kerberos=True).open(ADDRESS)


def test_nobody_there_and_silence_end_in_time_and_are_told_apart() -> None:
    with refused_port() as nobody, silent_port() as silent:
        for port, said in ((nobody, "cannot be reached; check WEBHDFS_URL"), (silent, "in time")):
            began = time.monotonic()
            with pytest.raises(ServiceUnavailable, match=said) as caught:
                ScriptStore(ADDRESS, _files(port)).put_plan("x", "{}")
            assert time.monotonic() - began < 2
            assert f"127.0.0.1:{port}" in caught.value.message
            with pytest.raises(ServiceUnavailable, match="archive"):
                check_archive(ADDRESS, 5, _files(port))


def test_a_read_is_tried_again_and_a_change_is_not() -> None:
    def answer(method: str, _: str) -> tuple[int, str]:
        return (503, "wait") if len(server.asked) < 3 or method != "GET" else (200, FOLDER)

    with serving(answer) as server:
        files, path = _files(server).open(ADDRESS)
        assert files.isdir(path)
        assert len(server.asked) == 3
        with pytest.raises(OSError, match="HTTP 503"):
            files.mv("/a", "/b")
        assert len(server.asked) == 4


def test_of_a_pair_the_active_one_is_found_and_kept() -> None:
    standby, active = (403, _refusal("StandbyException", "Operation category READ is not supported")), (200, FOLDER)
    with serving(lambda *_: standby) as first, serving(lambda *_: active) as second:
        files, path = _files(first, second).open(ADDRESS)
        assert files.isdir(path)
        assert files.isdir(path)
        assert (len(first.asked), len(second.asked)) == (1, 2)
        assert second.asked[0] == "GET /webhdfs/v1/quicklook?op=GETFILESTATUS&user.name=ada"
        alone, _ = _files(first).open(ADDRESS)
        with pytest.raises(OSError, match="not the active one"):
            alone.exists("/x")


def test_where_a_data_node_is_not_there_another_is_asked_for() -> None:
    with refused_port() as nobody, serving(lambda *_: (201, "")) as data_node:

        def answer(*_: str) -> tuple[int, str]:
            return 307, f"http://127.0.0.1:{nobody if len(server.asked) < 3 else data_node.server_port}/?op=CREATE"

        with serving(answer) as server:
            _files(server).open(ADDRESS)[0].pipe_file("/quicklook/50% year=2024", b"content")
        assert "/webhdfs/v1/quicklook/50%25%20year=2024?op=CREATE" in server.asked[0]
        assert data_node.bodies == ["content"]


def test_a_data_node_that_sends_elsewhere_has_not_written() -> None:
    with serving(lambda *_: (307, "http://127.0.0.1:1/?op=CREATE")) as data_node:
        elsewhere = f"http://127.0.0.1:{data_node.server_port}/"
        with serving(lambda *_: (307, elsewhere)) as server, pytest.raises(OSError, match="HTTP 307"):
            _files(server).open(ADDRESS)[0].pipe_file("/x", b"content")


def test_a_data_node_that_cannot_be_reached_is_named_without_the_token() -> None:
    with (
        refused_port() as nobody,
        serving(lambda *_: (307, f"http://127.0.0.1:{nobody}/?delegation={TOKEN}")) as server,
    ):
        with pytest.raises(OSError, match=f"the DataNode 127.0.0.1:{nobody}, .* cannot be reached") as caught:
            _files(server).open(ADDRESS)[0].cat_file("/x")
        assert TOKEN not in f"{caught.value} {caught.value.__cause__}"


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (404, _refusal("FileNotFoundException", "File does not exist: /x"), FileNotFoundError, "does not exist"),
        (403, _refusal("AccessControlException", "Permission denied: user=ada\n\tat"), PermissionError, "user=ada$"),
        (403, _refusal("SafeModeException", "Name node is in safe mode."), OSError, "safe mode"),
        (401, "<html>Authentication required", PermissionError, "WEBHDFS_KERBEROS"),
        (404, "<html>no such page", OSError, r"not WebHDFS \(HTTP 404\)"),
        (200, "<html>hello", OSError, "not WebHDFS"),
        (200, "{}", OSError, "not WebHDFS"),
    ],
)
def test_an_error_is_what_it_is(status: int, body: str, kind: type[OSError], said: str) -> None:
    with serving(lambda *_: (status, body)) as server:
        files, _ = _files(server).open(ADDRESS)
        for ask in (files.info, files.ls):
            with pytest.raises(kind, match=said) as caught:
                ask("/x")
            assert type(caught.value) is kind
        if kind is not FileNotFoundError:
            with pytest.raises(kind):
                files.exists("/x")


def test_a_rename_that_was_refused_fails() -> None:
    with serving(lambda *_: (200, '{"boolean": false}')) as server:
        files, _ = _files(server).open(ADDRESS)
        with pytest.raises(OSError, match="did not come in the place of /b"):
            files.mv("/a", "/b")
        with pytest.raises(FileNotFoundError):
            files.rm("/a")


def test_statistics_that_cannot_be_listed_are_not_taken_for_none_and_asked_for_once() -> None:
    def listing(path: str) -> str:
        return EMPTY if "op=LISTSTATUS" in path else FOLDER

    answers: list[Callable[[str], tuple[int, str]]] = [
        lambda path: (200, listing(path)),
        lambda _: (500, _refusal("IOException", "disk")),
    ]
    with serving(lambda _, path: answers[-1](path)) as server:
        statistics = Statistics(f"{ADDRESS}/statistics", _files(server))
        for _ in range(3):
            with pytest.raises(ServiceUnavailable, match="hdfs://cluster/quicklook/statistics cannot be read: disk"):
                statistics.snapshot()
        assert len(server.asked) == 1
        answers.pop()
        statistics.look_again()
        assert not statistics.snapshot().nights.is_known


def test_an_archive_is_looked_for() -> None:
    with serving(lambda *_: (200, FOLDER)) as server:
        check_archive(ADDRESS, 1.0, _files(server))
    missing = 404, _refusal("FileNotFoundException")
    with serving(lambda *_: missing) as server, pytest.raises(ServiceUnavailable, match="no archive at hdfs://cluster"):
        check_archive(ADDRESS, 1.0, _files(server))


def test_webhdfs_addresses_need_no_setting(tmp_path: Path) -> None:
    with serving(lambda *_: (200, FOLDER)) as server:
        files, path = WITHOUT_HDFS.open(f"webhdfs://127.0.0.1:{server.server_port}/a/b/")
        assert (files.isdir(path), path) == (True, "/a/b")
    assert WITHOUT_HDFS.open(tmp_path.as_uri())[1] == str(tmp_path)
