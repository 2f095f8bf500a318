"""The way of a prepared download to the browser: streamed from disk, beside Streamlit's own routes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

import streamlit as st
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from streamlit.starlette import App

from backend.download_shelf import DownloadShelf
from backend.errors import InvalidSettings

SWEEP_S = 1800.0
_LOGGER = logging.getLogger(__name__)
_FOLDER = "downloads"
_CHUNK_BYTES = 1 << 20
_HEADERS = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Keeps Streamlit from compressing it: there would be no length, no range and a busy core for nothing.
    "Content-Encoding": "identity",
}
_GONE = "This download is not there, or not any more. Prepare it again on the page Browse.\n"

Shelf = Callable[[], DownloadShelf]
"""Gives the downloads of this process."""


def download_route(shelf: Shelf) -> Route:
    """The route for `streamlit.App`: what it sends is what the shelf offers, each at its own address."""
    return Route(f"{_base()}/{_FOLDER}/{{address:path}}", _Endpoint(shelf), methods=["GET", "HEAD"])


def sweeping(shelf: Shelf) -> Callable[[App], AbstractAsyncContextManager[None]]:
    """A lifespan for `streamlit.App`: removes downloads when they expire, also if nobody looks, and all at the end."""

    async def sweep() -> None:
        while True:
            try:
                await asyncio.to_thread(lambda: shelf().sweep())
            except InvalidSettings:
                pass  # the pages say so
            except Exception:
                _LOGGER.exception("Expired downloads could not be removed; this is tried again.")
            await asyncio.sleep(SWEEP_S)

    @asynccontextmanager
    async def lifespan(_app: App) -> AsyncIterator[None]:
        task = asyncio.create_task(sweep())
        try:
            yield
        finally:
            task.cancel()
            with suppress(InvalidSettings):
                shelf().close()

    return lifespan


def download_link(address: str) -> str:
    """Where a browser fetches a download."""
    return f"{_base()}/{_FOLDER}/{address}"


class _Endpoint:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._shelf().sent(scope["path_params"]["address"]) as file:
            await _answer(file)(scope, receive, send)


class _Streamed(FileResponse):
    chunk_size = _CHUNK_BYTES


def _answer(file: Path | None) -> Response:
    if file is None or not file.is_file():
        return PlainTextResponse(_GONE, 404, headers={"Cache-Control": "no-store"})
    return _Streamed(file, headers=_HEADERS, filename=file.name)


def _base() -> str:
    configured = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{configured}" if configured else ""
