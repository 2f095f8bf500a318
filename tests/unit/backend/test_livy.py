"""The Livy gateway against real sockets: nobody there, silence, and servers that answer what Livy would not."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from backend.errors import ServiceUnavailable, SubmissionUnknown, TransferFailed
from backend.livy import Batch, LivyGateway, phase_of
from backend.models import Phase
from tests.support.ports import refused_port, silent_port
from tests.support.scripted_server import serving

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("state", "phase"),
    [
        ("not_started", Phase.EXECUTING),
        ("starting", Phase.EXECUTING),
        ("recovering", Phase.EXECUTING),
        ("idle", Phase.EXECUTING),
        ("running", Phase.EXECUTING),
        ("busy", Phase.EXECUTING),
        ("shutting_down", Phase.EXECUTING),
        ("success", Phase.COMPLETED),
        ("SUCCESS", Phase.COMPLETED),
        ("error", Phase.ERROR),
        ("dead", Phase.ERROR),
        ("killed", Phase.ABORTED),
        ("a state of tomorrow", Phase.UNKNOWN),
    ],
)
def test_each_state_of_livy_is_a_phase(state: str, phase: Phase) -> None:
    assert phase_of(state) is phase
    assert Batch(id=1, state=state).phase is phase


def _gateway(port: int, host: str = "127.0.0.1") -> LivyGateway:
    return LivyGateway(f"http://ada:{SECRET}@{host}:{port}", connect_timeout_s=0.5, request_timeout_s=1.0)


CALLS: dict[str, Callable[[LivyGateway], object]] = {
    "submit": lambda livy: livy.submit("ftransfer_x", "/x.py"),
    "batch": lambda livy: livy.batch(0, "ftransfer_x"),
    "find": lambda livy: livy.find("ftransfer_x"),
    "log": lambda livy: livy.log(0, "ftransfer_x"),
    "cancel": lambda livy: livy.cancel(0, "ftransfer_x"),
    "ping": lambda livy: livy.ping(),
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@each_call
def test_a_closed_port_is_named_at_once_and_without_the_password(call: Callable[[LivyGateway], object]) -> None:
    with refused_port() as port:
        started = time.monotonic()
        with pytest.raises(ServiceUnavailable, match="cannot be reached") as caught:
            call(_gateway(port))
    assert time.monotonic() - started < 1.5
    assert caught.value.service == "Livy"
    assert f"127.0.0.1:{port}" in caught.value.message
    assert SECRET not in f"{caught.value} {caught.value.__cause__!r}"
    assert not isinstance(caught.value, SubmissionUnknown), "nothing was sent, so nothing can have been taken"


@each_call
def test_silence_ends_in_time(call: Callable[[LivyGateway], object]) -> None:
    with silent_port() as port:
        started = time.monotonic()
        with pytest.raises(ServiceUnavailable, match="did not answer in time"):
            call(_gateway(port))
    assert time.monotonic() - started < 2.5


def test_a_submission_that_met_silence_says_that_its_fate_is_unknown() -> None:
    with silent_port() as port, pytest.raises(SubmissionUnknown, match="not known whether it took the job ftransfer"):
        _gateway(port).submit("ftransfer_x", "/x.py")


def test_a_server_that_does_not_answer_is_not_healthy() -> None:
    with refused_port() as port:
        assert not _gateway(port).is_healthy()


def _batch(batch_id: int, name: str | None, state: str = "running") -> dict[str, Any]:
    return {"id": batch_id, "name": name, "state": state, "appId": None, "appInfo": {}, "log": ["a line"]}


def test_a_state_that_pylivy_does_not_know_is_read() -> None:
    with serving(lambda *_: (200, json.dumps(_batch(3, "ftransfer_x", "hibernating")))) as server:
        batch = _gateway(server.server_port).batch(3, "ftransfer_x")
    assert batch is not None
    assert (batch.state, batch.phase, batch.log) == ("hibernating", Phase.UNKNOWN, ("a line",))


@pytest.mark.parametrize("other", ["ftransfer_y", None])
def test_a_batch_of_another_name_is_neither_shown_nor_killed(other: str | None) -> None:
    with serving(lambda *_: (200, json.dumps({**_batch(3, other), "total": 1}))) as server:
        livy = _gateway(server.server_port)
        assert livy.batch(3, "ftransfer_x") is None
        assert livy.log(3, "ftransfer_x") is None
        assert livy.cancel(3, "ftransfer_x") is False
    assert not any(asked.startswith("DELETE") for asked in server.asked)


def test_a_forgotten_batch_is_none() -> None:
    with serving(lambda *_: (404, '{"msg":"Session \'3\' not found."}')) as server:
        livy = _gateway(server.server_port)
        assert livy.batch(3, "ftransfer_x") is None
        assert livy.log(3, "ftransfer_x") is None
        assert livy.cancel(3, "ftransfer_x") is False


def test_a_submission_whose_answer_is_lost_is_found_by_name_and_not_repeated() -> None:
    taken: list[str] = []

    def answer(method: str, path: str) -> tuple[int, str]:
        if method == "POST":
            taken.append(path)
            return 0, ""
        batches = [_batch(0, "another"), _batch(1, "ftransfer_x")] if taken else []
        return 200, json.dumps({"from": 0, "total": len(batches), "sessions": batches})

    with serving(answer) as server:
        batch = _gateway(server.server_port).submit("ftransfer_x", "/x.py")
    assert batch.id == 1
    assert taken == ["/batches"]


def test_a_submission_that_livy_took_but_never_confirmed_is_found_by_name() -> None:
    released = threading.Event()

    def answer(method: str, path: str) -> tuple[int, str]:
        if method == "POST":
            released.wait(10)
            return 0, ""
        return 200, json.dumps({"from": 0, "total": 1, "sessions": [_batch(1, "ftransfer_x")]})

    with serving(answer) as server:
        try:
            assert _gateway(server.server_port).submit("ftransfer_x", "/x.py").id == 1
        finally:
            released.set()


def test_a_submission_that_livy_did_not_take_is_not_repeated_either() -> None:
    def answer(method: str, path: str) -> tuple[int, str]:
        return (0, "") if method == "POST" else (200, '{"from": 0, "total": 0, "sessions": []}')

    with serving(answer) as server, pytest.raises(SubmissionUnknown, match="not known whether it took the job"):
        _gateway(server.server_port).submit("ftransfer_x", "/x.py")
    assert [asked for asked in server.asked if asked.startswith("POST")] == ["POST /batches"]


def test_a_refusal_carries_livys_words() -> None:
    said = '{"msg":"requirement failed: Local path /x.py\\n cannot be added"}'
    with (
        serving(lambda *_: (400, said)) as server,
        pytest.raises(TransferFailed, match=r"Local path /x\.py cannot be added"),
    ):
        _gateway(server.server_port).submit("ftransfer_x", "/x.py")
    assert [asked for asked in server.asked if asked.startswith("POST")] == ["POST /batches"]


def test_what_livy_registered_before_it_refused_is_removed() -> None:
    answers = {
        "POST": (400, '{"msg":"requirement failed"}'),
        "DELETE": (200, '{"msg":"deleted"}'),
        "GET": (
            200,
            json.dumps({**_batch(7, "ftransfer_x", "starting"), "total": 1, "sessions": [_batch(7, "ftransfer_x")]}),
        ),
    }
    with serving(lambda method, _: answers[method]) as server, pytest.raises(TransferFailed):
        _gateway(server.server_port).submit("ftransfer_x", "/x.py")
    assert server.asked[-1] == "DELETE /batches/7"


def test_the_batch_that_has_the_name_already_is_not_touched() -> None:
    said = '{"msg":"Duplicate session name: Some(ftransfer_x) for session 1"}'
    with serving(lambda *_: (400, said)) as server, pytest.raises(TransferFailed, match="Duplicate session name"):
        _gateway(server.server_port).submit("ftransfer_x", "/x.py")
    assert server.asked == ["POST /batches"]


def test_a_wrong_password_is_said_and_not_shown() -> None:
    with (
        serving(lambda *_: (401, "who are you")) as server,
        pytest.raises(ServiceUnavailable, match="Check LIVY_USERNAME and LIVY_PASSWORD") as caught,
    ):
        _gateway(server.server_port).submit("ftransfer_x", "/x.py")
    assert server.headers["Authorization"].startswith("Basic ")
    assert SECRET not in str(caught.value)


def test_get_is_tried_again_when_a_gateway_is_briefly_away() -> None:
    def answer(method: str, path: str) -> tuple[int, str]:
        return (503, "wait") if len(server.asked) < 3 else (200, json.dumps(_batch(3, "ftransfer_x")))

    with serving(answer) as server:
        assert _gateway(server.server_port).batch(3, "ftransfer_x") is not None
    assert len(server.asked) == 3


def test_a_redirect_is_not_followed() -> None:
    with serving(lambda *_: (200, "{}")) as elsewhere:
        target = f"http://127.0.0.1:{elsewhere.server_port}/"
        with (
            serving(lambda *_: (302, target)) as server,
            pytest.raises(ServiceUnavailable, match="HTTP 302"),
        ):
            _gateway(server.server_port).ping()
    assert elsewhere.asked == []


@pytest.mark.parametrize("body", ["<html>hello</html>", "[]", '{"status": "ok"}'])
def test_a_server_that_is_not_livy_is_named(body: str) -> None:
    with serving(lambda *_: (200, body)) as server, pytest.raises(ServiceUnavailable, match="is not Livy"):
        _gateway(server.server_port).ping()


def test_the_proxy_of_the_environment_is_not_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with refused_port() as nobody, serving(lambda *_: (200, '{"total": 0, "sessions": []}')) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{nobody}")
        monkeypatch.setenv("no_proxy", "")
        assert _gateway(server.server_port, "localhost").is_healthy()


def test_the_name_is_searched_on_every_page() -> None:
    def answer(method: str, path: str) -> tuple[int, str]:
        start = int(path.partition("from=")[2].partition("&")[0])
        batches = [_batch(n, f"ftransfer_{n}") for n in range(start, min(start + 100, 250))]
        return 200, json.dumps({"from": start, "total": 250, "sessions": batches})

    with serving(answer) as server:
        livy = _gateway(server.server_port)
        found = livy.find("ftransfer_249")
        assert found is not None
        assert found.id == 249
        assert livy.find("ftransfer_250") is None
