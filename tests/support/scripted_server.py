"""An HTTP server that answers what a test says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class ScriptedServer(ThreadingHTTPServer):
    """A server that answers by a function of method and path, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self, answer: Callable[[str, str], tuple[int, str]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.asked: list[str] = []
        self.bodies: list[str] = []
        self.headers: dict[str, str] = {}


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedServer

    def _answer(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        self.server.asked.append(f"{self.command} {self.path}")
        self.server.headers = dict(self.headers)
        status, body = self.server.answer(self.command, self.path)
        if status == 0:  # hang up
            self.close_connection = True
            return
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", body)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 the names that http.server calls

    def log_message(self, format: str, *args: Any) -> None:
        """Not on the test's output."""


@contextmanager
def serving(answer: Callable[[str, str], tuple[int, str]]) -> Iterator[ScriptedServer]:
    """Such a server on a free port; it ends with the block.

    Parameters
    ----------
    answer
        Status (0: hang up) and body, or for a redirect the address, by method and path.
    """
    with ScriptedServer(answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
