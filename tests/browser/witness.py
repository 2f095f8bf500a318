"""What no page may ever do: throw, log an error, call another machine, show a traceback, or fill the browser."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, WebSocket, expect

PROBES = ("/_stcore/health", "/_stcore/host-config")
"""Opened by a page's address, Streamlit looks for its server below that address first, and finds it above."""
NEVER_SHOWN = ("Traceback (most recent call last)", "has encountered an error")
LOOPBACK = "127.0.0.1"
MOST_BYTES = 20_000_000
"""That a page may be told from one look to the next, however many alerts there are."""


class Witness:
    """Looks at pages while they are used."""

    def __init__(self) -> None:
        self._pages: list[Page] = []
        self._seen: list[str] = []
        self._told_bytes = 0

    def watch(self, page: Page) -> None:
        """Note from now on what the page does."""
        self._pages.append(page)
        page.on("pageerror", lambda error: self._seen.append(f"uncaught: {error}"))
        page.on("console", self._note_message)
        page.on("request", self._note_request)
        page.on("websocket", self._note_socket)

    def look(self, page: Page) -> None:
        """Fail if the page shows a traceback, or the sentence that stands for one, or was told too much."""
        expect(page.get_by_test_id("stException")).to_have_count(0)
        text = page.locator("body").inner_text()
        assert not [words for words in NEVER_SHOWN if words in text], text
        told_bytes, self._told_bytes = self._told_bytes, 0
        assert told_bytes < MOST_BYTES, f"{told_bytes:,} bytes to the browser since the last look"

    def assert_clean(self) -> None:
        """Fail if a page did what it must not."""
        for page in self._pages:
            self.look(page)
        assert not self._seen, "\n".join(self._seen)

    def _note_message(self, message: ConsoleMessage) -> None:
        source = message.location.get("url", "")
        if message.type == "error" and not source.endswith(PROBES):
            self._seen.append(f"console: {message.text} ({source})")

    def _note_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname != LOOPBACK:
            self._seen.append(f"called {request.url}")

    def _note_socket(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._note_frame)

    def _note_frame(self, payload: str | bytes) -> None:
        self._told_bytes += len(payload)
